using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields;

/// <summary>
/// An element of BLS12-381's base field, the integers modulo the 381-bit prime <c>p</c>.
/// Representation: six 64-bit limbs, least significant first, of <c>a·2^384 mod p</c> (Montgomery form), always below
/// <c>p</c>.
/// </summary>
internal readonly partial struct Fp : IEquatable<Fp>
{
    /// <summary>Bytes of an encoded element.</summary>
    public const int Length = 48;

    private const ulong P0 = 0xb9feffffffffaaab;
    private const ulong P1 = 0x1eabfffeb153ffff;
    private const ulong P2 = 0x6730d2a0f6b0f624;
    private const ulong P3 = 0x64774b84f38512bf;
    private const ulong P4 = 0x4b1ba7b6434bacd7;
    private const ulong P5 = 0x1a0111ea397fe69a;

    // -p^-1 mod 2^64
    private const ulong Inverse64 = 0x89f3fffcfffcfffd;

    private readonly ulong _0;
    private readonly ulong _1;
    private readonly ulong _2;
    private readonly ulong _3;
    private readonly ulong _4;
    private readonly ulong _5;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Fp(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4, ulong l5)
    {
        _0 = l0;
        _1 = l1;
        _2 = l2;
        _3 = l3;
        _4 = l4;
        _5 = l5;
    }

    /// <summary>The prime <c>p</c>.</summary>
    public static readonly BigInteger Modulus = ToBigInteger([P0, P1, P2, P3, P4, P5]);

    /// <summary>0.</summary>
    public static readonly Fp Zero;

    /// <summary>1, in Montgomery form <c>2^384 mod p</c>.</summary>
    public static readonly Fp One = FromRaw(BigInteger.ModPow(2, 384, Modulus));

    // 2^768 mod p: multiplying by it brings a plain value into Montgomery form.
    private static readonly Fp MontgomerySquare = FromRaw(BigInteger.ModPow(2, 768, Modulus));

    // R³ mod p for R = 2^384.
    private static readonly Fp MontgomeryCube = FromRaw(BigInteger.ModPow(2, 3 * 384, Modulus));
    private static readonly ulong[] RootExponent = Limbs.FromBigInteger((Modulus + 1) / 4);
    private static readonly ulong[] HalfModulus = Limbs.FromBigInteger((Modulus - 1) / 2);

    /// <summary>Whether this is 0.</summary>
    public bool IsZero => (_0 | _1 | _2 | _3 | _4 | _5) == 0;

    /// <summary>The element <c>value mod p</c>, for constants and tests.</summary>
    public static Fp FromBigInteger(BigInteger value)
    {
        BigInteger reduced = value % Modulus;
        return FromRaw(reduced.Sign < 0 ? reduced + Modulus : reduced) * MontgomerySquare;
    }

    /// <summary>The element of plain (not Montgomery) limbs below <c>p</c>, least significant first.</summary>
    public static Fp FromPlainLimbs(ReadOnlySpan<ulong> limbs) =>
        new Fp(limbs[0], limbs[1], limbs[2], limbs[3], limbs[4], limbs[5]) * MontgomerySquare;

    /// <summary>Decodes 48 big-endian bytes; false where the value is not below <c>p</c>.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bigEndian, out Fp element)
    {
        Fp raw = new(
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian[40..]),
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian[32..]),
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian)
        );
        if (!raw.IsBelowModulus())
        {
            element = default;
            return false;
        }

        element = raw * MontgomerySquare;
        return true;
    }

    /// <summary>Writes the value as 48 big-endian bytes.</summary>
    public void Encode(Span<byte> bigEndian)
    {
        Fp plain = ToPlain();
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian, plain._5);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[8..], plain._4);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[16..], plain._3);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[24..], plain._2);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[32..], plain._1);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[40..], plain._0);
    }

    /// <summary>Writes the plain (not Montgomery) limbs, least significant first.</summary>
    public void CopyPlainLimbsTo(Span<ulong> limbs)
    {
        Fp plain = ToPlain();
        limbs[0] = plain._0;
        limbs[1] = plain._1;
        limbs[2] = plain._2;
        limbs[3] = plain._3;
        limbs[4] = plain._4;
        limbs[5] = plain._5;
    }

    /// <summary>The value as an integer below <c>p</c>, for tests.</summary>
    public BigInteger ToBigInteger()
    {
        Fp plain = ToPlain();
        return ToBigInteger([plain._0, plain._1, plain._2, plain._3, plain._4, plain._5]);
    }

    /// <summary>
    /// Whether the value is above <c>(p - 1)/2</c>: the sign that compressed points carry (IETF pairing-friendly
    /// curves, appendix C).
    /// </summary>
    public bool IsLexicographicallyLargest()
    {
        Fp plain = ToPlain();
        ulong borrow = 0;
        Limbs.Subtract(HalfModulus[0], plain._0, ref borrow);
        Limbs.Subtract(HalfModulus[1], plain._1, ref borrow);
        Limbs.Subtract(HalfModulus[2], plain._2, ref borrow);
        Limbs.Subtract(HalfModulus[3], plain._3, ref borrow);
        Limbs.Subtract(HalfModulus[4], plain._4, ref borrow);
        Limbs.Subtract(HalfModulus[5], plain._5, ref borrow);
        return borrow != 0;
    }

    /// <summary>The sum.</summary>
    public static Fp operator +(in Fp a, in Fp b)
    {
        // Both are below p < 2^381, so the sum has no carry out of its six limbs.
        ulong carry = 0;
        ulong l0 = Limbs.Add(a._0, b._0, ref carry);
        ulong l1 = Limbs.Add(a._1, b._1, ref carry);
        ulong l2 = Limbs.Add(a._2, b._2, ref carry);
        ulong l3 = Limbs.Add(a._3, b._3, ref carry);
        ulong l4 = Limbs.Add(a._4, b._4, ref carry);
        ulong l5 = Limbs.Add(a._5, b._5, ref carry);
        return ReduceOnce(l0, l1, l2, l3, l4, l5);
    }

    /// <summary>The difference.</summary>
    public static Fp operator -(in Fp a, in Fp b)
    {
        ulong borrow = 0;
        ulong l0 = Limbs.Subtract(a._0, b._0, ref borrow);
        ulong l1 = Limbs.Subtract(a._1, b._1, ref borrow);
        ulong l2 = Limbs.Subtract(a._2, b._2, ref borrow);
        ulong l3 = Limbs.Subtract(a._3, b._3, ref borrow);
        ulong l4 = Limbs.Subtract(a._4, b._4, ref borrow);
        ulong l5 = Limbs.Subtract(a._5, b._5, ref borrow);
        ulong mask = 0 - borrow;
        ulong carry = 0;
        l0 = Limbs.Add(l0, P0 & mask, ref carry);
        l1 = Limbs.Add(l1, P1 & mask, ref carry);
        l2 = Limbs.Add(l2, P2 & mask, ref carry);
        l3 = Limbs.Add(l3, P3 & mask, ref carry);
        l4 = Limbs.Add(l4, P4 & mask, ref carry);
        l5 = Limbs.Add(l5, P5 & mask, ref carry);
        return new(l0, l1, l2, l3, l4, l5);
    }

    /// <summary>The negation.</summary>
    public static Fp operator -(in Fp a) => Zero - a;

    /// <summary>Twice the element.</summary>
    public Fp Double() => this + this;

    /// <summary>Equality by value.</summary>
    public static bool operator ==(in Fp a, in Fp b) =>
        ((a._0 ^ b._0) | (a._1 ^ b._1) | (a._2 ^ b._2) | (a._3 ^ b._3) | (a._4 ^ b._4) | (a._5 ^ b._5)) == 0;

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(in Fp a, in Fp b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(Fp other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Fp other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_0, _1, _2, _3, _4, _5);

    // Montgomery reduction of the value itself: multiplication by the plain 1.
    private Fp ToPlain() => this * new Fp(1, 0, 0, 0, 0, 0);

    private bool IsBelowModulus()
    {
        ulong borrow = 0;
        Limbs.Subtract(_0, P0, ref borrow);
        Limbs.Subtract(_1, P1, ref borrow);
        Limbs.Subtract(_2, P2, ref borrow);
        Limbs.Subtract(_3, P3, ref borrow);
        Limbs.Subtract(_4, P4, ref borrow);
        Limbs.Subtract(_5, P5, ref borrow);
        return borrow != 0;
    }

    // The input is below 2p; so is p above what the subtraction leaves exactly where it borrows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Fp ReduceOnce(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4, ulong l5)
    {
        ulong borrow = 0;
        ulong s0 = Limbs.Subtract(l0, P0, ref borrow);
        ulong s1 = Limbs.Subtract(l1, P1, ref borrow);
        ulong s2 = Limbs.Subtract(l2, P2, ref borrow);
        ulong s3 = Limbs.Subtract(l3, P3, ref borrow);
        ulong s4 = Limbs.Subtract(l4, P4, ref borrow);
        ulong s5 = Limbs.Subtract(l5, P5, ref borrow);
        // By mask, as a branch would be taken every other time.
        ulong keep = 0 - borrow;
        return new(
            Limbs.Select(keep, l0, s0),
            Limbs.Select(keep, l1, s1),
            Limbs.Select(keep, l2, s2),
            Limbs.Select(keep, l3, s3),
            Limbs.Select(keep, l4, s4),
            Limbs.Select(keep, l5, s5)
        );
    }

    private static Fp FromRaw(BigInteger value)
    {
        ulong[] limbs = [.. Limbs.FromBigInteger(value), 0, 0, 0, 0, 0, 0];
        return new(limbs[0], limbs[1], limbs[2], limbs[3], limbs[4], limbs[5]);
    }

    private static BigInteger ToBigInteger(ulong[] limbs) =>
        limbs.Reverse().Aggregate(BigInteger.Zero, (value, limb) => (value << 64) | limb);
}
