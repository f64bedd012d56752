using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>Splits scalars into signed digits and sorts the table's entries by the magnitude of their digits.</summary>
internal static unsafe class DigitSort
{
    private const int Width = FixedBaseMsmPlan.Width;
    private const int Windows = FixedBaseMsmPlan.Windows;
    private const int Buckets = FixedBaseMsmPlan.Buckets;
    private const int Half = 1 << (Width - 1);
    private const uint Mask = (1U << Width) - 1;

    // Scalars that are biased before their digits are read: read at once, words would still be on their way to memory.
    private const int TileLength = 32;

    // Half of the radix in every window but the last: added to a scalar, it makes each digit signed without carries, and is taken off again digit by digit.
    private static ReadOnlySpan<ulong> Bias => BiasWords;

    private static readonly ulong[] BiasWords = CreateBias();

    /// <summary>
    /// Lists the entries of every bucket, one list behind the other: list <c>d - 1</c> those of digits ±d, an entry being <c>2·(window·points + i)</c>, plus 1
    /// for a negative digit.
    /// </summary>
    /// <param name="scalars">32 bytes big-endian each, all below the modulus.</param>
    /// <param name="points">Their number.</param>
    /// <param name="digits">Room for all digits.</param>
    /// <param name="ends">Room for one number more than there are buckets.</param>
    /// <param name="entries">Room for as many entries as there are digits.</param>
    /// <param name="offsets">Where each list begins, and where the last one ends: one number more than there are buckets.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sort(ReadOnlySpan<byte> scalars, int points, short* digits, int* ends, uint* entries, int* offsets)
    {
        new Span<int>(ends, Buckets + 1).Clear();
        Split(scalars, points, digits, ends);
        int start = 0;
        for (int magnitude = 0; magnitude <= Buckets; magnitude++)
        {
            // Digits of 0 count for nothing.
            int count = magnitude == 0 ? 0 : ends[magnitude];
            ends[magnitude] = start;
            start += count;
            offsets[magnitude] = start;
        }

        for (int i = 0; i < points; i++)
        {
            uint entry = (uint)i << 1;
            for (int window = 0; window < Windows; window++)
            {
                int digit = *digits++;
                if (digit != 0)
                {
                    entries[ends[Magnitude(digit)]++] = entry | ((uint)digit >> 31);
                }

                entry += (uint)points << 1;
            }
        }
    }

    // Writes the digits scalar by scalar and counts their magnitudes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Split(ReadOnlySpan<byte> scalars, int points, short* digits, int* counts)
    {
        ulong b0 = Bias[0], b1 = Bias[1], b2 = Bias[2], b3 = Bias[3];
        const int Words = 4;
        ulong* tile = stackalloc ulong[(Words * TileLength) + 1];
        for (int start = 0; start < points; start += TileLength)
        {
            int length = Math.Min(TileLength, points - start);
            for (int i = 0; i < length; i++)
            {
                ReadOnlySpan<byte> scalar = scalars.Slice((start + i) * Fr.Length, Fr.Length);
                ulong* words = tile + (Words * i);
                ulong carry = 0;
                words[0] = Limbs.Add(BinaryPrimitives.ReadUInt64BigEndian(scalar[24..]), b0, ref carry);
                words[1] = Limbs.Add(BinaryPrimitives.ReadUInt64BigEndian(scalar[16..]), b1, ref carry);
                words[2] = Limbs.Add(BinaryPrimitives.ReadUInt64BigEndian(scalar[8..]), b2, ref carry);
                words[3] = Limbs.Add(BinaryPrimitives.ReadUInt64BigEndian(scalar), b3, ref carry);
            }

            for (int i = 0; i < length; i++)
            {
                // A window of 13 bits lies within the 32 bits that begin with its first byte.
                byte* bytes = (byte*)(tile + (Words * i));
                for (int window = 0; window < Windows - 1; window++)
                {
                    int bit = window * Width;
                    int digit = (int)((*(uint*)(bytes + (bit >> 3)) >> (bit & 7)) & Mask) - Half;
                    counts[Magnitude(digit)]++;
                    digits[window] = (short)digit;
                }

                const int LastBit = (Windows - 1) * Width;
                int last = (int)(*(uint*)(bytes + (LastBit >> 3)) >> (LastBit & 7)) & (int)((1U << (256 - LastBit)) - 1);
                counts[last]++;
                digits[Windows - 1] = (short)last;
                digits += Windows;
            }
        }
    }

    // Without the branch that Math.Abs takes, every other time another way.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Magnitude(int digit) => (digit ^ (digit >> 31)) - (digit >> 31);

    private static ulong[] CreateBias()
    {
        var words = new ulong[4];
        for (int window = 0; window < Windows - 1; window++)
        {
            int bit = (window * Width) + Width - 1;
            words[bit / 64] |= 1UL << (bit % 64);
        }

        return words;
    }
}
