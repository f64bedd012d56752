using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields;

/// <summary>
/// Weighted sums in scalar arithmetic, and the reference of the vector ones. Representation: seven 64-bit limbs per
/// sum, least significant first.
/// A product is below 2^383, so 2^65 of them fit.
/// </summary>
/// <param name="count">The number of sums.</param>
internal sealed class ScalarWeightedSums(int count) : FrWeightedSums
{
    private const int LimbsPerSum = 7;

    private readonly ulong[] _limbs = new ulong[count * LimbsPerSum];

    /// <inheritdoc/>
    public override void Add(ReadOnlySpan<byte> elements, UInt128 weight)
    {
        ulong w0 = (ulong)weight;
        ulong w1 = (ulong)(weight >> 64);
        Span<ulong> limbs = _limbs;
        for (; !limbs.IsEmpty; limbs = limbs[LimbsPerSum..], elements = elements[Fr.Length..])
        {
            AddProduct(limbs[..LimbsPerSum], elements[..Fr.Length], w0, w1);
        }
    }

    /// <inheritdoc/>
    public override void Write(Span<byte> sums)
    {
        for (int i = 0; i < _limbs.Length / LimbsPerSum; i++)
        {
            Fr.ReduceLimbs(_limbs.AsSpan(i * LimbsPerSum, LimbsPerSum)).Encode(sums[(i * Fr.Length)..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProduct(Span<ulong> sum, ReadOnlySpan<byte> element, ulong w0, ulong w1)
    {
        ulong a3 = BinaryPrimitives.ReadUInt64BigEndian(element);
        ulong a2 = BinaryPrimitives.ReadUInt64BigEndian(element[8..]);
        ulong a1 = BinaryPrimitives.ReadUInt64BigEndian(element[16..]);
        ulong a0 = BinaryPrimitives.ReadUInt64BigEndian(element[24..]);

        // sum += a·w0
        ulong carry = 0;
        ulong s0 = Limbs.MultiplyAdd(sum[0], a0, w0, ref carry);
        ulong s1 = Limbs.MultiplyAdd(sum[1], a1, w0, ref carry);
        ulong s2 = Limbs.MultiplyAdd(sum[2], a2, w0, ref carry);
        ulong s3 = Limbs.MultiplyAdd(sum[3], a3, w0, ref carry);
        ulong carry4 = carry;

        // sum += a·w1·2^64
        carry = 0;
        s1 = Limbs.MultiplyAdd(s1, a0, w1, ref carry);
        s2 = Limbs.MultiplyAdd(s2, a1, w1, ref carry);
        s3 = Limbs.MultiplyAdd(s3, a2, w1, ref carry);
        ulong s4 = Limbs.MultiplyAdd(sum[4], a3, w1, ref carry);
        ulong carry5 = 0;
        s4 = Limbs.Add(s4, carry4, ref carry5);
        ulong s5 = Limbs.Add(sum[5], carry, ref carry5);
        sum[0] = s0;
        sum[1] = s1;
        sum[2] = s2;
        sum[3] = s3;
        sum[4] = s4;
        sum[5] = s5;
        sum[6] += carry5;
    }
}
