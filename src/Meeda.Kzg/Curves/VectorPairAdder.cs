using System.Runtime.CompilerServices;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Affine additions on one vector width, a pair in each lane: 5 multiplications and 1 squaring for an addition, the
/// inversions apart.
/// </summary>
internal sealed unsafe partial class VectorPairAdder<TLanes> : PairAdder
    where TLanes : struct, IPointLanes
{
    // Pairs whose inversion is shared: more would leave the first-level cache.
    private const int ChunkLength = 2048;

    // Groups from the one that is worked on to the one whose points are fetched.
    private const int PrefetchDistance = 6;

    private static readonly int GroupLength = FpLimbs.Count * TLanes.Lanes;

    private readonly double* _products;
    private readonly double* _differences;
    private readonly double* _firstX;
    private readonly double* _scratch;
    private readonly double* _one;
    private readonly double* _zero;
    private readonly double* _temporary;

    /// <summary>Takes memory for a chunk.</summary>
    /// <param name="memory">Where it is taken.</param>
    public VectorPairAdder(NativeArena memory)
    {
        RoundingMode.RequireNearest();

        // The arrays begin at different offsets within a page, so that their groups do not compete for the same cache
        // sets.
        const int Offset = 72;
        int chunk = ChunkLength * FpLimbs.Count;
        _products = (double*)memory.Allocate((nuint)((3 * chunk) + (32 * GroupLength) + (8 * Offset)) * sizeof(double));
        _differences = _products + chunk + Offset;
        _firstX = _differences + chunk + Offset;
        _scratch = _firstX + chunk + Offset;
        _one = _scratch + (16 * TLanes.Lanes);
        _zero = _one + GroupLength;
        _temporary = _zero + GroupLength;
        for (int i = 0; i < GroupLength; i++)
        {
            _one[i] = i < TLanes.Lanes ? 1 : 0;
            _zero[i] = 0;
        }
    }

    /// <inheritdoc/>
    public override void Write(in G1Affine point, double* row)
    {
        FpLimbs.Write(point.X, row, 1);
        FpLimbs.Write(point.Y, row + FpLimbs.Count, 1);
    }

    /// <inheritdoc/>
    public override G1Affine Read(double* points, uint entry)
    {
        double* row = points + ((long)(entry >> 1) * RowLength);
        G1Affine point = new(FpLimbs.Read(row, 1), FpLimbs.Read(row + FpLimbs.Count, 1));
        return (entry & 1) == 0 ? point : -point;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool TryAdd(double* points, uint* pairs, int count, double* sums)
    {
        bool regular = true;
        for (int start = 0; start < count && regular; start += ChunkLength)
        {
            regular = TryAddChunk(
                points,
                pairs + (2L * start),
                Math.Min(ChunkLength, count - start),
                sums + ((long)start * RowLength)
            );
        }

        return regular;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryAddChunk(double* points, uint* pairs, int count, double* sums)
    {
        // Groups are worked on two at a time, each with a chain of products of its own: one's work fills the gaps
        // that the other's leaves.
        int lanes = TLanes.Lanes;
        int groupLength = FpLimbs.Count * lanes;
        int groups = (count + (2 * lanes) - 1) / (2 * lanes) * 2;
        for (int i = count; i < groups * lanes; i++)
        {
            (pairs[2 * i], pairs[(2 * i) + 1]) = (pairs[0], pairs[1]);
        }

        double* products = _products,
            scratch = _scratch;

        // 1. The products of all x2 - x1 from the first group of the chain on.
        MultiplyDifferences(points, pairs, groups);

        // 2. One inversion for the chunk.
        double* inverses = _temporary,
            room = inverses + (2 * groupLength);
        double* ends = products + ((groups - 2) * groupLength);
        TLanes.Multiply(room, ends, ends + groupLength, scratch);
        if (!LaneInversion<TLanes>.TryInvert(room, inverses, room + groupLength, scratch))
        {
            return false;
        }

        TLanes.Multiply(room, inverses, ends, scratch);
        TLanes.Multiply(inverses, inverses, ends + groupLength, scratch);
        TLanes.Add(inverses + groupLength, room, _zero);

        // 3. Backwards.
        for (int k = groups - 2; k >= 0; k -= 2)
        {
            if (k > 0)
            {
                RowPrefetch.SecondLines(points, pairs + (2 * lanes * (k - 2)), 4 * lanes);
                RowPrefetch.Rows(sums + ((long)(k - 2) * lanes * RowLength), 2 * lanes);
            }

            AddGroups(points, pairs, sums, k, count);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyDifferences(double* points, uint* pairs, int groups)
    {
        int lanes = TLanes.Lanes;
        int groupLength = FpLimbs.Count * lanes;
        double* products = _products,
            differences = _differences,
            firstX = _firstX,
            scratch = _scratch;

        for (int k = 0; k < groups; k += 2)
        {
            if (k + PrefetchDistance < groups)
            {
                RowPrefetch.FirstLines(points, pairs + (2 * lanes * (k + PrefetchDistance)), 4 * lanes);
            }

            double* difference = differences + (k * groupLength),
                product = products + (k * groupLength);
            double* before = k == 0 ? _one : product - (2 * groupLength);
            TLanes.LoadX(points, pairs + (2 * lanes * k), firstX + (k * groupLength), difference);
            TLanes.LoadX(
                points,
                pairs + (2 * lanes * (k + 1)),
                firstX + ((k + 1) * groupLength),
                difference + groupLength
            );
            TLanes.Multiply(product, before, difference, scratch);
            TLanes.Multiply(
                product + groupLength,
                k == 0 ? _one : before + groupLength,
                difference + groupLength,
                scratch
            );
        }
    }

    // Two groups, whose products with the inverses of their chains are still to be made: λ = (y2 - y1)/(x2 - x1), x3
    // = λ² - x1 - x2, y3 = λ(x1 - x3) - y1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddGroups(double* points, uint* pairs, double* sums, int k, int count)
    {
        int lanes = TLanes.Lanes;
        int groupLength = FpLimbs.Count * lanes;
        double* scratch = _scratch,
            inverses = _temporary,
            inverses1 = inverses + groupLength;
        double* slope = inverses1 + groupLength,
            t = slope + (2 * groupLength),
            x2 = t + (2 * groupLength);
        double* x3 = x2 + (2 * groupLength),
            y3 = x3 + (2 * groupLength),
            y1 = y3 + (2 * groupLength),
            dy = y1 + (2 * groupLength);
        double* x1 = _firstX + (k * groupLength),
            difference = _differences + (k * groupLength),
            before = _products + ((k - 2) * groupLength);
        TLanes.LoadY(points, pairs + (2 * lanes * k), y1, dy);
        TLanes.LoadY(points, pairs + (2 * lanes * (k + 1)), y1 + groupLength, dy + groupLength);
        if (k > 0)
        {
            TLanes.Multiply(t, inverses, before, scratch);
            TLanes.Multiply(t + groupLength, inverses1, before + groupLength, scratch);
            TLanes.Multiply(inverses, inverses, difference, scratch);
            TLanes.Multiply(inverses1, inverses1, difference + groupLength, scratch);
            TLanes.Multiply(slope, dy, t, scratch);
            TLanes.Multiply(slope + groupLength, dy + groupLength, t + groupLength, scratch);
        }
        else
        {
            TLanes.Multiply(slope, dy, inverses, scratch);
            TLanes.Multiply(slope + groupLength, dy + groupLength, inverses1, scratch);
        }

        TLanes.Add(x2, x1, difference);
        TLanes.Add(x2 + groupLength, x1 + groupLength, difference + groupLength);
        TLanes.SquareSubtract(x3, slope, x1, x2, scratch);
        TLanes.SquareSubtract(x3 + groupLength, slope + groupLength, x1 + groupLength, x2 + groupLength, scratch);
        TLanes.Subtract(t, x1, x3);
        TLanes.Subtract(t + groupLength, x1 + groupLength, x3 + groupLength);
        TLanes.MultiplySubtract(y3, slope, t, y1, scratch);
        TLanes.MultiplySubtract(y3 + groupLength, slope + groupLength, t + groupLength, y1 + groupLength, scratch);
        StoreGroups(x3, y3, sums + ((long)k * lanes * RowLength), count - (k * lanes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreGroups(double* x3, double* y3, double* rows, int count)
    {
        int lanes = TLanes.Lanes;
        int groupLength = FpLimbs.Count * lanes;
        for (int group = 0; group < 2; group++, rows += lanes * RowLength)
        {
            int length = Math.Min(lanes, count - (group * lanes));
            if (length > 0)
            {
                TLanes.StoreRows(x3 + (group * groupLength), rows, length);
                TLanes.StoreRows(y3 + (group * groupLength), rows + FpLimbs.Count, length);
            }
        }
    }
}
