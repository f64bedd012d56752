namespace Meeda.Kzg.Fields.Kernels;

/// <summary>
/// The representation of a base field element in <see cref="FpNarrow"/>, to and from <see cref="Fp"/>: 13 signed limbs of radix 2^30 of a residue of
/// <c>a·2^390</c>, all but the top one in [-2^29, 2^29).
/// </summary>
internal static unsafe class FpNarrowLimbs
{
    /// <summary>Limbs of an element.</summary>
    public const int Count = 13;

    private const int Radix = 30;
    private const int Mask = (1 << Radix) - 1;
    private const int PlainCount = 6;

    private static readonly Fp Montgomery = Fp.FromBigInteger(System.Numerics.BigInteger.One << (Radix * Count));
    private static readonly Fp InverseMontgomery = Montgomery.Inverse();

    // 2^(3·390) modulo p: a Montgomery product with it brings the plain inverse of a Montgomery form into Montgomery form.
    private static readonly int[] MontgomeryCube = Split(Montgomery * Montgomery * Montgomery);

    /// <summary>Writes an element's limbs.</summary>
    public static void Write(in Fp element, int* limbs) => Split(element * Montgomery).CopyTo(new Span<int>(limbs, Count));

    /// <summary>Reads an element from limbs; of magnitude below 2^383, negative values are fine.</summary>
    public static Fp Read(int* limbs)
    {
        Span<ulong> plain = stackalloc ulong[PlainCount];
        ReadPlain(limbs, plain);
        return Fp.FromPlainLimbs(plain) * InverseMontgomery;
    }

    /// <summary>Writes the inverse of the element in <paramref name="value"/>; false where it is 0.</summary>
    public static bool TryInvert(int* value, int* inverse)
    {
        // By way of Fp, which brings it below p.
        Span<ulong> plain = stackalloc ulong[PlainCount];
        ReadPlain(value, plain);
        Fp element = Fp.FromPlainLimbs(plain);
        if (element.IsZero)
        {
            return false;
        }

        element.CopyPlainLimbsTo(plain);
        FpInverse.Invert(plain, plain);
        int* limbs = stackalloc int[Count];
        Split(plain, new Span<int>(limbs, Count));
        fixed (int* cube = MontgomeryCube)
        {
            FpNarrow.Multiply(inverse, limbs, cube);
        }

        return true;
    }

    // Below 2^384 and equal modulo p.
    private static void ReadPlain(int* limbs, Span<ulong> plain)
    {
        // Six limbs of 64 bits in two's complement, whose sign is left in carry.
        Int128 carry = 0;
        int filled = 0;
        int word = 0;
        for (int i = 0; i < Count; i++)
        {
            carry += (Int128)limbs[i] << filled;
            filled += Radix;
            if (filled >= 64)
            {
                plain[word++] = (ulong)carry;
                carry >>= 64;
                filled -= 64;
            }
        }

        while (carry < 0)
        {
            ulong c = 0;
            for (int i = 0; i < PlainCount; i++)
            {
                plain[i] = Limbs.Add(plain[i], FpInverse.Modulus[i], ref c);
            }

            carry += c;
        }
    }

    private static int[] Split(in Fp element)
    {
        Span<ulong> plain = stackalloc ulong[PlainCount];
        element.CopyPlainLimbsTo(plain);
        var limbs = new int[Count];
        Split(plain, limbs);
        return limbs;
    }

    private static void Split(ReadOnlySpan<ulong> plain, Span<int> limbs)
    {
        int carry = 0;
        for (int i = 0; i < Count; i++)
        {
            int bit = i * Radix;
            ulong bits = plain[bit / 64] >> (bit % 64);
            if (bit % 64 > 64 - Radix && (bit / 64) + 1 < plain.Length)
            {
                bits |= plain[(bit / 64) + 1] << (64 - (bit % 64));
            }

            int limb = ((int)bits & Mask) + carry;
            carry = i < Count - 1 && limb >= 1 << (Radix - 1) ? 1 : 0;
            limbs[i] = limb - (carry << Radix);
        }
    }
}
