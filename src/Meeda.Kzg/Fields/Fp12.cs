using System.Numerics;

namespace Meeda.Kzg.Fields;

/// <summary>
/// An element <c>C0 + C1·w</c> of the quadratic extension of <see cref="Fp6"/>, <c>w² = v</c>: the field that
/// pairings take values in.
/// </summary>
/// <param name="c0">The coefficient of 1.</param>
/// <param name="c1">The coefficient of <c>w</c>.</param>
internal readonly struct Fp12(in Fp6 c0, in Fp6 c1) : IEquatable<Fp12>
{
    /// <summary>1.</summary>
    public static readonly Fp12 One = new(Fp6.One, Fp6.Zero);

    // γ_i = ξ^(i(p-1)/6): w^p = γ_1·w, so the coefficient of w^i is multiplied by γ_i under the p-th power.
    private static readonly Fp2[] FrobeniusCoefficients = ComputeFrobeniusCoefficients();

    /// <summary>The coefficient of 1.</summary>
    public readonly Fp6 C0 = c0;

    /// <summary>The coefficient of <c>w</c>.</summary>
    public readonly Fp6 C1 = c1;

    /// <summary>
    /// <c>ξ^(power·(p-1)/6)</c> for 0 to 5: what the Frobenius map multiplies the coefficient of <c>w^power</c> by.
    /// </summary>
    public static Fp2 FrobeniusCoefficient(int power) => FrobeniusCoefficients[power];

    /// <summary>The product.</summary>
    public static Fp12 operator *(in Fp12 a, in Fp12 b)
    {
        // Karatsuba: c0 = a0·b0 + v·a1·b1, c1 = (a0 + a1)(b0 + b1) - a0·b0 - a1·b1.
        Fp6 v0 = a.C0 * b.C0;
        Fp6 v1 = a.C1 * b.C1;
        return new(v0 + v1.MultiplyByV(), ((a.C0 + a.C1) * (b.C0 + b.C1)) - v0 - v1);
    }

    /// <summary>
    /// The product with the sparse element <c>b0 + b1·w² + w³</c>, the shape of a line of the Miller loop.
    /// </summary>
    public Fp12 MultiplyByLine(in Fp2 b0, in Fp2 b1)
    {
        // As an element of Fp6[w] the line is (b0 + b1·v) + v·w.
        Fp6 v0 = C0.MultiplyBy01(b0, b1);
        Fp6 v1 = C1.MultiplyByV();
        return new(v0 + v1.MultiplyByV(), (C0 + C1).MultiplyBy01(b0, b1 + Fp2.One) - v0 - v1);
    }

    /// <summary>The square.</summary>
    public Fp12 Square()
    {
        // (a0 + a1)(a0 + v·a1) - a0·a1 - v·a0·a1 = a0² + v·a1²
        Fp6 product = C0 * C1;
        return new(((C0 + C1) * (C0 + C1.MultiplyByV())) - product - product.MultiplyByV(), product + product);
    }

    /// <summary>
    /// The square of an element of the cyclotomic subgroup, the elements of order dividing <c>p⁴ - p² + 1</c>
    /// (Granger and Scott, eprint 2009/565, section 3.2). For other elements the result means nothing.
    /// </summary>
    public Fp12 CyclotomicSquare()
    {
        // Three squares in Fp4 = Fp2(w³) of the pairs of coefficients (1, w³), (w, w⁴), (w², w⁵); then 3·A² ∓
        // 2·conjugate(A) for each.
        SquareFp4(C0.C0, C1.C1, out Fp2 a0, out Fp2 a1);
        SquareFp4(C1.C0, C0.C2, out Fp2 b0, out Fp2 b1);
        SquareFp4(C0.C1, C1.C2, out Fp2 c0, out Fp2 c1);
        return new(
            new(TripleMinusTwice(a0, C0.C0), TripleMinusTwice(b0, C0.C1), TripleMinusTwice(c0, C0.C2)),
            new(TriplePlusTwice(c1.MultiplyByXi(), C1.C0), TriplePlusTwice(a1, C1.C1), TriplePlusTwice(b1, C1.C2))
        );
    }

    /// <summary>
    /// The conjugate <c>C0 - C1·w</c>: the <c>p⁶</c>-th power, and in the cyclotomic subgroup the inverse.
    /// </summary>
    public Fp12 Conjugate() => new(C0, -C1);

    /// <summary>The inverse <c>(C0 - C1·w)/(C0² - v·C1²)</c>, and 0 for 0.</summary>
    public Fp12 Inverse()
    {
        Fp6 inverse = ((C0 * C0) - (C1 * C1).MultiplyByV()).Inverse();
        return new(C0 * inverse, -(C1 * inverse));
    }

    /// <summary>The <c>p</c>-th power.</summary>
    public Fp12 Frobenius() =>
        new(
            new(
                C0.C0.Conjugate(),
                C0.C1.Conjugate() * FrobeniusCoefficients[2],
                C0.C2.Conjugate() * FrobeniusCoefficients[4]
            ),
            new(
                C1.C0.Conjugate() * FrobeniusCoefficients[1],
                C1.C1.Conjugate() * FrobeniusCoefficients[3],
                C1.C2.Conjugate() * FrobeniusCoefficients[5]
            )
        );

    /// <summary><c>a^exponent</c>, for tests.</summary>
    public Fp12 Power(BigInteger exponent)
    {
        Fp12 result = One;
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

    /// <summary>Equality by value.</summary>
    public static bool operator ==(in Fp12 a, in Fp12 b) => a.C0 == b.C0 && a.C1 == b.C1;

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(in Fp12 a, in Fp12 b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(Fp12 other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Fp12 other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(C0, C1);

    // (a + b·s)² with s² = ξ: a² + ξ·b², and 2ab = (a + b)² - a² - b².
    private static void SquareFp4(in Fp2 a, in Fp2 b, out Fp2 low, out Fp2 high)
    {
        Fp2 aa = a.Square();
        Fp2 bb = b.Square();
        low = aa + bb.MultiplyByXi();
        high = (a + b).Square() - aa - bb;
    }

    private static Fp2 TripleMinusTwice(in Fp2 square, in Fp2 a) => (square - a).Double() + square;

    private static Fp2 TriplePlusTwice(in Fp2 square, in Fp2 a) => (square + a).Double() + square;

    private static Fp2[] ComputeFrobeniusCoefficients()
    {
        var coefficients = new Fp2[6];
        coefficients[0] = Fp2.One;
        coefficients[1] = Fp2.Xi.Power((Fp.Modulus - 1) / 6);
        for (int i = 2; i < coefficients.Length; i++)
        {
            coefficients[i] = coefficients[i - 1] * coefficients[1];
        }

        return coefficients;
    }
}
