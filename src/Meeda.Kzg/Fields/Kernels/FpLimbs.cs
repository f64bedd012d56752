namespace Meeda.Kzg.Fields.Kernels;

/// <summary>Between <see cref="Fp"/> and the kernels' form: eight signed limbs of radix 2^48 held as doubles, plain residue.</summary>
internal static unsafe class FpLimbs
{
    /// <summary>The limbs of an element.</summary>
    public const int Count = 8;

    private const int Bits = 48;
    private const long Mask = (1L << Bits) - 1;

    private static double s_smallPart = 1.5 / (1L << 53);

    /// <summary>Whether this thread rounds to nearest, on which every kernel relies (docs/kzg-bounds.md). .NET never changes it; native code in the process could.</summary>
    public static bool RoundsToNearest
    {
        get
        {
            // 1 + 0.75 ulp goes up and 1 + 0.25 ulp down, on both sides of zero: no directed rounding does all four. Volatile, or the compiler would compute it.
            double part = Volatile.Read(ref s_smallPart);
            double up = 1 + Math.ScaleB(1, -52);
            return 1 + part == up && -1 - part == -up && 1 + (part / 3) == 1 && -1 - (part / 3) == -1;
        }
    }

    /// <summary>Writes the limbs of an element, each at most 2^47 in magnitude, <paramref name="stride"/> doubles apart.</summary>
    public static void Write(in Fp element, double* limbs, int stride)
    {
        Span<ulong> plain = stackalloc ulong[6];
        element.CopyPlainLimbsTo(plain);
        long carry = 0;
        for (int i = 0; i < Count; i++)
        {
            int bit = Bits * i;
            ulong word = plain[bit / 64] >> (bit % 64);
            if (bit % 64 > 64 - Bits && (bit / 64) + 1 < plain.Length)
            {
                word |= plain[(bit / 64) + 1] << (64 - (bit % 64));
            }

            long limb = (long)(word & (ulong)Mask) + carry;
            carry = 0;
            if (limb >= 1L << (Bits - 1) && i < Count - 1)
            {
                limb -= 1L << Bits;
                carry = 1;
            }

            limbs[i * stride] = limb;
        }
    }

    /// <summary>Reads an element whose value lies between <c>-p</c> and <c>p</c>.</summary>
    public static Fp Read(double* limbs, int stride)
    {
        Span<ulong> plain = stackalloc ulong[6];
        plain.Clear();
        long carry = 0;
        for (int i = 0; i < Count; i++)
        {
            long sum = (long)limbs[i * stride] + carry;
            carry = sum >> Bits;
            ulong word = (ulong)(sum & Mask);
            int bit = Bits * i;
            plain[bit / 64] |= word << (bit % 64);
            if (bit % 64 > 64 - Bits)
            {
                plain[(bit / 64) + 1] |= word >> (64 - (bit % 64));
            }
        }

        return carry < 0 ? Fp.FromPlainLimbsPlusModulus(plain) : Fp.FromPlainLimbs(plain);
    }
}
