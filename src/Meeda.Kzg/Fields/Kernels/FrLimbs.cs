namespace Meeda.Kzg.Fields.Kernels;

/// <summary>
/// The vector kernels' representation of a scalar field element, to and from <see cref="Fr"/>: 6 signed limbs of radix 2^43 as doubles, all but the top
/// one of magnitude at most 2^42 (and a little more out of a kernel), of any residue of small magnitude.
/// </summary>
internal static unsafe class FrLimbs
{
    /// <summary>Limbs of an element.</summary>
    public const int Count = 6;

    /// <summary>Limbs of a sum of products that is not reduced yet.</summary>
    public const int WideCount = 2 * Count;

    /// <summary>Limbs of a weight below 2^128.</summary>
    public const int WeightCount = 3;

    /// <summary>Limbs of a sum of products of elements and weights.</summary>
    public const int WeightedCount = Count + WeightCount;

    /// <summary>Products that <c>SumProducts</c> adds at most.</summary>
    public const int MostProducts = 64;

    /// <summary>Times that <c>AddWeighted</c> adds to the same sums at most before they are reduced.</summary>
    public const int MostWeighted = 128;

    private const int Radix = 43;
    private const long Mask = (1L << Radix) - 1;

    /// <summary>Writes an element's limbs, <paramref name="stride"/> doubles apart.</summary>
    public static void Write(in Fr element, double* limbs, int stride)
    {
        Span<ulong> plain = stackalloc ulong[4];
        element.CopyPlainLimbsTo(plain);
        Write(plain, limbs, Count, stride);
    }

    /// <summary>Writes a weight's limbs, <paramref name="stride"/> doubles apart.</summary>
    public static void Write(UInt128 weight, double* limbs, int stride) => Write([(ulong)weight, (ulong)(weight >> 64)], limbs, WeightCount, stride);

    /// <summary>Writes an element's limbs to all lanes of vectors.</summary>
    public static void Broadcast(in Fr element, double* vectors, int lanes)
    {
        for (int lane = 0; lane < lanes; lane++)
        {
            Write(element, vectors + lane, lanes);
        }
    }

    /// <summary>Reads an element from limbs <paramref name="stride"/> doubles apart; negative values are fine, if they are above -2^256.</summary>
    public static Fr Read(double* limbs, int stride)
    {
        // Four limbs of 64 bits and the sign, in two's complement.
        Span<ulong> plain = stackalloc ulong[5];
        plain.Clear();
        Int128 carry = 0;
        int filled = 0;
        int word = 0;
        for (int i = 0; i < Count; i++)
        {
            // What is left of the limbs below is shorter than 64 bits.
            carry += (Int128)(long)limbs[i * stride] << filled;
            filled += Radix;
            if (filled >= 64)
            {
                plain[word++] = (ulong)carry;
                carry >>= 64;
                filled -= 64;
            }
        }

        plain[word++] = (ulong)carry;
        if (carry >= 0)
        {
            return Fr.ReduceLimbs(plain[..4]);
        }

        // -2^256 is added to the value by reading it as unsigned.
        return Fr.ReduceLimbs(plain[..4]) - Fr.ReduceLimbs([0, 0, 0, 0, 1]);
    }

    private static void Write(ReadOnlySpan<ulong> plain, double* limbs, int count, int stride)
    {
        long carry = 0;
        for (int i = 0; i < count; i++)
        {
            int bit = i * Radix;
            ulong bits = plain[bit / 64] >> (bit % 64);
            if (bit % 64 > 64 - Radix && (bit / 64) + 1 < plain.Length)
            {
                bits |= plain[(bit / 64) + 1] << (64 - (bit % 64));
            }

            long limb = ((long)bits & Mask) + carry;
            carry = i < count - 1 && limb >= 1L << (Radix - 1) ? 1 : 0;
            limbs[i * stride] = limb - (carry << Radix);
        }
    }
}
