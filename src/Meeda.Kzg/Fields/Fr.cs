using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields;

/// <summary>
/// An element of BLS12-381's scalar field, the integers modulo the 255-bit prime <c>r</c>: the field of blob elements
/// (EIP-4844 <c>BLS_MODULUS</c>).
/// Representation: four 64-bit limbs, least significant first, of <c>a·2^256 mod r</c> (Montgomery form), always
/// below <c>r</c>. Not constant-time.
/// </summary>
public readonly partial struct Fr : IEquatable<Fr>, IParsable<Fr>
{
    /// <summary>Bytes of an encoded element.</summary>
    public const int Length = 32;

    /// <summary>The top limb of <c>r</c>: whatever is below it begins a canonical element.</summary>
    internal const ulong TopLimb = R3;

    private const ulong R0 = 0xffffffff00000001;
    private const ulong R1 = 0x53bda402fffe5bfe;
    private const ulong R2 = 0x3339d80809a1d805;
    private const ulong R3 = 0x73eda753299d7d48;

    // -r^-1 mod 2^64
    private const ulong Inverse64 = 0xfffffffeffffffff;

    private readonly ulong _0;
    private readonly ulong _1;
    private readonly ulong _2;
    private readonly ulong _3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Fr(ulong l0, ulong l1, ulong l2, ulong l3)
    {
        _0 = l0;
        _1 = l1;
        _2 = l2;
        _3 = l3;
    }

    /// <summary>The prime <c>r</c>.</summary>
    internal static readonly BigInteger Modulus = ToBigInteger(R0, R1, R2, R3);

    // 2^512 mod r: multiplying by it brings a plain value into Montgomery form.
    private static readonly Fr MontgomerySquare = FromRaw(BigInteger.ModPow(2, 512, Modulus));

    // 2^768 mod r: multiplying by it brings the part of a long value above 2^256 into Montgomery form.
    private static readonly Fr MontgomeryCube = FromRaw(BigInteger.ModPow(2, 768, Modulus));

    private static readonly ulong[] InverseExponent = Limbs.FromBigInteger(Modulus - 2);

    /// <summary>0.</summary>
    public static Fr Zero => default;

    /// <summary>1.</summary>
    public static Fr One { get; } = FromRaw(BigInteger.ModPow(2, 256, Modulus));

    /// <summary>Whether this is 0.</summary>
    public bool IsZero => (_0 | _1 | _2 | _3) == 0;

    /// <summary>The element of a small number.</summary>
    public static Fr FromUInt64(ulong value) => new Fr(value, 0, 0, 0) * MontgomerySquare;

    /// <summary>The element of a number below 2^128.</summary>
    public static Fr FromUInt128(UInt128 value) => new Fr((ulong)value, (ulong)(value >> 64), 0, 0) * MontgomerySquare;

    /// <summary>The sum.</summary>
    public static Fr operator +(in Fr a, in Fr b)
    {
        // Both are below r < 2^255, so the sum has no carry out of its four limbs.
        ulong carry = 0;
        ulong l0 = Limbs.Add(a._0, b._0, ref carry);
        ulong l1 = Limbs.Add(a._1, b._1, ref carry);
        ulong l2 = Limbs.Add(a._2, b._2, ref carry);
        ulong l3 = Limbs.Add(a._3, b._3, ref carry);
        return ReduceOnce(new(l0, l1, l2, l3));
    }

    /// <summary>The difference.</summary>
    public static Fr operator -(in Fr a, in Fr b)
    {
        ulong borrow = 0;
        ulong l0 = Limbs.Subtract(a._0, b._0, ref borrow);
        ulong l1 = Limbs.Subtract(a._1, b._1, ref borrow);
        ulong l2 = Limbs.Subtract(a._2, b._2, ref borrow);
        ulong l3 = Limbs.Subtract(a._3, b._3, ref borrow);
        ulong mask = 0 - borrow;
        ulong carry = 0;
        l0 = Limbs.Add(l0, R0 & mask, ref carry);
        l1 = Limbs.Add(l1, R1 & mask, ref carry);
        l2 = Limbs.Add(l2, R2 & mask, ref carry);
        l3 = Limbs.Add(l3, R3 & mask, ref carry);
        return new(l0, l1, l2, l3);
    }

    /// <summary>The negation.</summary>
    public static Fr operator -(in Fr a) => Zero - a;

    /// <summary>
    /// The product (Montgomery multiplication as in <see cref="Fp"/>; <c>r</c> leaves one bit of its top limb free,
    /// which suffices).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Fr operator *(in Fr a, in Fr b)
    {
        ulong b0 = b._0,
            b1 = b._1,
            b2 = b._2,
            b3 = b._3;
        ulong t0 = 0,
            t1 = 0,
            t2 = 0,
            t3 = 0;
        ref ulong limbs = ref Unsafe.AsRef(in a._0);
        for (int i = 0; i < 4; i++)
        {
            ulong limb = Unsafe.Add(ref limbs, i);
            ulong product = 0;
            ulong reduction = 0;
            t0 = Limbs.MultiplyAdd(t0, limb, b0, ref product);
            ulong m = t0 * Inverse64;
            Limbs.MultiplyAdd(t0, m, R0, ref reduction);
            t1 = Limbs.MultiplyAdd(t1, limb, b1, ref product);
            t0 = Limbs.MultiplyAdd(t1, m, R1, ref reduction);
            t2 = Limbs.MultiplyAdd(t2, limb, b2, ref product);
            t1 = Limbs.MultiplyAdd(t2, m, R2, ref reduction);
            t3 = Limbs.MultiplyAdd(t3, limb, b3, ref product);
            t2 = Limbs.MultiplyAdd(t3, m, R3, ref reduction);
            t3 = product + reduction;
        }

        return ReduceOnce(new(t0, t1, t2, t3));
    }

    /// <summary>The inverse, and 0 for 0: <c>a^(r-2)</c> (Fermat).</summary>
    public Fr Inverse() => Power(InverseExponent);

    /// <summary>Equality by value.</summary>
    public static bool operator ==(in Fr a, in Fr b) =>
        ((a._0 ^ b._0) | (a._1 ^ b._1) | (a._2 ^ b._2) | (a._3 ^ b._3)) == 0;

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(in Fr a, in Fr b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(Fr other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Fr other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_0, _1, _2, _3);

    /// <summary>The value as 64 lower-case hex digits behind 0x.</summary>
    public override string ToString() => "0x" + Convert.ToHexStringLower(ToArray());

    /// <summary>The element <c>value mod r</c>, for constants and tests.</summary>
    internal static Fr FromBigInteger(BigInteger value)
    {
        BigInteger reduced = value % Modulus;
        return FromRaw(reduced.Sign < 0 ? reduced + Modulus : reduced) * MontgomerySquare;
    }

    /// <summary>The element <c>value mod r</c> of up to eight limbs, least significant first.</summary>
    internal static Fr ReduceLimbs(ReadOnlySpan<ulong> limbs)
    {
        // A Montgomery product is below 2r also where one factor is any number below 2^256.
        Span<ulong> padded = stackalloc ulong[8];
        padded.Clear();
        limbs.CopyTo(padded);
        Fr low = new(padded[0], padded[1], padded[2], padded[3]);
        Fr high = new(padded[4], padded[5], padded[6], padded[7]);
        return (low * MontgomerySquare) + (high * MontgomeryCube);
    }

    /// <summary>The element of 32 big-endian bytes that are known to be below <c>r</c>.</summary>
    internal static Fr FromCanonical(ReadOnlySpan<byte> bigEndian) => Read(bigEndian) * MontgomerySquare;

    /// <summary>Whether 32 big-endian bytes are below <c>r</c>.</summary>
    internal static bool IsCanonical(ReadOnlySpan<byte> bigEndian)
    {
        Fr raw = Read(bigEndian);
        ulong borrow = 0;
        Limbs.Subtract(raw._0, R0, ref borrow);
        Limbs.Subtract(raw._1, R1, ref borrow);
        Limbs.Subtract(raw._2, R2, ref borrow);
        Limbs.Subtract(raw._3, R3, ref borrow);
        return borrow != 0;
    }

    /// <summary>The value as an integer below <c>r</c>, for tests and exponents.</summary>
    internal BigInteger ToBigInteger()
    {
        Fr plain = ToPlain();
        return ToBigInteger(plain._0, plain._1, plain._2, plain._3);
    }

    /// <summary>Writes the plain (not Montgomery) limbs, least significant first.</summary>
    internal void CopyPlainLimbsTo(Span<ulong> limbs)
    {
        Fr plain = ToPlain();
        limbs[0] = plain._0;
        limbs[1] = plain._1;
        limbs[2] = plain._2;
        limbs[3] = plain._3;
    }

    /// <summary>
    /// Reads 32 big-endian bytes below <c>r</c> as they are, not in Montgomery form. Plain times Montgomery is plain:
    /// for linear maps whose coefficients
    /// alone are in Montgomery form.
    /// </summary>
    internal static Fr ReadPlain(ReadOnlySpan<byte> bigEndian) => Read(bigEndian);

    /// <summary>Writes what <see cref="ReadPlain"/> read, or sums of its products.</summary>
    internal void WritePlain(Span<byte> bigEndian)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian, _3);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[8..], _2);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[16..], _1);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[24..], _0);
    }

    private Fr ToPlain() => this * new Fr(1, 0, 0, 0);

    private Fr Canonical() => ReduceOnce(this);

    private static Fr Read(ReadOnlySpan<byte> bigEndian) =>
        new(
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bigEndian)
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Fr ReduceOnce(in Fr a)
    {
        ulong borrow = 0;
        ulong s0 = Limbs.Subtract(a._0, R0, ref borrow);
        ulong s1 = Limbs.Subtract(a._1, R1, ref borrow);
        ulong s2 = Limbs.Subtract(a._2, R2, ref borrow);
        ulong s3 = Limbs.Subtract(a._3, R3, ref borrow);
        // By mask, as a branch would be taken every other time.
        ulong keep = 0 - borrow;
        return new(
            Limbs.Select(keep, a._0, s0),
            Limbs.Select(keep, a._1, s1),
            Limbs.Select(keep, a._2, s2),
            Limbs.Select(keep, a._3, s3)
        );
    }

    private static Fr FromRaw(BigInteger value) =>
        new(
            (ulong)(value & ulong.MaxValue),
            (ulong)((value >> 64) & ulong.MaxValue),
            (ulong)((value >> 128) & ulong.MaxValue),
            (ulong)((value >> 192) & ulong.MaxValue)
        );

    private static BigInteger ToBigInteger(ulong l0, ulong l1, ulong l2, ulong l3) =>
        ((((((BigInteger)l3 << 64) | l2) << 64) | l1) << 64) | l0;
}
