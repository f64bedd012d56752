using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// Evaluation of polynomials on all roots of unity of one order, and back. Coefficients stand in ascending order,
/// values in bit-reversed order, the order of
/// blobs and cells; with one side reversed neither direction has to move anything (Cooley-Tukey there,
/// Gentleman-Sande back).
/// </summary>
internal sealed class FourierTransform
{
    private readonly Fr[] _roots;
    private readonly Fr _inverseSize;

    /// <summary>Prepares transforms of a size that is a power of two.</summary>
    public FourierTransform(int size)
    {
        _roots = EvaluationDomain.RootsOfUnity(size);
        _inverseSize = Fr.FromUInt64((ulong)size).Inverse();
    }

    /// <summary>Coefficients and values of a transform.</summary>
    public int Size => _roots.Length;

    /// <summary>Replaces coefficients by values: value <c>i</c> is that at <c>ω^brp(i)</c>.</summary>
    public void Evaluate(Span<Fr> polynomial)
    {
        for (int half = Size / 2; half >= 1; half /= 2)
        {
            int stride = Size / (2 * half);
            for (int start = 0; start < Size; start += 2 * half)
            {
                for (int i = 0; i < half; i++)
                {
                    Fr low = polynomial[start + i];
                    Fr high = polynomial[start + half + i];
                    polynomial[start + i] = low + high;
                    polynomial[start + half + i] = (low - high) * _roots[i * stride];
                }
            }
        }
    }

    /// <summary>
    /// Replaces values by the coefficients of the polynomial that has them: the inverse of <see cref="Evaluate"/>.
    /// </summary>
    public void Interpolate(Span<Fr> polynomial)
    {
        for (int half = 1; half < Size; half *= 2)
        {
            int stride = Size / (2 * half);
            for (int start = 0; start < Size; start += 2 * half)
            {
                for (int i = 0; i < half; i++)
                {
                    // The root of unity to the power -i·stride.
                    Fr low = polynomial[start + i];
                    Fr high = polynomial[start + half + i] * _roots[(Size - (i * stride)) & (Size - 1)];
                    polynomial[start + i] = low + high;
                    polynomial[start + half + i] = low - high;
                }
            }
        }

        for (int i = 0; i < Size; i++)
        {
            polynomial[i] *= _inverseSize;
        }
    }

    /// <summary>Replaces <c>P(X)</c> by <c>P(shift·X)</c>, by coefficients.</summary>
    public static void Shift(Span<Fr> coefficients, Fr shift)
    {
        Fr power = Fr.One;
        for (int i = 0; i < coefficients.Length; i++)
        {
            coefficients[i] *= power;
            power *= shift;
        }
    }
}
