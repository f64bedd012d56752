using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// A point of G1, the subgroup of prime order <c>r</c> of the curve <c>y² = x³ + 4</c> over BLS12-381's base field.
/// Every value of this type is in
/// the subgroup. Representation: Jacobian coordinates <c>(X/Z², Y/Z³)</c>, <c>Z = 0</c> at infinity; <c>default</c>
/// is the point at infinity.
/// </summary>
public readonly partial struct G1Point : IEquatable<G1Point>
{
    /// <summary>Bytes of the compressed form.</summary>
    public const int CompressedLength = Fp.Length;

    /// <summary>
    /// Bytes of the form of the EVM's precompiles (EIP-2537): x and y, each 48 bytes big-endian behind 16 zero bytes.
    /// </summary>
    public const int PaddedLength = 128;

    private const int PaddedCoordinateLength = PaddedLength / 2;
    private const int Padding = PaddedCoordinateLength - Fp.Length;

    private readonly Fp _x;
    private readonly Fp _y;
    private readonly Fp _z;

    private G1Point(in Fp x, in Fp y, in Fp z)
    {
        _x = x;
        _y = y;
        _z = z;
    }

    /// <summary>The point given by its coordinates.</summary>
    internal G1Point(in G1Affine point)
        : this(point.X, point.Y, point.IsInfinity ? Fp.Zero : Fp.One) { }

    /// <summary>The point at infinity, the group's zero.</summary>
    public static G1Point Infinity => default;

    /// <summary>The group's standard generator.</summary>
    public static G1Point Generator => new(G1Affine.Generator);

    /// <summary>Whether this is the point at infinity.</summary>
    public bool IsInfinity => _z.IsZero;

    /// <summary>The sum.</summary>
    public static G1Point operator +(in G1Point a, in G1Point b)
    {
        if (a.IsInfinity)
        {
            return b;
        }

        if (b.IsInfinity)
        {
            return a;
        }

        // add-2007-bl of the Explicit-Formulas Database: U = X·Z'², S = Y·Z'³ for each operand.
        Fp aZ2 = a._z.Square();
        Fp bZ2 = b._z.Square();
        Fp aU = a._x * bZ2;
        Fp bU = b._x * aZ2;
        Fp aS = a._y * b._z * bZ2;
        Fp bS = b._y * a._z * aZ2;
        if (aU == bU)
        {
            return aS == bS ? a.Double() : default;
        }

        Fp h = bU - aU;
        Fp i = h.Double().Square();
        Fp j = h * i;
        Fp r = (bS - aS).Double();
        Fp v = aU * i;
        Fp x = r.Square() - j - v.Double();
        return new(x, (r * (v - x)) - (aS * j).Double(), ((a._z + b._z).Square() - aZ2 - bZ2) * h);
    }

    /// <summary>The difference.</summary>
    public static G1Point operator -(in G1Point a, in G1Point b) => a + (-b);

    /// <summary>The negation.</summary>
    public static G1Point operator -(in G1Point a) => new(a._x, -a._y, a._z);

    /// <summary>The scalar multiple <c>[scalar]P</c>. Not constant-time.</summary>
    public G1Point Multiply(Fr scalar) => MultiScalarMultiplication.Sum([this], [scalar]);

    /// <summary><c>Σ scalar_i·P_i</c>, for any points: repeated, opposite or at infinity. Not constant-time.</summary>
    /// <exception cref="ArgumentException">There are not as many scalars as points.</exception>
    public static G1Point MultiScalarMultiply(ReadOnlySpan<G1Point> points, ReadOnlySpan<Fr> scalars)
    {
        if (points.Length != scalars.Length)
        {
            throw new ArgumentException($"scalars: {scalars.Length} for {points.Length} points", nameof(scalars));
        }

        return MultiScalarMultiplication.Sum(points, scalars);
    }

    /// <summary>
    /// <c>Σ w_i·P_i</c> with weights below 2^128, at half the price of full scalars; for any points: repeated,
    /// opposite or at infinity.
    /// </summary>
    /// <exception cref="ArgumentException">There are not as many weights as points.</exception>
    public static G1Point WeightedSum(ReadOnlySpan<G1Point> points, ReadOnlySpan<UInt128> weights)
    {
        if (points.Length != weights.Length)
        {
            throw new ArgumentException($"weights: {weights.Length} for {points.Length} points", nameof(weights));
        }

        var limbs = new ulong[2 * weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            limbs[2 * i] = (ulong)weights[i];
            limbs[(2 * i) + 1] = (ulong)(weights[i] >> 64);
        }

        return MultiScalarMultiplication.Sum(points, limbs, 2);
    }

    /// <summary>Equality as points: different coordinates of one point are equal.</summary>
    public static bool operator ==(in G1Point a, in G1Point b)
    {
        if (a.IsInfinity || b.IsInfinity)
        {
            return a.IsInfinity && b.IsInfinity;
        }

        Fp aZ2 = a._z.Square();
        Fp bZ2 = b._z.Square();
        return a._x * bZ2 == b._x * aZ2 && a._y * b._z * bZ2 == b._y * a._z * aZ2;
    }

    /// <summary>Inequality as points.</summary>
    public static bool operator !=(in G1Point a, in G1Point b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(G1Point other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is G1Point other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => ToAffine().GetHashCode();

    /// <summary>Twice the point.</summary>
    internal G1Point Double()
    {
        // dbl-2009-l of the Explicit-Formulas Database. Z = 0 stays 0; no point of the curve has order 2.
        Fp a = _x.Square();
        Fp b = _y.Square();
        Fp c = b.Square();
        Fp d = ((_x + b).Square() - a - c).Double();
        Fp e = a.Double() + a;
        Fp x = e.Square() - d.Double();
        return new(x, (e * (d - x)) - c.Double().Double().Double(), (_y * _z).Double());
    }

    /// <summary>The endomorphism <c>φ</c>, in G1 the multiplication by <c>-z²</c>.</summary>
    internal G1Point Endomorphism() => new(G1Affine.EndomorphismX(_x), _y, _z);

    /// <summary>The sum with a point given by its coordinates.</summary>
    internal G1Point Add(in G1Affine other)
    {
        if (IsInfinity)
        {
            return new(other);
        }

        if (other.IsInfinity)
        {
            return this;
        }

        // madd-2007-bl of the Explicit-Formulas Database.
        Fp z2 = _z.Square();
        Fp u = other.X * z2;
        Fp s = other.Y * _z * z2;
        if (u == _x)
        {
            return s == _y ? Double() : default;
        }

        Fp h = u - _x;
        Fp h2 = h.Square();
        Fp i = h2.Double().Double();
        Fp j = h * i;
        Fp r = (s - _y).Double();
        Fp v = _x * i;
        Fp x = r.Square() - j - v.Double();
        return new(x, (r * (v - x)) - (_y * j).Double(), (_z + h).Square() - z2 - h2);
    }

    /// <summary>The point by its coordinates.</summary>
    internal G1Affine ToAffine() => ToAffine(_z.Inverse());

    /// <summary>Many points by their coordinates, with one inversion in all.</summary>
    internal static G1Affine[] ToAffine(ReadOnlySpan<G1Point> points)
    {
        var affine = new G1Affine[points.Length];
        var inverses = new Fp[points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            inverses[i] = points[i]._z;
        }

        Fp.InvertAll(inverses, new Fp[points.Length]);
        for (int i = 0; i < points.Length; i++)
        {
            affine[i] = points[i].ToAffine(inverses[i]);
        }

        return affine;
    }

    // The inverse of Z = 0 is 0, which makes (0, 0), the affine form of infinity.
    private G1Affine ToAffine(in Fp zInverse)
    {
        Fp square = zInverse.Square();
        return new(_x * square, _y * square * zInverse);
    }
}
