using System.Numerics;

namespace Meeda.Kzg.Fields;

/// <content>Powers and inverses.</content>
public readonly partial struct Fr
{
    /// <summary><c>a^exponent</c> for an exponent that is not secret.</summary>
    internal Fr Power(BigInteger exponent) => Power(Limbs.FromBigInteger(exponent));

    /// <summary>
    /// <c>a^exponent</c> for an exponent in limbs, least significant first, that is not secret: windows of four bits.
    /// </summary>
    internal Fr Power(ReadOnlySpan<ulong> exponent)
    {
        const int WindowBits = 4;
        Span<Fr> powers = stackalloc Fr[1 << WindowBits];
        powers[0] = One;
        for (int i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * this;
        }

        Fr result = One;
        for (int bit = (exponent.Length * 64) - WindowBits; bit >= 0; bit -= WindowBits)
        {
            for (int i = 0; i < WindowBits; i++)
            {
                result *= result;
            }

            int window = (int)(exponent[bit / 64] >> (bit % 64)) & (powers.Length - 1);
            if (window != 0)
            {
                result *= powers[window];
            }
        }

        return result;
    }

    /// <summary>
    /// Replaces each element by its inverse with one inversion in all (Montgomery's trick); zeros stay zero.
    /// </summary>
    internal static void InvertAll(Span<Fr> elements, Span<Fr> scratch)
    {
        Fr product = One;
        for (int i = 0; i < elements.Length; i++)
        {
            scratch[i] = product;
            if (!elements[i].IsZero)
            {
                product *= elements[i];
            }
        }

        Fr inverse = product.Inverse();
        for (int i = elements.Length - 1; i >= 0; i--)
        {
            if (!elements[i].IsZero)
            {
                Fr element = elements[i];
                elements[i] = inverse * scratch[i];
                inverse *= element;
            }
        }
    }
}
