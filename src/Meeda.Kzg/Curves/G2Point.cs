using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// A point of the twisted curve <c>y² = x³ + 4(1 + u)</c> in Jacobian coordinates <c>(X/Z², Y/Z³)</c>, <c>Z = 0</c>
/// at infinity. Only the trusted setup and
/// the lines of the pairing need this group, so its operations are plain.
/// </summary>
internal readonly struct G2Point : IEquatable<G2Point>
{
    private readonly Fp2 _x;
    private readonly Fp2 _y;
    private readonly Fp2 _z;

    private G2Point(in Fp2 x, in Fp2 y, in Fp2 z)
    {
        _x = x;
        _y = y;
        _z = z;
    }

    /// <summary>The point given by its coordinates.</summary>
    public G2Point(in G2Affine point)
        : this(point.X, point.Y, point.IsInfinity ? Fp2.Zero : Fp2.One) { }

    /// <summary>Whether this is the point at infinity.</summary>
    public bool IsInfinity => _z.IsZero;

    /// <summary>The sum.</summary>
    public static G2Point operator +(in G2Point a, in G2Point b)
    {
        if (a.IsInfinity)
        {
            return b;
        }

        if (b.IsInfinity)
        {
            return a;
        }

        // add-2007-bl of the Explicit-Formulas Database, as in G1Point.
        Fp2 aZ2 = a._z.Square();
        Fp2 bZ2 = b._z.Square();
        Fp2 aU = a._x * bZ2;
        Fp2 bU = b._x * aZ2;
        Fp2 aS = a._y * b._z * bZ2;
        Fp2 bS = b._y * a._z * aZ2;
        if (aU == bU)
        {
            return aS == bS ? a.Double() : default;
        }

        Fp2 h = bU - aU;
        Fp2 i = h.Double().Square();
        Fp2 j = h * i;
        Fp2 r = (bS - aS).Double();
        Fp2 v = aU * i;
        Fp2 x = r.Square() - j - v.Double();
        return new(x, (r * (v - x)) - (aS * j).Double(), ((a._z + b._z).Square() - aZ2 - bZ2) * h);
    }

    /// <summary>The negation.</summary>
    public static G2Point operator -(in G2Point a) => new(a._x, -a._y, a._z);

    /// <summary>Twice the point.</summary>
    public G2Point Double()
    {
        // dbl-2009-l of the Explicit-Formulas Database; the twisted curve has no point of order 2 either (its
        // cofactor is odd).
        Fp2 a = _x.Square();
        Fp2 b = _y.Square();
        Fp2 c = b.Square();
        Fp2 d = ((_x + b).Square() - a - c).Double();
        Fp2 e = a.Double() + a;
        Fp2 x = e.Square() - d.Double();
        return new(x, (e * (d - x)) - c.Double().Double().Double(), (_y * _z).Double());
    }

    /// <summary><c>[scalar]P</c> for a scalar in limbs, least significant first.</summary>
    public G2Point Multiply(ReadOnlySpan<ulong> scalar)
    {
        G2Point result = default;
        for (int bit = (64 * scalar.Length) - 1; bit >= 0; bit--)
        {
            result = result.Double();
            if (((scalar[bit / 64] >> (bit % 64)) & 1) != 0)
            {
                result += this;
            }
        }

        return result;
    }

    /// <summary>Many points by their coordinates, with one inversion in all.</summary>
    public static G2Affine[] ToAffine(ReadOnlySpan<G2Point> points)
    {
        var inverses = new Fp2[points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            inverses[i] = points[i]._z;
        }

        Fp2.InvertAll(inverses);
        var affine = new G2Affine[points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            // The inverse of Z = 0 is 0, which makes (0, 0), the affine form of infinity.
            Fp2 square = inverses[i].Square();
            affine[i] = new(points[i]._x * square, points[i]._y * square * inverses[i]);
        }

        return affine;
    }

    /// <summary>Equality as points: different coordinates of one point are equal.</summary>
    public static bool operator ==(in G2Point a, in G2Point b)
    {
        if (a.IsInfinity || b.IsInfinity)
        {
            return a.IsInfinity && b.IsInfinity;
        }

        Fp2 aZ2 = a._z.Square();
        Fp2 bZ2 = b._z.Square();
        return a._x * bZ2 == b._x * aZ2 && a._y * b._z * bZ2 == b._y * a._z * aZ2;
    }

    /// <summary>Inequality as points.</summary>
    public static bool operator !=(in G2Point a, in G2Point b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(G2Point other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is G2Point other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => ToAffine([this])[0].GetHashCode();
}
