using System.Buffers;
using System.Numerics;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// <see cref="EvaluationForm"/> on one vector width. Each lane works on a run of neighbouring elements, lane 0 on the
/// first run, so that the pairs of all
/// rounds but the last few are neighbouring groups, lane by lane.
/// </summary>
internal static unsafe class VectorEvaluation<TLanes>
    where TLanes : struct, IFrLanes
{
    private const int Size = EvaluationDomain.Size;
    private const int PairCount = Size / 2;

    // Groups for intermediate results behind the elements that are worked on.
    private const int Intermediates = 10;

    private static readonly int GroupLength = FrLimbs.Count * TLanes.Lanes;

    // From one lane's element to the next's.
    private static readonly int Stride = Size / TLanes.Lanes * Fr.Length;

    // Rounds in which whole groups meet, from 4096 elements to as many as there are lanes.
    private static readonly int Rounds = BitOperations.Log2((uint)(Size / TLanes.Lanes));

    // The root x of each pair x, -x, and its inverse, for every round, that of 4096 elements first.
    private static readonly AlignedDoubles Roots = PairTable(i => EvaluationDomain.BlobOrderRoots[2 * i]);
    private static readonly AlignedDoubles InverseRoots = PairTable(i => EvaluationDomain.InversePairRoots[i]);

    private static readonly int WorkLength =
        (PairCount * FrLimbs.Count) + (Intermediates * GroupLength) + AlignedDoubles.Padding;

    /// <inheritdoc cref="EvaluationForm.Evaluate(ReadOnlySpan{byte}, Fr)"/>
    public static Fr Evaluate(ReadOnlySpan<byte> blob, Fr z)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(blob.Length, Size * Fr.Length);
        double[] rented = ArrayPool<double>.Shared.Rent(WorkLength);
        fixed (byte* elements = blob)
        fixed (double* memory = rented)
        {
            Fr y = Evaluate(elements, z, AlignedDoubles.Align(memory));
            ArrayPool<double>.Shared.Return(rented);
            return y;
        }
    }

    /// <inheritdoc cref="EvaluationForm.TryQuotient"/>
    public static bool TryQuotient(ReadOnlySpan<byte> blob, Fr z, out Fr y, Span<byte> quotient)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(blob.Length, Size * Fr.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(quotient.Length, blob.Length);
        double[] rented = ArrayPool<double>.Shared.Rent(WorkLength);
        fixed (
            byte* elements = blob,
                target = quotient
        )
        fixed (double* memory = rented)
        {
            double* work = AlignedDoubles.Align(memory);
            y = Evaluate(elements, z, work);
            bool outside = TryDivide(elements, z, y, work, target);
            ArrayPool<double>.Shared.Return(rented);
            return outside;
        }
    }

    private static Fr Evaluate(byte* elements, Fr z, double* work)
    {
        double* a = work + (PairCount * FrLimbs.Count),
            b = a + GroupLength,
            sum = b + GroupLength,
            difference = sum + GroupLength;
        double* power = difference + GroupLength,
            ratio = power + GroupLength,
            scratch = ratio + GroupLength;
        double* inverseRoot = InverseRoots.Pointer;
        for (int round = 0; round < Rounds; round++)
        {
            FrLimbs.Broadcast(z, power, TLanes.Lanes);
            int groups = PairCount / TLanes.Lanes >> round;
            for (int group = 0; group < groups; group++, inverseRoot += GroupLength)
            {
                double* first = work + (2 * group * GroupLength),
                    second = first + GroupLength;
                if (round == 0)
                {
                    first = a;
                    second = b;
                    TLanes.Load(elements + (2 * group * Fr.Length), Stride, a);
                    TLanes.Load(elements + (((2 * group) + 1) * Fr.Length), Stride, b);
                }

                // The negation of (a + b) + (z/x)·(a - b).
                TLanes.Multiply(ratio, power, inverseRoot, scratch);
                TLanes.Add(sum, first, second);
                TLanes.Subtract(difference, second, first);
                TLanes.MultiplySubtract(work + (group * GroupLength), ratio, difference, sum, scratch);
            }

            z *= z;
        }

        Span<Fr> last = stackalloc Fr[TLanes.Lanes];
        for (int lane = 0; lane < last.Length; lane++)
        {
            last[lane] = FrLimbs.Read(work + lane, TLanes.Lanes);
        }

        Fr y = EvaluationForm.Fold(last, z) * EvaluationDomain.InverseSize;
        return Rounds % 2 == 0 ? y : -y;
    }

    // q_i = (P(ω_i) - y)/(ω_i - z), with 1/(x - z) = (z + x)/(x² - z²) and 1/(-x - z) = (z - x)/(x² - z²) for each
    // pair, from the last round, where there is
    // only 1 - z^4096, to the first.
    private static bool TryDivide(byte* elements, Fr z, in Fr y, double* work, byte* quotient)
    {
        Span<Fr> last = stackalloc Fr[TLanes.Lanes];
        Span<Fr> powers = stackalloc Fr[Rounds];
        if (!EvaluationForm.TryInvertDifferences(last, SquareRepeatedly(z, powers)))
        {
            return false;
        }

        for (int lane = 0; lane < last.Length; lane++)
        {
            FrLimbs.Write(last[lane], work + lane, TLanes.Lanes);
        }

        double* power = work + (PairCount * FrLimbs.Count),
            withRoot = power + GroupLength,
            withZ = withRoot + GroupLength,
            values = withZ + GroupLength;
        double* value = values + GroupLength,
            inverse = value + GroupLength,
            scratch = inverse + GroupLength;
        FrLimbs.Broadcast(y, value, TLanes.Lanes);
        double* root = Roots.Pointer + (((Size / TLanes.Lanes) - 1) * GroupLength);
        for (int round = Rounds - 1; round >= 0; round--)
        {
            FrLimbs.Broadcast(powers[round], power, TLanes.Lanes);
            for (int group = (PairCount / TLanes.Lanes >> round) - 1; group >= 0; group--)
            {
                root -= GroupLength;
                double* squares = work + (group * GroupLength);
                TLanes.Multiply(withRoot, squares, root, scratch);
                TLanes.Multiply(withZ, squares, power, scratch);
                if (round > 0)
                {
                    TLanes.Subtract(squares + ((group + 1) * GroupLength), withZ, withRoot);
                    TLanes.Add(squares + (group * GroupLength), withZ, withRoot);
                    continue;
                }

                TLanes.Add(inverse, withZ, withRoot);
                Divide(2 * group);
                TLanes.Subtract(inverse, withZ, withRoot);
                Divide((2 * group) + 1);
            }
        }

        return true;

        void Divide(int element)
        {
            TLanes.Load(elements + (element * Fr.Length), Stride, values);
            TLanes.Subtract(values, values, value);
            TLanes.Multiply(values, values, inverse, scratch);
            TLanes.Store(values, quotient + (element * Fr.Length), Stride);
        }
    }

    // z, z², z⁴, …; returns the one after the last.
    private static Fr SquareRepeatedly(Fr z, Span<Fr> powers)
    {
        foreach (ref Fr power in powers)
        {
            power = z;
            z *= z;
        }

        return z;
    }

    private static AlignedDoubles PairTable(Func<int, Fr> root)
    {
        RoundingMode.RequireNearest();
        var table = new AlignedDoubles(Size * FrLimbs.Count);
        double* groups = table.Pointer;
        for (int round = 0; round < Rounds; round++)
        {
            // Pair i of a lane's run in this round.
            int run = PairCount / TLanes.Lanes >> round;
            for (int i = 0; i < run; i++, groups += GroupLength)
            {
                for (int lane = 0; lane < TLanes.Lanes; lane++)
                {
                    FrLimbs.Write(root((lane * run) + i), groups + lane, TLanes.Lanes);
                }
            }
        }

        return table;
    }
}
