using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// A linear map from blobs to blobs, element by element: <c>output_k[i] = Σ_j coefficient[k,j]·input_j[i]</c>.
/// Commitments follow the same map.
/// It works through the blobs a short run of elements at a time, so that its memory does not grow with theirs. Safe
/// for use by many threads at once.
/// </summary>
public sealed class BlobLinearMap
{
    private const int RunBytes = FrLinearMap.RunLength * Blob.ElementLength;

    private readonly FrLinearMap _map;

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
            throw new ArgumentException(
                $"{coefficients.Length} coefficients do not map {inputs} blobs to {outputs}",
                nameof(coefficients)
            );
        }

        Inputs = inputs;
        Outputs = outputs;
        _map = FrLinearMap.Create(inputs, coefficients);
    }

    /// <summary>The number of blobs that go in.</summary>
    public int Inputs { get; }

    /// <summary>The number of blobs that come out.</summary>
    public int Outputs { get; }

    /// <summary>Applies the map.</summary>
    /// <param name="inputs"><see cref="Inputs"/> blobs of 131072 bytes each.</param>
    /// <param name="outputs"><see cref="Outputs"/> places of 131072 bytes each, overwritten; none may overlap an
    /// input.</param>
    /// <exception cref="KzgFormatException">A length is not that of a blob, or an element is not below the modulus;
    /// nothing is written then.</exception>
    /// <exception cref="ArgumentException">The number of blobs is not the map's.</exception>
    public void Apply(IReadOnlyList<ReadOnlyMemory<byte>> inputs, IReadOnlyList<Memory<byte>> outputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        if (inputs.Count != Inputs || outputs.Count != Outputs)
        {
            throw new ArgumentException(
                $"{inputs.Count} blobs to {outputs.Count}: the map is from {Inputs} to {Outputs}",
                nameof(inputs)
            );
        }

        CheckLengths(inputs.Select(blob => blob.Length).Concat(outputs.Select(blob => blob.Length)));
        for (int j = 0; j < Inputs; j++)
        {
            int element = Blob.FindNonCanonical(inputs[j].Span);
            if (element >= 0)
            {
                throw new KzgFormatException($"blob {j}: element {element} is not below the field's modulus");
            }
        }

        AlignedDoubles tile = _map.CreateTile();
        for (int start = 0; start < Blob.ByteLength; start += RunBytes)
        {
            for (int j = 0; j < Inputs; j++)
            {
                _map.Read(tile, j, inputs[j].Span.Slice(start, RunBytes));
            }

            for (int k = 0; k < Outputs; k++)
            {
                _map.Write(tile, k, outputs[k].Span.Slice(start, RunBytes));
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
}
