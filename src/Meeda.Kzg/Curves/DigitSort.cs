using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Splits scalars into signed digits and sorts the table's entries by bucket. A digit <c>±4^k·b</c> goes to bucket
/// <c>4^k·b</c> with the point itself, a digit
/// <c>±2·4^k·b</c> to the same bucket with twice the point (b odd): a third of the buckets stays empty.
/// </summary>
internal static unsafe class DigitSort
{
    private const int Width = FixedBaseMsmPlan.Width;
    private const int Windows = FixedBaseMsmPlan.Windows;
    private const int Buckets = FixedBaseMsmPlan.Buckets;
    private const int Half = 1 << (Width - 1);
    private const uint Mask = (1U << Width) - 1;

    // Odd powers of 2 up to 2^15.
    private const int OddPowers = 0xAAAA;

    // Scalars that are biased before their digits are read: read at once, words would still be on their way to memory.
    private const int TileLength = 32;

    private const int Words = 4;

    private static readonly ulong[] Modulus = Limbs.FromBigInteger(Fr.Modulus);

    // Half of the radix in every window but the last: added to a scalar, it makes each digit signed without carries,
    // and is taken off again digit by digit.
    private static readonly ulong[] Bias = CreateBias();

    /// <summary>
    /// Lists the entries of every bucket, one list behind the other: bucket <c>b</c> has list <c>b - 1</c>. An entry
    /// is twice the row in the table, plus 1 for
    /// a negative digit.
    /// </summary>
    /// <param name="scalars">32 bytes big-endian each, all below the modulus.</param>
    /// <param name="points">Their number.</param>
    /// <param name="digits">Room for all digits.</param>
    /// <param name="ends">Room for one number more than there are buckets.</param>
    /// <param name="entries">Room for as many entries as there are digits.</param>
    /// <param name="offsets">Where each list begins, and where the last one ends: one number more than there are
    /// buckets.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sort(
        ReadOnlySpan<byte> scalars,
        int points,
        short* digits,
        int* ends,
        uint* entries,
        int* offsets
    )
    {
        new Span<int>(ends, Buckets + 1).Clear();
        Split(scalars, points, digits, ends);
        int start = 0;
        for (int bucket = 0; bucket <= Buckets; bucket++)
        {
            // Digits of 0 count for nothing.
            int count = bucket == 0 ? 0 : ends[bucket];
            ends[bucket] = start;
            start += count;
            offsets[bucket] = start;
        }

        uint step = (uint)points << 1;
        for (int i = 0; i < points; i++)
        {
            uint entry = (uint)i << 1;
            for (int window = 0; window < Windows; window++)
            {
                int digit = *digits++;
                int bucket = Bucket(digit, out uint twice);
                if (digit != 0)
                {
                    entries[ends[bucket]++] = (entry + (twice * step)) | ((uint)digit >> 31);
                }

                entry += FixedBaseMsmPlan.Multiples * step;
            }
        }
    }

    // Writes the digits scalar by scalar and counts how many fall into each bucket.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Split(ReadOnlySpan<byte> scalars, int points, short* digits, int* counts)
    {
        ulong* tile = stackalloc ulong[(Words * TileLength) + 1];
        int* signs = stackalloc int[TileLength];
        for (int start = 0; start < points; start += TileLength)
        {
            int length = Math.Min(TileLength, points - start);
            for (int i = 0; i < length; i++)
            {
                signs[i] = ReadBiased(scalars.Slice((start + i) * Fr.Length, Fr.Length), tile + (Words * i));
            }

            for (int i = 0; i < length; i++)
            {
                // A window of 15 bits lies within the 32 bits that begin with its first byte.
                byte* bytes = (byte*)(tile + (Words * i));
                int sign = signs[i];
                for (int window = 0; window < Windows; window++)
                {
                    int bit = window * Width;
                    int digit =
                        (int)((*(uint*)(bytes + (bit >> 3)) >> (bit & 7)) & Mask) - (window < Windows - 1 ? Half : 0);
                    digit = (digit ^ sign) - sign;
                    counts[Bucket(digit, out _)]++;
                    digits[window] = (short)digit;
                }

                digits += Windows;
            }
        }
    }

    // The lesser of a scalar and its negation, biased, and -1 for the latter: below 2^254, so that the last digit is
    // no greater than the others.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ReadBiased(ReadOnlySpan<byte> scalar, ulong* words)
    {
        ulong l0 = BinaryPrimitives.ReadUInt64BigEndian(scalar[24..]),
            l1 = BinaryPrimitives.ReadUInt64BigEndian(scalar[16..]);
        ulong l2 = BinaryPrimitives.ReadUInt64BigEndian(scalar[8..]),
            l3 = BinaryPrimitives.ReadUInt64BigEndian(scalar);
        ulong borrow = 0;
        ulong n0 = Limbs.Subtract(Modulus[0], l0, ref borrow),
            n1 = Limbs.Subtract(Modulus[1], l1, ref borrow);
        ulong n2 = Limbs.Subtract(Modulus[2], l2, ref borrow),
            n3 = Limbs.Subtract(Modulus[3], l3, ref borrow);
        borrow = 0;
        Limbs.Subtract(n0, l0, ref borrow);
        Limbs.Subtract(n1, l1, ref borrow);
        Limbs.Subtract(n2, l2, ref borrow);
        Limbs.Subtract(n3, l3, ref borrow);
        ulong negate = 0 - borrow;
        ulong carry = 0;
        words[0] = Limbs.Add(Limbs.Select(negate, n0, l0), Bias[0], ref carry);
        words[1] = Limbs.Add(Limbs.Select(negate, n1, l1), Bias[1], ref carry);
        words[2] = Limbs.Add(Limbs.Select(negate, n2, l2), Bias[2], ref carry);
        words[3] = Limbs.Add(Limbs.Select(negate, n3, l3), Bias[3], ref carry);
        return (int)negate;
    }

    // Without branches, every other time taken: the sign is taken off, and one factor of 2 where there is an odd
    // number of them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Bucket(int digit, out uint twice)
    {
        int magnitude = (digit ^ (digit >> 31)) - (digit >> 31);
        twice = (magnitude & -magnitude & OddPowers) != 0 ? 1U : 0U;
        return magnitude >> (int)twice;
    }

    private static ulong[] CreateBias()
    {
        var words = new ulong[Words];
        for (int window = 0; window < Windows - 1; window++)
        {
            int bit = (window * Width) + Width - 1;
            words[bit / 64] |= 1UL << (bit % 64);
        }

        return words;
    }
}
