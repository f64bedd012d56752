namespace Meeda.Kzg.Fields;

/// <summary>
/// A linear map in scalar arithmetic, and the reference of the vector ones. A tile holds plain elements and the
/// coefficients are in Montgomery form:
/// their products are plain, and nothing is ever converted.
/// </summary>
internal sealed unsafe class ScalarLinearMap(int inputs, ReadOnlySpan<Fr> coefficients) : FrLinearMap
{
    private readonly Fr[] _coefficients = coefficients.ToArray();

    /// <inheritdoc/>
    public override AlignedDoubles CreateTile() => new(inputs * RunLength * sizeof(Fr) / sizeof(double));

    /// <inheritdoc/>
    public override void Read(AlignedDoubles tile, int input, ReadOnlySpan<byte> elements)
    {
        Fr* plain = (Fr*)tile.Pointer + (input * RunLength);
        for (int i = 0; i < RunLength; i++)
        {
            plain[i] = Fr.ReadPlain(elements.Slice(i * Fr.Length, Fr.Length));
        }

        GC.KeepAlive(tile);
    }

    /// <inheritdoc/>
    public override void Write(AlignedDoubles tile, int output, Span<byte> elements)
    {
        ReadOnlySpan<Fr> row = _coefficients.AsSpan(output * inputs, inputs);
        Fr* plain = (Fr*)tile.Pointer;
        for (int i = 0; i < RunLength; i++)
        {
            Fr sum = default;
            for (int j = 0; j < row.Length; j++)
            {
                sum += row[j] * plain[(j * RunLength) + i];
            }

            sum.WritePlain(elements[(i * Fr.Length)..]);
        }

        GC.KeepAlive(tile);
    }
}
