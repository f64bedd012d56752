using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields;

/// <summary>
/// An element of BLS12-381's base field, the integers modulo the 381-bit prime <c>p</c>.
/// Representation: six 64-bit limbs, least significant first, of <c>a·2^384 mod p</c> (Montgomery form), always below
/// <c>p</c>.
/// </summary>
internal readonly struct Fp : IEquatable<Fp>
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

    /// <summary>The product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Fp operator *(in Fp a, in Fp b)
    {
        // Montgomery multiplication with the reduction interleaved (CIOS; Koç, Acar, Kaliski, "Analyzing and
        // Comparing Montgomery Multiplication
        // Algorithms"). p's top limb leaves three bits free, so the running sum of every row fits six limbs and one
        // carry (gnark's observation).
        ulong b0 = b._0,
            b1 = b._1,
            b2 = b._2,
            b3 = b._3,
            b4 = b._4,
            b5 = b._5;
        ulong t0 = 0,
            t1 = 0,
            t2 = 0,
            t3 = 0,
            t4 = 0,
            t5 = 0;
        ref ulong limbs = ref Unsafe.AsRef(in a._0);
        for (int i = 0; i < 6; i++)
        {
            ulong limb = Unsafe.Add(ref limbs, i);
            ulong product = 0;
            ulong reduction = 0;
            t0 = Limbs.MultiplyAdd(t0, limb, b0, ref product);
            ulong m = t0 * Inverse64;
            Limbs.MultiplyAdd(t0, m, P0, ref reduction);
            t1 = Limbs.MultiplyAdd(t1, limb, b1, ref product);
            t0 = Limbs.MultiplyAdd(t1, m, P1, ref reduction);
            t2 = Limbs.MultiplyAdd(t2, limb, b2, ref product);
            t1 = Limbs.MultiplyAdd(t2, m, P2, ref reduction);
            t3 = Limbs.MultiplyAdd(t3, limb, b3, ref product);
            t2 = Limbs.MultiplyAdd(t3, m, P3, ref reduction);
            t4 = Limbs.MultiplyAdd(t4, limb, b4, ref product);
            t3 = Limbs.MultiplyAdd(t4, m, P4, ref reduction);
            t5 = Limbs.MultiplyAdd(t5, limb, b5, ref product);
            t4 = Limbs.MultiplyAdd(t5, m, P5, ref reduction);
            t5 = product + reduction;
        }

        return ReduceOnce(t0, t1, t2, t3, t4, t5);
    }

    /// <summary>The square.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Fp Square()
    {
        // 1. Products of different limbs, each once.
        ulong carry = 0;
        ulong t1 = Limbs.MultiplyAdd(0, _0, _1, ref carry);
        ulong t2 = Limbs.MultiplyAdd(0, _0, _2, ref carry);
        ulong t3 = Limbs.MultiplyAdd(0, _0, _3, ref carry);
        ulong t4 = Limbs.MultiplyAdd(0, _0, _4, ref carry);
        ulong t5 = Limbs.MultiplyAdd(0, _0, _5, ref carry);
        ulong t6 = carry;
        carry = 0;
        t3 = Limbs.MultiplyAdd(t3, _1, _2, ref carry);
        t4 = Limbs.MultiplyAdd(t4, _1, _3, ref carry);
        t5 = Limbs.MultiplyAdd(t5, _1, _4, ref carry);
        t6 = Limbs.MultiplyAdd(t6, _1, _5, ref carry);
        ulong t7 = carry;
        carry = 0;
        t5 = Limbs.MultiplyAdd(t5, _2, _3, ref carry);
        t6 = Limbs.MultiplyAdd(t6, _2, _4, ref carry);
        t7 = Limbs.MultiplyAdd(t7, _2, _5, ref carry);
        ulong t8 = carry;
        carry = 0;
        t7 = Limbs.MultiplyAdd(t7, _3, _4, ref carry);
        t8 = Limbs.MultiplyAdd(t8, _3, _5, ref carry);
        ulong t9 = carry;
        carry = 0;
        t9 = Limbs.MultiplyAdd(t9, _4, _5, ref carry);
        ulong t10 = carry;

        // 2. Twice that, and the squares of the limbs.
        ulong t11 = t10 >> 63;
        t10 = (t10 << 1) | (t9 >> 63);
        t9 = (t9 << 1) | (t8 >> 63);
        t8 = (t8 << 1) | (t7 >> 63);
        t7 = (t7 << 1) | (t6 >> 63);
        t6 = (t6 << 1) | (t5 >> 63);
        t5 = (t5 << 1) | (t4 >> 63);
        t4 = (t4 << 1) | (t3 >> 63);
        t3 = (t3 << 1) | (t2 >> 63);
        t2 = (t2 << 1) | (t1 >> 63);
        t1 <<= 1;
        carry = 0;
        ulong t0 = Limbs.MultiplyAdd(0, _0, _0, ref carry);
        t1 = Limbs.AddCarry(t1, ref carry);
        t2 = Limbs.MultiplyAdd(t2, _1, _1, ref carry);
        t3 = Limbs.AddCarry(t3, ref carry);
        t4 = Limbs.MultiplyAdd(t4, _2, _2, ref carry);
        t5 = Limbs.AddCarry(t5, ref carry);
        t6 = Limbs.MultiplyAdd(t6, _3, _3, ref carry);
        t7 = Limbs.AddCarry(t7, ref carry);
        t8 = Limbs.MultiplyAdd(t8, _4, _4, ref carry);
        t9 = Limbs.AddCarry(t9, ref carry);
        t10 = Limbs.MultiplyAdd(t10, _5, _5, ref carry);
        t11 += carry;

        // 3. Montgomery reduction row by row; the carry out of row i belongs to limb i + 6.
        ulong top = 0;
        carry = 0;
        ulong m = t0 * Inverse64;
        Limbs.MultiplyAdd(t0, m, P0, ref carry);
        t1 = Limbs.MultiplyAdd(t1, m, P1, ref carry);
        t2 = Limbs.MultiplyAdd(t2, m, P2, ref carry);
        t3 = Limbs.MultiplyAdd(t3, m, P3, ref carry);
        t4 = Limbs.MultiplyAdd(t4, m, P4, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P5, ref carry);
        t6 = Limbs.Add(t6, carry, ref top);
        carry = 0;
        m = t1 * Inverse64;
        Limbs.MultiplyAdd(t1, m, P0, ref carry);
        t2 = Limbs.MultiplyAdd(t2, m, P1, ref carry);
        t3 = Limbs.MultiplyAdd(t3, m, P2, ref carry);
        t4 = Limbs.MultiplyAdd(t4, m, P3, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P4, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P5, ref carry);
        t7 = Limbs.Add(t7, carry, ref top);
        carry = 0;
        m = t2 * Inverse64;
        Limbs.MultiplyAdd(t2, m, P0, ref carry);
        t3 = Limbs.MultiplyAdd(t3, m, P1, ref carry);
        t4 = Limbs.MultiplyAdd(t4, m, P2, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P3, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P4, ref carry);
        t7 = Limbs.MultiplyAdd(t7, m, P5, ref carry);
        t8 = Limbs.Add(t8, carry, ref top);
        carry = 0;
        m = t3 * Inverse64;
        Limbs.MultiplyAdd(t3, m, P0, ref carry);
        t4 = Limbs.MultiplyAdd(t4, m, P1, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P2, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P3, ref carry);
        t7 = Limbs.MultiplyAdd(t7, m, P4, ref carry);
        t8 = Limbs.MultiplyAdd(t8, m, P5, ref carry);
        t9 = Limbs.Add(t9, carry, ref top);
        carry = 0;
        m = t4 * Inverse64;
        Limbs.MultiplyAdd(t4, m, P0, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P1, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P2, ref carry);
        t7 = Limbs.MultiplyAdd(t7, m, P3, ref carry);
        t8 = Limbs.MultiplyAdd(t8, m, P4, ref carry);
        t9 = Limbs.MultiplyAdd(t9, m, P5, ref carry);
        t10 = Limbs.Add(t10, carry, ref top);
        carry = 0;
        m = t5 * Inverse64;
        Limbs.MultiplyAdd(t5, m, P0, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P1, ref carry);
        t7 = Limbs.MultiplyAdd(t7, m, P2, ref carry);
        t8 = Limbs.MultiplyAdd(t8, m, P3, ref carry);
        t9 = Limbs.MultiplyAdd(t9, m, P4, ref carry);
        t10 = Limbs.MultiplyAdd(t10, m, P5, ref carry);
        t11 = Limbs.Add(t11, carry, ref top);

        return ReduceOnce(t6, t7, t8, t9, t10, t11);
    }

    /// <summary>Twice the element.</summary>
    public Fp Double() => this + this;

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
