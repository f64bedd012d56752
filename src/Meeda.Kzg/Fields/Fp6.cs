namespace Meeda.Kzg.Fields;

/// <summary>
/// An element <c>C0 + C1·v + C2·v²</c> of the cubic extension of <see cref="Fp2"/>, <c>v³ = ξ = 1 + u</c>.
/// </summary>
/// <param name="c0">The coefficient of 1.</param>
/// <param name="c1">The coefficient of <c>v</c>.</param>
/// <param name="c2">The coefficient of <c>v²</c>.</param>
internal readonly struct Fp6(in Fp2 c0, in Fp2 c1, in Fp2 c2) : IEquatable<Fp6>
{
    /// <summary>0.</summary>
    public static readonly Fp6 Zero;

    /// <summary>1.</summary>
    public static readonly Fp6 One = new(Fp2.One, Fp2.Zero, Fp2.Zero);

    /// <summary>The coefficient of 1.</summary>
    public readonly Fp2 C0 = c0;

    /// <summary>The coefficient of <c>v</c>.</summary>
    public readonly Fp2 C1 = c1;

    /// <summary>The coefficient of <c>v²</c>.</summary>
    public readonly Fp2 C2 = c2;

    /// <summary>The sum.</summary>
    public static Fp6 operator +(in Fp6 a, in Fp6 b) => new(a.C0 + b.C0, a.C1 + b.C1, a.C2 + b.C2);

    /// <summary>The difference.</summary>
    public static Fp6 operator -(in Fp6 a, in Fp6 b) => new(a.C0 - b.C0, a.C1 - b.C1, a.C2 - b.C2);

    /// <summary>The negation.</summary>
    public static Fp6 operator -(in Fp6 a) => new(-a.C0, -a.C1, -a.C2);

    /// <summary>The product.</summary>
    public static Fp6 operator *(in Fp6 a, in Fp6 b)
    {
        // Karatsuba with three terms: six products in Fp2 instead of nine.
        Fp2 v0 = a.C0 * b.C0;
        Fp2 v1 = a.C1 * b.C1;
        Fp2 v2 = a.C2 * b.C2;

        // c0 = a0·b0 + ξ(a1·b2 + a2·b1);  c1 = a0·b1 + a1·b0 + ξ·a2·b2;  c2 = a0·b2 + a1·b1 + a2·b0
        return new(
            v0 + (((a.C1 + a.C2) * (b.C1 + b.C2)) - v1 - v2).MultiplyByXi(),
            ((a.C0 + a.C1) * (b.C0 + b.C1)) - v0 - v1 + v2.MultiplyByXi(),
            ((a.C0 + a.C2) * (b.C0 + b.C2)) - v0 - v2 + v1
        );
    }

    /// <summary>The product with an element of <see cref="Fp2"/>.</summary>
    public static Fp6 operator *(in Fp6 a, in Fp2 b) => new(a.C0 * b, a.C1 * b, a.C2 * b);

    /// <summary>The product with the sparse element <c>b0 + b1·v</c>.</summary>
    public Fp6 MultiplyBy01(in Fp2 b0, in Fp2 b1)
    {
        // c0 = a0·b0 + ξ·a2·b1;  c1 = a0·b1 + a1·b0;  c2 = a1·b1 + a2·b0
        Fp2 v0 = C0 * b0;
        Fp2 v1 = C1 * b1;
        return new(v0 + (C2 * b1).MultiplyByXi(), ((C0 + C1) * (b0 + b1)) - v0 - v1, (C2 * b0) + v1);
    }

    /// <summary>The product with <c>v</c>.</summary>
    public Fp6 MultiplyByV() => new(C2.MultiplyByXi(), C0, C1);

    /// <summary>The inverse, and 0 for 0.</summary>
    public Fp6 Inverse()
    {
        // With t0 = a0² - ξ·a1·a2, t1 = ξ·a2² - a0·a1, t2 = a1² - a0·a2 the norm is a0·t0 + ξ(a2·t1 + a1·t2).
        Fp2 t0 = C0.Square() - (C1 * C2).MultiplyByXi();
        Fp2 t1 = C2.Square().MultiplyByXi() - (C0 * C1);
        Fp2 t2 = C1.Square() - (C0 * C2);
        Fp2 inverse = ((C0 * t0) + ((C2 * t1) + (C1 * t2)).MultiplyByXi()).Inverse();
        return new(t0 * inverse, t1 * inverse, t2 * inverse);
    }

    /// <summary>Equality by value.</summary>
    public static bool operator ==(in Fp6 a, in Fp6 b) => a.C0 == b.C0 && a.C1 == b.C1 && a.C2 == b.C2;

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(in Fp6 a, in Fp6 b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(Fp6 other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Fp6 other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(C0, C1, C2);
}
