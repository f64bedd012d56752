using System.Globalization;
using System.Numerics;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// A point of the curve <c>y² = x³ + 4</c> over the base field by its two coordinates; <c>(0, 0)</c>, which is not on
/// the curve, stands for the
/// point at infinity. Not necessarily in the subgroup of order <c>r</c>: <see cref="IsInSubgroup"/> says so.
/// </summary>
/// <param name="x">The x coordinate.</param>
/// <param name="y">The y coordinate.</param>
internal readonly struct G1Affine(in Fp x, in Fp y) : IEquatable<G1Affine>
{
    /// <summary>The generator of G1 (IETF draft-irtf-cfrg-pairing-friendly-curves, section 4.2.1).</summary>
    public static readonly G1Affine Generator = new(
        Hex("17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"),
        Hex("08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1")
    );

    // The curve's b.
    private static readonly Fp Four = Fp.FromBigInteger(4);

    // β, the cube root of unity with (β·x, y) = -[z²](x, y) on G1. The other root belongs to the other eigenvalue, z²
    // - 1.
    private static readonly Fp Beta = FindBeta();

    /// <summary>The x coordinate.</summary>
    public readonly Fp X = x;

    /// <summary>The y coordinate.</summary>
    public readonly Fp Y = y;

    /// <summary>Whether this is the point at infinity.</summary>
    public bool IsInfinity => X.IsZero && Y.IsZero;

    /// <summary>Whether the coordinates satisfy the curve's equation, or this is the point at infinity.</summary>
    public bool IsOnCurve => IsInfinity || Y.Square() == (X.Square() * X) + Four;

    /// <summary>The negation.</summary>
    public static G1Affine operator -(in G1Affine point) => new(point.X, -point.Y);

    /// <summary>
    /// Whether a point of the curve is in G1, the subgroup of order <c>r</c>: <c>φ(P) = -[z²]P</c> with <c>φ(x, y) =
    /// (β·x, y)</c>
    /// (Scott, eprint 2021/1130, section 6; proof of sufficiency in eprint 2022/352).
    /// </summary>
    public bool IsInSubgroup()
    {
        G1Point point = new(this);
        return new G1Point(Endomorphism()) == -MultiplyByCurveParameter(MultiplyByCurveParameter(point));
    }

    /// <summary>The endomorphism <c>φ(x, y) = (β·x, y)</c>, in G1 the multiplication by <c>-z²</c>.</summary>
    public G1Affine Endomorphism() => new(EndomorphismX(X), Y);

    /// <summary>
    /// <c>β·x</c>, in Jacobian coordinates too: what <see cref="Endomorphism"/> makes of the x coordinate.
    /// </summary>
    public static Fp EndomorphismX(in Fp x) => Beta * x;

    /// <summary>Decodes 48 compressed bytes into a point of the curve; the subgroup is not checked.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> compressed, out G1Affine point)
    {
        point = default;
        Span<byte> coordinate = stackalloc byte[Fp.Length];
        if (
            compressed.Length != Fp.Length
            || !PointEncoding.TryRead(compressed, coordinate, out bool isInfinity, out bool isLargest)
        )
        {
            return false;
        }

        if (isInfinity)
        {
            return true;
        }

        if (!Fp.TryDecode(coordinate, out Fp x) || !((x.Square() * x) + Four).TrySquareRoot(out Fp y))
        {
            return false;
        }

        point = new(x, y.IsLexicographicallyLargest() == isLargest ? y : -y);
        return true;
    }

    /// <summary>Writes 48 compressed bytes.</summary>
    public void Encode(Span<byte> compressed)
    {
        if (IsInfinity)
        {
            PointEncoding.WriteInfinity(compressed[..Fp.Length]);
            return;
        }

        X.Encode(compressed);
        PointEncoding.WriteFlags(compressed, Y.IsLexicographicallyLargest());
    }

    /// <summary>Equality by value.</summary>
    public static bool operator ==(in G1Affine a, in G1Affine b) => a.X == b.X && a.Y == b.Y;

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(in G1Affine a, in G1Affine b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(G1Affine other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is G1Affine other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(X, Y);

    // [|z|]P for the curve's parameter z = -0xd201000000010000; |z| has six bits set.
    private static G1Point MultiplyByCurveParameter(in G1Point point)
    {
        G1Point result = point;
        for (int bit = 62; bit >= 0; bit--)
        {
            result = result.Double();
            if (((Pairing.CurveParameter >> bit) & 1) != 0)
            {
                result += point;
            }
        }

        return result;
    }

    private static Fp FindBeta()
    {
        // A cube root of unity other than 1 is g^((p-1)/3) for any g that is not a cube; 2 is not one.
        Fp beta = Fp.FromBigInteger(2).Power((Fp.Modulus - 1) / 3);
        G1Point generator = new(Generator);
        G1Point expected = -MultiplyByCurveParameter(MultiplyByCurveParameter(generator));
        return new G1Point(new G1Affine(beta * Generator.X, Generator.Y)) == expected ? beta : beta.Square();
    }

    private static Fp Hex(string digits) =>
        Fp.FromBigInteger(BigInteger.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
