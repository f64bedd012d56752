using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// Transforms by scalar arithmetic: for processors without FMA, and the reference of the vector transforms.
/// </summary>
internal sealed class ScalarByteTransform(int size) : ByteTransform(size)
{
    private readonly FourierTransform _transform = new(size);

    /// <inheritdoc/>
    public override void Evaluate(ReadOnlySpan<byte> coefficients, Span<byte> values)
    {
        var elements = new Fr[Size];
        Decode(coefficients, elements, 0, 1);
        _transform.Evaluate(elements);
        Encode(elements, values, 0, 1);
    }

    /// <inheritdoc/>
    public override void Interpolate(ReadOnlySpan<byte> values, Span<byte> coefficients)
    {
        var elements = new Fr[Size];
        Decode(values, elements, 0, 1);
        _transform.Interpolate(elements);
        Encode(elements, coefficients, 0, 1);
    }

    /// <inheritdoc/>
    public override void EvaluateMany(ReadOnlySpan<byte> coefficients, int count, Fr factor, Span<byte> values)
    {
        var elements = new Fr[Size];
        for (int i = 0; i < count; i++)
        {
            Array.Clear(elements);
            Decode(coefficients, elements, i, count);
            for (int j = 0; j < elements.Length; j++)
            {
                elements[j] *= factor;
            }

            _transform.Evaluate(elements);
            Encode(elements, values, i, count);
        }
    }

    private static void Decode(ReadOnlySpan<byte> bytes, Span<Fr> elements, int first, int step)
    {
        for (int i = first; i * Fr.Length < bytes.Length; i += step)
        {
            elements[i / step] = Fr.Reduce(bytes.Slice(i * Fr.Length, Fr.Length));
        }
    }

    private static void Encode(ReadOnlySpan<Fr> elements, Span<byte> bytes, int first, int step)
    {
        for (int i = 0; i < elements.Length; i++)
        {
            elements[i].Encode(bytes[(((i * step) + first) * Fr.Length)..]);
        }
    }
}
