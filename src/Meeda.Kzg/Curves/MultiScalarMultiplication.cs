using System.Numerics;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// <c>Σ s_i·P_i</c> over points that no one vouches for: repeated, opposite and infinite ones are fine, since every
/// addition is complete.
/// Few points share their doublings (Straus), many share buckets (Pippenger).
/// </summary>
internal static class MultiScalarMultiplication
{
    private const int LimbsPerHalf = 2;

    // Up to so many points the shared doublings of Straus' method take less time than Pippenger's bucket sums
    // (measured: about even at 20).
    private const int StrausLimit = 20;

    // Points of all windows that are summed at once: 1.5 MB.
    private const int PointsAtOnce = 16384;

    // Width of the non-adjacent form in Straus' method: the table of a point holds its odd multiples 1, 3, …, 15.
    private const int NafWidth = 5;

    // z², by which a scalar is split in two halves: k = k1 + k2·z² with k1 and k2 below 2^128.
    private static readonly BigInteger CurveParameterSquare = BigInteger.Pow(Pairing.CurveParameter, 2);

    /// <summary>The sum over points of the subgroup.</summary>
    public static G1Point Sum(ReadOnlySpan<G1Point> points, ReadOnlySpan<Fr> scalars)
    {
        if (points.Length <= PointProducts.Limit && PointLanes256.IsSupported)
        {
            return PointProducts.Sum(G1Point.ToAffine(points), scalars);
        }

        if (2 * points.Length > StrausLimit)
        {
            return Sum(G1Point.ToAffine(points), scalars);
        }

        // [k]P = [k1]P + [k2](-φ(P)): half the doublings (Gallant, Lambert, Vanstone).
        var halves = new G1Point[2 * points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            halves[2 * i] = points[i];
            halves[(2 * i) + 1] = -points[i].Endomorphism();
        }

        return Straus(halves, Split(scalars), LimbsPerHalf);
    }

    /// <inheritdoc cref="Sum(ReadOnlySpan{G1Point}, ReadOnlySpan{Fr})"/>
    public static G1Point Sum(ReadOnlySpan<G1Affine> points, ReadOnlySpan<Fr> scalars)
    {
        var halves = new G1Affine[2 * points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            halves[2 * i] = points[i];
            halves[(2 * i) + 1] = -points[i].Endomorphism();
        }

        return Buckets(halves, Split(scalars), LimbsPerHalf);
    }

    /// <summary>
    /// The sum over any points of the curve, with scalars of <paramref name="limbsPerScalar"/> limbs each, least
    /// significant first.
    /// </summary>
    public static G1Point Sum(ReadOnlySpan<G1Point> points, ReadOnlySpan<ulong> scalars, int limbsPerScalar) =>
        points.Length <= StrausLimit
            ? Straus(points, scalars, limbsPerScalar)
            : Buckets(G1Point.ToAffine(points), scalars, limbsPerScalar);

    // Pippenger's method on vectors; where it meets equal or opposite points, or scalars are long, by complete
    // additions.
    private static G1Point Buckets(ReadOnlySpan<G1Affine> points, ReadOnlySpan<ulong> scalars, int limbsPerScalar) =>
        limbsPerScalar == VariableBaseMsm.LimbsPerScalar && VariableBaseMsm.TrySum(points, scalars, out G1Point sum)
            ? sum
            : Pippenger(points, scalars, limbsPerScalar);

    /// <summary>Straus' method: one run of doublings for all points, additions from tables of odd multiples.</summary>
    internal static G1Point Straus(ReadOnlySpan<G1Point> points, ReadOnlySpan<ulong> scalars, int limbsPerScalar)
    {
        const int TableLength = 1 << (NafWidth - 2);
        int digitCount = (64 * limbsPerScalar) + 1;
        var tables = new G1Point[points.Length * TableLength];
        var digits = new sbyte[points.Length * digitCount];
        for (int i = 0; i < points.Length; i++)
        {
            Span<G1Point> table = tables.AsSpan(i * TableLength, TableLength);
            table[0] = points[i];
            G1Point twice = table[0].Double();
            for (int j = 1; j < TableLength; j++)
            {
                table[j] = table[j - 1] + twice;
            }

            WriteNonAdjacentForm(
                scalars.Slice(i * limbsPerScalar, limbsPerScalar),
                digits.AsSpan(i * digitCount, digitCount)
            );
        }

        G1Point sum = default;
        for (int position = digitCount - 1; position >= 0; position--)
        {
            sum = sum.Double();
            for (int i = 0; i < points.Length; i++)
            {
                int digit = digits[(i * digitCount) + position];
                if (digit > 0)
                {
                    sum += tables[(i * TableLength) + (digit / 2)];
                }
                else if (digit < 0)
                {
                    sum -= tables[(i * TableLength) + (-digit / 2)];
                }
            }
        }

        return sum;
    }

