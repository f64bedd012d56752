using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// A linear map from blobs to blobs, element by element: <c>output_k[i] = Σ_j coefficient[k,j]·input_j[i]</c>. Commitments follow the same map.
/// It works through the blobs a small tile at a time, so that its memory does not grow with theirs. Safe for use by many threads at once.
/// </summary>
public sealed class BlobLinearMap
{
    // Elements of each input in a tile: eight cache lines, so that blobs, which lie a power of two apart, do not drive each other out of the cache.
    private const int TileElements = 16;

    private readonly Fr[] _coefficients;

    /// <summary>Makes the map.</summary>
    /// <param name="inputs">The number of blobs that go in, at least 1.</param>
    /// <param name="outputs">The number of blobs that come out.</param>
    /// <param name="coefficients"><c>outputs · inputs</c> of them, those of output 0 first; copied.</param>
    /// <exception cref="ArgumentException">The numbers do not agree.</exception>
    public BlobLinearMap(int inputs, int outputs, ReadOnlySpan<Fr> coefficients)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(outputs);
        if (coefficients.Length != (long)inputs * outputs)
        {
            throw new ArgumentException($"{coefficients.Length} coefficients do not map {inputs} blobs to {outputs}", nameof(coefficients));
        }

        Inputs = inputs;
        Outputs = outputs;
        _coefficients = coefficients.ToArray();
    }

    /// <summary>The number of blobs that go in.</summary>
    public int Inputs { get; }

    /// <summary>The number of blobs that come out.</summary>
    public int Outputs { get; }

    /// <summary>Applies the map.</summary>
    /// <param name="inputs"><see cref="Inputs"/> blobs of 131072 bytes each.</param>
    /// <param name="outputs"><see cref="Outputs"/> places of 131072 bytes each, overwritten; none may overlap an input.</param>
    /// <exception cref="KzgFormatException">A length is not that of a blob, or an element is not below the modulus; the outputs are then worthless.</exception>
    /// <exception cref="ArgumentException">The number of blobs is not the map's.</exception>
    public void Apply(IReadOnlyList<ReadOnlyMemory<byte>> inputs, IReadOnlyList<Memory<byte>> outputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        if (inputs.Count != Inputs || outputs.Count != Outputs)
        {
            throw new ArgumentException($"{inputs.Count} blobs to {outputs.Count}: the map is from {Inputs} to {Outputs}", nameof(inputs));
        }

        CheckLengths(inputs.Select(blob => blob.Length).Concat(outputs.Select(blob => blob.Length)));
        var tile = new Fr[Inputs * TileElements];
        for (int element = 0; element < Blob.ElementCount; element += TileElements)
        {
            for (int j = 0; j < Inputs; j++)
            {
                ReadTile(inputs[j].Span, j, element, tile.AsSpan(j * TileElements, TileElements));
            }

            for (int k = 0; k < Outputs; k++)
            {
                WriteTile(tile, _coefficients.AsSpan(k * Inputs, Inputs), outputs[k].Span[(element * Blob.ElementLength)..]);
            }
        }
    }

    private static void CheckLengths(IEnumerable<int> lengths)
    {
        foreach (int length in lengths)
        {
            if (length != Blob.ByteLength)
            {
                throw new KzgFormatException($"blob: {length} bytes, {Blob.ByteLength} are expected");
            }
        }
    }

    private static void ReadTile(ReadOnlySpan<byte> blob, int input, int element, Span<Fr> tile)
    {
        for (int i = 0; i < TileElements; i++)
        {
            if (!Fr.TryReadPlain(blob.Slice((element + i) * Blob.ElementLength, Blob.ElementLength), out tile[i]))
            {
                throw new KzgFormatException($"blob {input}: element {element + i} is not below the field's modulus");
            }
        }
    }

    // The tile is plain, the coefficients are in Montgomery form: their products are plain, and nothing is ever converted.
    private static void WriteTile(ReadOnlySpan<Fr> tile, ReadOnlySpan<Fr> coefficients, Span<byte> output)
    {
        for (int i = 0; i < TileElements; i++)
        {
            Fr sum = default;
            for (int j = 0; j < coefficients.Length; j++)
            {
                sum += coefficients[j] * tile[(j * TileElements) + i];
            }

            sum.WritePlain(output[(i * Blob.ElementLength)..]);
        }
    }
}
