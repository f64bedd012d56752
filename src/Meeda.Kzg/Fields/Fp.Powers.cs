using System.Numerics;

namespace Meeda.Kzg.Fields;

/// <content>Inverses, roots and powers.</content>
internal readonly partial struct Fp
{
    /// <summary>The inverse, and 0 for 0.</summary>
    public Fp Inverse()
    {
        // The limbs hold a·R; (a·R)^-1 times R³ in Montgomery form, that is times R², is a^-1·R.
        Span<ulong> limbs = [_0, _1, _2, _3, _4, _5];
        FpInverse.Invert(limbs, limbs);
        return new Fp(limbs[0], limbs[1], limbs[2], limbs[3], limbs[4], limbs[5]) * MontgomeryCube;
    }

    /// <summary>A square root where there is one: <c>a^((p+1)/4)</c>, since <c>p = 3 mod 4</c>.</summary>
    public bool TrySquareRoot(out Fp root)
    {
        root = Power(RootExponent);
        return root.Square() == this;
    }

    /// <summary><c>a^exponent</c> for an exponent that is not secret.</summary>
    public Fp Power(BigInteger exponent) => Power(Limbs.FromBigInteger(exponent));

    /// <summary>
    /// <c>a^exponent</c> for an exponent in limbs, least significant first, that is not secret: windows of four bits.
    /// </summary>
    public Fp Power(ReadOnlySpan<ulong> exponent)
    {
        const int WindowBits = 4;
        Span<Fp> powers = stackalloc Fp[1 << WindowBits];
        powers[0] = One;
        for (int i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * this;
        }

        Fp result = One;
        for (int bit = (exponent.Length * 64) - WindowBits; bit >= 0; bit -= WindowBits)
        {
            for (int i = 0; i < WindowBits; i++)
            {
                result = result.Square();
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
    public static void InvertAll(Span<Fp> elements, Span<Fp> scratch)
    {
        Fp product = One;
        for (int i = 0; i < elements.Length; i++)
        {
            scratch[i] = product;
            if (!elements[i].IsZero)
            {
                product *= elements[i];
            }
        }

        Fp inverse = product.Inverse();
        for (int i = elements.Length - 1; i >= 0; i--)
        {
            if (!elements[i].IsZero)
            {
                Fp element = elements[i];
                elements[i] = inverse * scratch[i];
                inverse *= element;
            }
        }
    }
}