    /// <summary>
    /// Pippenger's method: per window of bits one list of points per digit, signed digits halving the lists; many
    /// lists are summed at once.
    /// </summary>
    internal static G1Point Pippenger(ReadOnlySpan<G1Affine> points, ReadOnlySpan<ulong> scalars, int limbsPerScalar)
    {
        int bits = (64 * limbsPerScalar) + 1;
        int width = WindowWidth(points.Length, bits);
        int windows = (bits + width - 1) / width;
        var digits = new short[points.Length * windows];
        for (int i = 0; i < points.Length; i++)
        {
            WriteSignedDigits(
                scalars.Slice(i * limbsPerScalar, limbsPerScalar),
                width,
                digits.AsSpan(i * windows, windows)
            );
        }

        // As many windows at once as make their points fit a core's cache.
        var buckets = new BucketSums(width, points.Length);
        int windowsAtOnce = Math.Clamp(PointsAtOnce / Math.Max(points.Length, 1), 1, windows);
        var windowSums = new G1Point[windowsAtOnce];
        G1Point sum = default;
        for (int end = windows; end > 0; end -= windowsAtOnce)
        {
            int start = Math.Max(0, end - windowsAtOnce);
            Span<G1Point> sums = windowSums.AsSpan(0, end - start);
            buckets.Sum(points, digits, start, sums);
            for (int window = sums.Length - 1; window >= 0; window--)
            {
                for (int i = 0; i < width; i++)
                {
                    sum = sum.Double();
                }

                sum += sums[window];
            }
        }

        return sum;
    }

    /// <summary>
    /// The digits <c>d_i</c> in <c>(-2^(width-1), 2^(width-1)]</c> with <c>scalar = Σ d_i·2^(width·i)</c>.
    /// </summary>
    internal static void WriteSignedDigits(ReadOnlySpan<ulong> scalar, int width, Span<short> digits)
    {
        int carry = 0;
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = Bits(scalar, i * width, width) + carry;
            carry = digit > 1 << (width - 1) ? 1 : 0;
            digits[i] = (short)(digit - (carry << width));
        }
    }

    /// <summary>
    /// The width-5 non-adjacent form: odd digits in <c>(-16, 16)</c> or 0, at least four zeros behind each that is
    /// not 0.
    /// </summary>
    internal static void WriteNonAdjacentForm(ReadOnlySpan<ulong> scalar, Span<sbyte> digits)
    {
        digits.Clear();
        int carry = 0;
        int position = 0;
        while (position < digits.Length)
        {
            if (Bits(scalar, position, 1) == carry)
            {
                position++;
                continue;
            }

            int digit = Bits(scalar, position, NafWidth) + carry;
            carry = digit >> (NafWidth - 1);
            digits[position] = (sbyte)(digit - (carry << NafWidth));
            position += NafWidth;
        }
    }

    // The halves k1, k2 of every scalar, each of two limbs.
    private static ulong[] Split(ReadOnlySpan<Fr> scalars)
    {
        var limbs = new ulong[2 * LimbsPerHalf * scalars.Length];
        for (int i = 0; i < scalars.Length; i++)
        {
            (BigInteger high, BigInteger low) = BigInteger.DivRem(scalars[i].ToBigInteger(), CurveParameterSquare);
            Span<ulong> halves = limbs.AsSpan(2 * LimbsPerHalf * i);
            (halves[0], halves[1]) = ((ulong)(UInt128)low, (ulong)((UInt128)low >> 64));
            (halves[2], halves[3]) = ((ulong)(UInt128)high, (ulong)((UInt128)high >> 64));
        }

        return limbs;
    }

    private static int Bits(ReadOnlySpan<ulong> scalar, int position, int count)
    {
        int limb = position / 64;
        if (limb >= scalar.Length)
        {
            return 0;
        }

        ulong bits = scalar[limb] >> (position % 64);
        if ((position % 64) + count > 64 && limb + 1 < scalar.Length)
        {
            bits |= scalar[limb + 1] << (64 - (position % 64));
        }

        return (int)(bits & ((1UL << count) - 1));
    }

    // The width with the fewest field multiplications: 7 for an affine addition, three of them for a bucket, 32 for a
    // row or column of buckets.
    private static int WindowWidth(int points, int bits)
    {
        int best = 2;
        long bestCost = long.MaxValue;
        for (int width = 2; width <= 13; width++)
        {
            long cost = (bits + width - 1L) / width * ((7L * points) + (14L << (width - 1)) + (64L << (width / 2)));
            if (cost < bestCost)
            {
                (best, bestCost) = (width, cost);
            }
        }

        return best;
    }
}
