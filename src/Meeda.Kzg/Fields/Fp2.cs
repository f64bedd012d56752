using System.Numerics;

namespace Meeda.Kzg.Fields;

/// <summary>
/// An element <c>C0 + C1·u</c> of the quadratic extension of the base field, <c>u² = -1</c>: the field of G2's
/// coordinates.
/// </summary>
/// <param name="c0">The coefficient of 1.</param>
/// <param name="c1">The coefficient of <c>u</c>.</param>
internal readonly struct Fp2(in Fp c0, in Fp c1) : IEquatable<Fp2>
{
    /// <summary>Bytes of an encoded element: <c>C1</c>, then <c>C0</c>.</summary>
    public const int Length = 2 * Fp.Length;

    /// <summary>0.</summary>
    public static readonly Fp2 Zero;

    /// <summary>1.</summary>
    public static readonly Fp2 One = new(Fp.One, Fp.Zero);

    /// <summary>
    /// <c>ξ = 1 + u</c>, which is neither a square nor a cube: the tower and G2's curve are built on it.
    /// </summary>
    public static readonly Fp2 Xi = new(Fp.One, Fp.One);

    private static readonly BigInteger RootExponent = (Fp.Modulus - 3) / 4;
    private static readonly BigInteger HalfOrder = (Fp.Modulus - 1) / 2;

    /// <summary>The coefficient of 1.</summary>
    public readonly Fp C0 = c0;

    /// <summary>The coefficient of <c>u</c>.</summary>
    public readonly Fp C1 = c1;

    /// <summary>Whether this is 0.</summary>
    public bool IsZero => C0.IsZero && C1.IsZero;

    /// <summary>
    /// Decodes 96 big-endian bytes, <c>C1</c> first; false where a coefficient is not below <c>p</c>.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bigEndian, out Fp2 element)
    {
        element = default;
        if (!Fp.TryDecode(bigEndian, out Fp c1) || !Fp.TryDecode(bigEndian[Fp.Length..], out Fp c0))
        {
            return false;
        }

        element = new(c0, c1);
        return true;
    }

    /// <summary>Writes 96 big-endian bytes, <c>C1</c> first.</summary>
    public void Encode(Span<byte> bigEndian)
    {
        C1.Encode(bigEndian);
        C0.Encode(bigEndian[Fp.Length..]);
    }

    /// <summary>Whether <c>(C1, C0)</c> is above its negation: the sign that compressed G2 points carry.</summary>
    public bool IsLexicographicallyLargest() =>
        C1.IsZero ? C0.IsLexicographicallyLargest() : C1.IsLexicographicallyLargest();

    /// <summary>The sum.</summary>
    public static Fp2 operator +(in Fp2 a, in Fp2 b) => new(a.C0 + b.C0, a.C1 + b.C1);

    /// <summary>The difference.</summary>
    public static Fp2 operator -(in Fp2 a, in Fp2 b) => new(a.C0 - b.C0, a.C1 - b.C1);

    /// <summary>The negation.</summary>
    public static Fp2 operator -(in Fp2 a) => new(-a.C0, -a.C1);

    /// <summary>The product.</summary>
    public static Fp2 operator *(in Fp2 a, in Fp2 b)
    {
        // Karatsuba: (a0 + a1)(b0 + b1) - a0·b0 - a1·b1 = a0·b1 + a1·b0.
        Fp low = a.C0 * b.C0;
        Fp high = a.C1 * b.C1;
        Fp cross = (a.C0 + a.C1) * (b.C0 + b.C1);
        return new(low - high, cross - low - high);
    }

    /// <summary>The product with a base field element.</summary>
    public static Fp2 operator *(in Fp2 a, in Fp b) => new(a.C0 * b, a.C1 * b);

    /// <summary>The square.</summary>
    public Fp2 Square()
    {
        // (a0 + a1·u)² = (a0 + a1)(a0 - a1) + 2·a0·a1·u
        Fp product = C0 * C1;
        return new((C0 + C1) * (C0 - C1), product + product);
    }

    /// <summary>Twice the element.</summary>
    public Fp2 Double() => new(C0 + C0, C1 + C1);

    /// <summary>The product with <c>ξ = 1 + u</c>.</summary>
    public Fp2 MultiplyByXi() => new(C0 - C1, C0 + C1);

    /// <summary>The conjugate <c>C0 - C1·u</c>, which is the <c>p</c>-th power.</summary>
    public Fp2 Conjugate() => new(C0, -C1);

    /// <summary>The inverse <c>(C0 - C1·u)/(C0² + C1²)</c>, and 0 for 0.</summary>
    public Fp2 Inverse()
    {
        Fp inverse = (C0.Square() + C1.Square()).Inverse();
        return new(C0 * inverse, -(C1 * inverse));
    }

    /// <summary>
    /// A square root where there is one (Adj, Rodríguez-Henríquez, eprint 2012/685, algorithm 9, for <c>p = 3 mod
    /// 4</c>).
    /// </summary>
    public bool TrySquareRoot(out Fp2 root)
    {
        Fp2 power = Power(RootExponent);
        Fp2 candidate = power * this;
        Fp2 alpha = power * candidate;
        root = alpha == -One ? new Fp2(-candidate.C1, candidate.C0) : (One + alpha).Power(HalfOrder) * candidate;
        return root.Square() == this;
    }

    /// <summary><c>a^exponent</c> for an exponent that is not secret.</summary>
    public Fp2 Power(BigInteger exponent)
    {
        Fp2 result = One;
        for (int bit = (int)exponent.GetBitLength() - 1; bit >= 0; bit--)
        {
            result = result.Square();
            if (!((exponent >> bit) & 1).IsZero)
            {
                result *= this;
            }
        }

        return result;
    }

    /// <summary>
    /// Replaces each element by its inverse with one inversion in all (Montgomery's trick); zeros stay zero.
    /// </summary>
    public static void InvertAll(Span<Fp2> elements)
    {
        var prefixes = new Fp2[elements.Length];
        Fp2 product = One;
        for (int i = 0; i < elements.Length; i++)
        {
            prefixes[i] = product;
            if (!elements[i].IsZero)
            {
                product *= elements[i];
            }
        }

        Fp2 inverse = product.Inverse();
        for (int i = elements.Length - 1; i >= 0; i--)
        {
            if (!elements[i].IsZero)
            {
                Fp2 element = elements[i];
                elements[i] = inverse * prefixes[i];
                inverse *= element;
            }
        }
    }

    /// <summary>Equality by value.</summary>
    public static bool operator ==(in Fp2 a, in Fp2 b) => a.C0 == b.C0 && a.C1 == b.C1;

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(in Fp2 a, in Fp2 b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(Fp2 other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Fp2 other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(C0, C1);
}
