using System.Globalization;
using System.Numerics;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// A point of the twisted curve <c>y² = x³ + 4(1 + u)</c> over <see cref="Fp2"/> by its two coordinates; <c>(0,
/// 0)</c>, which is not on the curve,
/// stands for the point at infinity. Not necessarily in the subgroup of order <c>r</c>: <see cref="IsInSubgroup"/>
/// says so.
/// </summary>
/// <param name="x">The x coordinate.</param>
/// <param name="y">The y coordinate.</param>
internal readonly struct G2Affine(in Fp2 x, in Fp2 y) : IEquatable<G2Affine>
{
    /// <summary>Bytes of the compressed form.</summary>
    public const int CompressedLength = Fp2.Length;

    /// <summary>The generator of G2 (IETF draft-irtf-cfrg-pairing-friendly-curves, section 4.2.1).</summary>
    public static readonly G2Affine Generator = new(
        new(
            Hex("024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"),
            Hex("13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e")
        ),
        new(
            Hex("0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"),
            Hex("0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be")
        )
    );

    // The twisted curve's b.
    private static readonly Fp2 FourXi = Fp2.Xi * Fp.FromBigInteger(4);

    // ψ multiplies the conjugate of x by 1/ξ^((p-1)/3) and that of y by 1/ξ^((p-1)/2).
    private static readonly Fp2 PsiX = Fp12.FrobeniusCoefficient(2).Inverse();
    private static readonly Fp2 PsiY = Fp12.FrobeniusCoefficient(3).Inverse();

    /// <summary>The x coordinate.</summary>
    public readonly Fp2 X = x;

    /// <summary>The y coordinate.</summary>
    public readonly Fp2 Y = y;

    /// <summary>Whether this is the point at infinity.</summary>
    public bool IsInfinity => X.IsZero && Y.IsZero;

    /// <summary>Whether the coordinates satisfy the curve's equation, or this is the point at infinity.</summary>
    public bool IsOnCurve => IsInfinity || Y.Square() == (X.Square() * X) + FourXi;

    /// <summary>The negation.</summary>
    public static G2Affine operator -(in G2Affine point) => new(point.X, -point.Y);

    /// <summary>
    /// Whether a point of the curve is in G2, the subgroup of order <c>r</c>: <c>ψ(P) = [z]P</c>, where <c>ψ</c> is
    /// the untwisted, then raised to the
    /// <c>p</c>-th power, then twisted point (Scott, eprint 2021/1130, section 4).
    /// </summary>
    public bool IsInSubgroup()
    {
        G2Point psi = new(new G2Affine(X.Conjugate() * PsiX, Y.Conjugate() * PsiY));
        return psi == -new G2Point(this).Multiply([Pairing.CurveParameter]);
    }

    /// <summary>Decodes 96 compressed bytes into a point of the curve; the subgroup is not checked.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> compressed, out G2Affine point)
    {
        point = default;
        Span<byte> coordinate = stackalloc byte[Fp2.Length];
        if (
            compressed.Length != CompressedLength
            || !PointEncoding.TryRead(compressed, coordinate, out bool isInfinity, out bool isLargest)
        )
        {
            return false;
        }

        if (isInfinity)
        {
            return true;
        }

        if (!Fp2.TryDecode(coordinate, out Fp2 x) || !((x.Square() * x) + FourXi).TrySquareRoot(out Fp2 y))
        {
            return false;
        }

        point = new(x, y.IsLexicographicallyLargest() == isLargest ? y : -y);
        return true;
    }

    /// <summary>Writes 96 compressed bytes.</summary>
    public void Encode(Span<byte> compressed)
    {
        if (IsInfinity)
        {
            PointEncoding.WriteInfinity(compressed[..CompressedLength]);
            return;
        }

        X.Encode(compressed);
        PointEncoding.WriteFlags(compressed, Y.IsLexicographicallyLargest());
    }

    /// <summary>Equality by value.</summary>
    public static bool operator ==(in G2Affine a, in G2Affine b) => a.X == b.X && a.Y == b.Y;

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(in G2Affine a, in G2Affine b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(G2Affine other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is G2Affine other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(X, Y);

    private static Fp Hex(string digits) =>
        Fp.FromBigInteger(BigInteger.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
