using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields.Kernels;

/// <summary>
/// The vector kernels' representation of a base field element, to and from <see cref="Fp"/>: 8 signed limbs of radix 2^48 as doubles, all but the top
/// one of magnitude at most 2^47 (and a little more out of a kernel), of any residue of small magnitude.
/// </summary>
internal static unsafe class FpLimbs
{
    /// <summary>Limbs of an element.</summary>
    public const int Count = 8;

    private const int Radix = 48;
    private const long Mask = (1L << Radix) - 1;
    private const int PlainCount = 6;

    /// <summary>Writes an element's limbs, <paramref name="stride"/> doubles apart.</summary>
    public static void Write(in Fp element, double* limbs, int stride)
    {
        Span<ulong> plain = stackalloc ulong[PlainCount];
        element.CopyPlainLimbsTo(plain);
        WritePlain(plain, limbs, stride);
    }

    private static void WritePlain(ReadOnlySpan<ulong> plain, double* limbs, int stride)
    {
        long carry = 0;
        for (int i = 0; i < Count; i++)
        {
            int bit = i * Radix;
            ulong bits = plain[bit / 64] >> (bit % 64);
            if (bit % 64 > 64 - Radix)
            {
                bits |= plain[(bit / 64) + 1] << (64 - (bit % 64));
            }

            long limb = ((long)bits & Mask) + carry;
            carry = i < Count - 1 && limb >= 1L << (Radix - 1) ? 1 : 0;
            limbs[i * stride] = limb - (carry << Radix);
        }
    }

    /// <summary>Reads an element from limbs <paramref name="stride"/> doubles apart; negative values are fine, magnitudes up to 2^383 too.</summary>
    [SkipLocalsInit]
    public static Fp Read(double* limbs, int stride)
    {
        Span<ulong> plain = stackalloc ulong[PlainCount];
        ReadPlain(limbs, stride, plain);

        // Montgomery multiplication reduces any value below 2^384.
        return Fp.FromPlainLimbs(plain);
    }

    /// <summary>
    /// Writes to limbs, <paramref name="stride"/> doubles apart, the inverse of the element in <paramref name="value"/>, likewise apart, of magnitude below
    /// <c>p</c>; false where it is 0.
    /// </summary>
    [SkipLocalsInit]
    public static bool TryInvert(double* value, double* inverse, int stride)
    {
        Span<ulong> plain = stackalloc ulong[PlainCount];
        ReadPlain(value, stride, plain);
        if (!plain.ContainsAnyExcept(0UL))
        {
            return false;
        }

        FpInverse.Invert(plain, plain);
        WritePlain(plain, inverse, stride);
        return true;
    }

    // Below 2^384, and below p where the magnitude is.
    private static void ReadPlain(double* limbs, int stride, Span<ulong> plain)
    {
        // Six limbs of 64 bits in two's complement, whose sign is left in carry.
        plain.Clear();
        long carry = 0;
        for (int i = 0; i < Count; i++)
        {
            long limb = (long)limbs[i * stride] + carry;
            carry = limb >> Radix;
            ulong bits = (ulong)(limb & Mask);
            int bit = i * Radix;
            plain[bit / 64] |= bits << (bit % 64);
            if (bit % 64 > 64 - Radix)
            {
                plain[(bit / 64) + 1] |= bits >> (64 - (bit % 64));
            }
        }

        while (carry < 0)
        {
            ulong c = 0;
            for (int i = 0; i < PlainCount; i++)
            {
                plain[i] = Limbs.Add(plain[i], FpInverse.Modulus[i], ref c);
            }

            carry += (long)c;
        }
    }
}
