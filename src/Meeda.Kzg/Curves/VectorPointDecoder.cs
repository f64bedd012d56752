using System.Numerics;
using System.Runtime.CompilerServices;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>
/// <see cref="PointDecoder"/> with a point in each lane: square root and subgroup take every point the same steps.
/// What is asked of a point is asked of exact residues: a normalised
/// result is 0 exactly where all its limbs are. Not safe for use by several threads at once.
/// </summary>
internal sealed unsafe class VectorPointDecoder<TLanes>
    where TLanes : struct, IPointLanes
{
    // Odd powers 1, 3, …, 31 for windows of five bits.
    private const int Powers = 16;

    [ThreadStatic]
    private static VectorPointDecoder<TLanes>? _instance;

    // (p + 1)/4 from the top: so many squarings, then the odd power of that number; none where it is negative.
    private static readonly (int Squarings, int Power)[] RootSteps = Steps((Fp.Modulus + 1) / 4);
    private static readonly int Length = JacobianLanes<TLanes>.GroupLength;

    private readonly JacobianLanes<TLanes> _jacobian = new();
    private readonly AlignedDoubles _memory = new((16 + Powers) * 64);
    private readonly Fp[] _x = new Fp[8];
    private readonly bool[] _isInfinity = new bool[8];
    private readonly bool[] _isLargest = new bool[8];

    private VectorPointDecoder()
    {
        RoundingMode.RequireNearest();
        for (int lane = 0; lane < TLanes.Lanes; lane++)
        {
            FpLimbs.Write(Fp.FromBigInteger(-4), MinusFour + lane, TLanes.Lanes);
            FpLimbs.Write(G1Affine.EndomorphismX(Fp.One), Beta + lane, TLanes.Lanes);
            FpLimbs.Write(Fp.One, One + lane, TLanes.Lanes);
        }
    }

    private double* MinusFour => _memory.Pointer;

    private double* Beta => MinusFour + Length;

    private double* One => Beta + Length;

    private double* Zero => One + Length;

    // The points' coordinates, and the right side of the curve's equation.
    private double* X => Zero + Length;

    private double* Y => X + Length;

    private double* Square => Y + Length;

    // A Jacobian point, and groups to work with.
    private double* Multiple => Square + Length;

    private double* Temporary => Multiple + (3 * Length);

    private double* Table => Temporary + (4 * Length);

    /// <inheritdoc cref="PointDecoder.Decode"/>
    public static int Decode(ReadOnlySpan<byte> compressed, Span<G1Affine> points)
    {
        VectorPointDecoder<TLanes> decoder = _instance ??= new();
        int decoded = 0;
        while (decoded < points.Length)
        {
            int count = Math.Min(TLanes.Lanes, points.Length - decoded);
            int good = decoder.DecodeGroup(
                compressed[(decoded * G1Point.CompressedLength)..],
                points.Slice(decoded, count)
            );
            decoded += good;
            if (good < count)
            {
                break;
            }
        }

        GC.KeepAlive(decoder);
        return decoded;
    }

    private int DecodeGroup(ReadOnlySpan<byte> compressed, Span<G1Affine> points)
    {
        // 1. The x coordinates; idle lanes, and points at infinity, take the generator's.
        int count = ReadCoordinates(compressed, points.Length);

        // 2. y = √(x³ + 4), with the sign that the encoding asks for.
        double* s = _jacobian.Scratch,
            remainder = Temporary;
        TLanes.Square(Y, X, s);
        TLanes.MultiplySubtract(Square, Y, X, MinusFour, s);
        SquareRoot(Y, Square);
        TLanes.SquareSubtract(remainder, Y, Square, Zero, s);
        for (int i = 0; i < count; i++)
        {
            if (!_isInfinity[i] && !IsZero(remainder, i))
            {
                count = i;
                break;
            }

            Fp y = FpLimbs.Read(Y + i, TLanes.Lanes);
            if (y.IsLexicographicallyLargest() != _isLargest[i])
            {
                y = -y;
                Negate(Y + i);
            }

            points[i] = _isInfinity[i] ? default : new(_x[i], y);
        }

        // 3. φ(P) = -[z²]P (see G1Affine.IsInSubgroup); where the lanes' formulas do not hold, scalar code is asked.
        bool answered = TryCheckSubgroup();
        for (int i = 0; i < count; i++)
        {
            if (
                !_isInfinity[i]
                && !(
                    answered && !IsZero(Multiple + (2 * Length), i)
                        ? IsZero(Temporary, i) && IsZero(Temporary + Length, i)
                        : points[i].IsInSubgroup()
                )
            )
            {
                return i;
            }
        }

        return count;
    }

    // The number of points before the first whose flags or coordinate is not canonical.
    private int ReadCoordinates(ReadOnlySpan<byte> compressed, int length)
    {
        Span<byte> coordinate = stackalloc byte[Fp.Length];
        int count = length;
        for (int lane = 0; lane < TLanes.Lanes; lane++)
        {
            _x[lane] = G1Affine.Generator.X;
            _isInfinity[lane] = _isLargest[lane] = false;
            if (lane < count)
            {
                if (
                    !PointEncoding.TryRead(
                        compressed.Slice(lane * Fp.Length, Fp.Length),
                        coordinate,
                        out _isInfinity[lane],
                        out _isLargest[lane]
                    ) || (!_isInfinity[lane] && !Fp.TryDecode(coordinate, out _x[lane]))
                )
                {
                    count = lane;
                    _x[lane] = G1Affine.Generator.X;
                }
            }

            FpLimbs.Write(_x[lane], X + lane, TLanes.Lanes);
        }

        return count;
    }

    // a^((p+1)/4), which is a root of a where there is one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SquareRoot(double* root, double* a)
    {
        double* s = _jacobian.Scratch,
            table = Table,
            square = Temporary;
        Copy(table, a);
        TLanes.Square(square, a, s);
        for (int i = 1; i < Powers; i++)
        {
            TLanes.Multiply(table + (i * Length), table + ((i - 1) * Length), square, s);
        }

        Copy(root, One);
        foreach ((int squarings, int power) in RootSteps)
        {
            for (int i = 0; i < squarings; i++)
            {
                TLanes.Square(root, root, s);
            }

            if (power >= 0)
            {
                TLanes.Multiply(root, root, table + (power * Length), s);
            }
        }
    }

    // Leaves [z²]P in Multiple, and in Temporary two groups that are 0 where φ(P) is its negation. False where the
    // formulas fail for a point on the way.
    private bool TryCheckSubgroup()
    {
        double* s = _jacobian.Scratch,
            x = Multiple,
            y = x + Length,
            z = y + Length,
            zz = Temporary + (2 * Length),
            t = zz + Length;
        MultiplyByCurveParameter(X, Y);
        if (!_jacobian.TryToAffine(Multiple, 1, Temporary))
        {
            return false;
        }

        Copy(Temporary, x);
        Copy(Temporary + Length, y);
        MultiplyByCurveParameter(Temporary, Temporary + Length);

        // β·x·Z² = X and -y·Z³ = Y.
        TLanes.Square(zz, z, s);
        TLanes.Multiply(t, Beta, X, s);
        TLanes.MultiplySubtract(Temporary, t, zz, x, s);
        TLanes.Multiply(zz, zz, z, s);
        TLanes.Subtract(t, Zero, Y);
        TLanes.MultiplySubtract(Temporary + Length, t, zz, y, s);
        return true;
    }

    // [|z|] times the points given by their coordinates.
    private void MultiplyByCurveParameter(double* x, double* y)
    {
        Copy(Multiple, x);
        Copy(Multiple + Length, y);
        Copy(Multiple + (2 * Length), One);
        for (int bit = 62; bit >= 0; bit--)
        {
            _jacobian.Double(Multiple);
            if (((Pairing.CurveParameter >> bit) & 1) != 0)
            {
                _jacobian.Add(Multiple, x, y);
            }
        }
    }

    private static bool IsZero(double* group, int lane)
    {
        for (int limb = 0; limb < FpLimbs.Count; limb++)
        {
            if (group[(limb * TLanes.Lanes) + lane] != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static void Negate(double* element)
    {
        for (int limb = 0; limb < FpLimbs.Count; limb++)
        {
            element[limb * TLanes.Lanes] = -element[limb * TLanes.Lanes];
        }
    }

    private static void Copy(double* target, double* source) =>
        Unsafe.CopyBlock(target, source, (uint)(Length * sizeof(double)));

    // Windows of at most five bits that end in a 1.
    private static (int Squarings, int Power)[] Steps(BigInteger exponent)
    {
        var steps = new List<(int, int)>();
        int bit = (int)exponent.GetBitLength() - 1;
        int zeros = 0;
        while (bit >= 0)
        {
            if (((exponent >> bit) & 1).IsZero)
            {
                zeros++;
                bit--;
                continue;
            }

            int low = Math.Max(0, bit - 4);
            while (((exponent >> low) & 1).IsZero)
            {
                low++;
            }

            int window = (int)((exponent >> low) & ((1 << (bit - low + 1)) - 1));
            steps.Add((zeros + bit - low + 1, window / 2));
            (zeros, bit) = (0, low - 1);
        }

        steps.Add((zeros, -1));
        return [.. steps];
    }
}
