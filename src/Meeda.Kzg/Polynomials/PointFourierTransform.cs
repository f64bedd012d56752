using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Polynomials;

/// <summary>The transforms of <see cref="FourierTransform"/> on "polynomials" whose coefficients are points of G1.</summary>
internal sealed class PointFourierTransform
{
    private readonly Fr[] _roots;
    private readonly Fr _inverseSize;

    /// <summary>Prepares transforms of a size that is a power of two.</summary>
    public PointFourierTransform(int size)
    {
        _roots = EvaluationDomain.RootsOfUnity(size);
        _inverseSize = Fr.FromUInt64((ulong)size).Inverse();
    }

    /// <summary>Coefficients and values of a transform.</summary>
    public int Size => _roots.Length;

    /// <inheritdoc cref="FourierTransform.Evaluate"/>
    public void Evaluate(Span<G1Point> polynomial)
    {
        for (int half = Size / 2; half >= 1; half /= 2)
        {
            int stride = Size / (2 * half);
            for (int start = 0; start < Size; start += 2 * half)
            {
                for (int i = 0; i < half; i++)
                {
                    G1Point low = polynomial[start + i];
                    G1Point high = polynomial[start + half + i];
                    polynomial[start + i] = low + high;
                    polynomial[start + half + i] = Multiply(low - high, i * stride);
                }
            }
        }
    }

    /// <inheritdoc cref="FourierTransform.Interpolate"/>
    public void Interpolate(Span<G1Point> polynomial)
    {
        for (int half = 1; half < Size; half *= 2)
        {
            int stride = Size / (2 * half);
            for (int start = 0; start < Size; start += 2 * half)
            {
                for (int i = 0; i < half; i++)
                {
                    G1Point low = polynomial[start + i];
                    G1Point high = Multiply(polynomial[start + half + i], (Size - (i * stride)) & (Size - 1));
                    polynomial[start + i] = low + high;
                    polynomial[start + half + i] = low - high;
                }
            }
        }

        for (int i = 0; i < Size; i++)
        {
            polynomial[i] = polynomial[i].Multiply(_inverseSize);
        }
    }

    // [ω^power]P; half of all butterflies of the small stages have ω^0.
    private G1Point Multiply(in G1Point point, int power) => power == 0 || point.IsInfinity ? point : point.Multiply(_roots[power]);
}
