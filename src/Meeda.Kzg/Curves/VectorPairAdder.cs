using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>Affine additions on one vector width, a pair in each lane: 5 multiplications and 1 squaring for an addition, the inversions apart.</summary>
internal sealed unsafe class VectorPairAdder<TLanes> : PairAdder
    where TLanes : struct, IPointLanes
{
    // Pairs whose inversion is shared: more would leave the first-level cache.
    private const int ChunkLength = 2048;

    private const int CacheLineLength = 64 / sizeof(double);

    private static readonly int GroupLength = FpLimbs.Count * TLanes.Lanes;

    private readonly double* _memory;
    private readonly double* _products;
    private readonly double* _differences;
    private readonly double* _firstX;
    private readonly double* _scratch;
    private readonly double* _one;
    private readonly double* _temporary;

    // Made once per adder: the lanes of an inversion.
    private readonly Fp[] _lanes = new Fp[TLanes.Lanes];
    private readonly Fp[] _laneScratch = new Fp[TLanes.Lanes];

    /// <summary>Takes memory for a chunk.</summary>
    public VectorPairAdder()
    {
        RoundingMode.RequireNearest();

        // The arrays begin at different offsets within a page, so that their groups do not compete for the same cache sets.
        const int Offset = 72;
        int chunk = ChunkLength * FpLimbs.Count;
        _memory = (double*)NativeMemory.AlignedAlloc((nuint)((3 * chunk) + (32 * GroupLength) + (8 * Offset)) * sizeof(double), 4096);
        _products = _memory;
        _differences = _products + chunk + Offset;
        _firstX = _differences + chunk + Offset;
        _scratch = _firstX + chunk + Offset;
        _one = _scratch + (16 * TLanes.Lanes);
        _temporary = _one + GroupLength;
        for (int i = 0; i < GroupLength; i++)
        {
            _one[i] = i < TLanes.Lanes ? 1 : 0;
        }
    }

    /// <summary>Gives the memory back.</summary>
    ~VectorPairAdder() => NativeMemory.AlignedFree(_memory);

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
            regular = TryAddChunk(points, pairs + (2L * start), Math.Min(ChunkLength, count - start), sums + ((long)start * RowLength));
        }

        GC.KeepAlive(this);
        return regular;
    }

    /// <inheritdoc/>
    public override void Double(double* source, double* target, int count)
    {
        for (int start = 0; start < count; start += ChunkLength)
        {
            long offset = (long)start * RowLength;
            DoubleChunk(source + offset, target + offset, Math.Min(ChunkLength, count - start) / TLanes.Lanes);
        }

        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryAddChunk(double* points, uint* pairs, int count, double* sums)
    {
        int lanes = TLanes.Lanes;
        int groupLength = FpLimbs.Count * lanes;
        int groups = (count + lanes - 1) / lanes;
        for (int i = count; i < groups * lanes; i++)
        {
            (pairs[2 * i], pairs[(2 * i) + 1]) = (pairs[0], pairs[1]);
        }

        double* products = _products, differences = _differences, firstX = _firstX, scratch = _scratch;

        // 1. The products of all x2 - x1 from the first group on.
        for (int k = 0; k < groups; k++)
        {
            Prefetch(points, pairs, k + 2, groups);
            double* difference = differences + (k * groupLength);
            TLanes.LoadX(points, pairs + (2 * lanes * k), firstX + (k * groupLength), difference);
            TLanes.Multiply(products + (k * groupLength), k == 0 ? _one : products + ((k - 1) * groupLength), difference, scratch);
        }

        // 2. One inversion for the chunk.
        double* inverse = _temporary, slope = inverse + groupLength, t = slope + groupLength, x2 = t + groupLength, x3 = x2 + groupLength;
        double* y3 = x3 + groupLength, y1 = y3 + groupLength, dy = y1 + groupLength;
        if (!TryInvert(products + ((groups - 1) * groupLength), inverse))
        {
            return false;
        }

        // 3. Backwards: λ = (y2 - y1)/(x2 - x1), x3 = λ² - x1 - x2, y3 = λ(x1 - x3) - y1.
        for (int k = groups - 1; k >= 0; k--)
        {
            double* x1 = firstX + (k * groupLength), difference = differences + (k * groupLength);
            double* rows = sums + ((long)k * lanes * RowLength);
            if (Sse.IsSupported && k > 0)
            {
                uint* entries = pairs + (2 * lanes * (k - 1));
                for (int i = 0; i < 2 * lanes; i++)
                {
                    Sse.Prefetch0(points + ((long)(entries[i] >> 1) * RowLength) + FpLimbs.Count);
                    Sse.Prefetch0(rows - (lanes * RowLength) + (CacheLineLength * i));
                }
            }

            TLanes.LoadY(points, pairs + (2 * lanes * k), y1, dy);
            if (k > 0)
            {
                TLanes.Multiply(t, inverse, products + ((k - 1) * groupLength), scratch);
                TLanes.Multiply(inverse, inverse, difference, scratch);
                TLanes.Multiply(slope, dy, t, scratch);
            }
            else
            {
                TLanes.Multiply(slope, dy, inverse, scratch);
            }

            TLanes.Add(x2, x1, difference);
            TLanes.SquareSubtract(x3, slope, x1, x2, scratch);
            TLanes.Subtract(t, x1, x3);
            TLanes.MultiplySubtract(y3, slope, t, y1, scratch);
            int length = Math.Min(lanes, count - (k * lanes));
            TLanes.StoreRows(x3, rows, length);
            TLanes.StoreRows(y3, rows + FpLimbs.Count, length);
        }

        return true;
    }

    private void DoubleChunk(double* source, double* target, int groups)
    {
        int lanes = TLanes.Lanes;
        int groupLength = GroupLength;
        double* xs = _firstX, ys = _differences, products = _products, scratch = _scratch;
        double* inverse = _temporary, slope = inverse + groupLength, t = slope + groupLength, x3 = t + groupLength, y3 = x3 + groupLength;
        double* twice = y3 + groupLength, square = twice + groupLength;
        for (int k = 0; k < groups; k++)
        {
            double* rows = source + ((long)k * lanes * RowLength);
            double* y = ys + (k * groupLength);
            TLanes.LoadRows(rows, xs + (k * groupLength));
            TLanes.LoadRows(rows + FpLimbs.Count, y);
            TLanes.Add(twice, y, y);
            TLanes.Multiply(products + (k * groupLength), k == 0 ? _one : products + ((k - 1) * groupLength), twice, scratch);
        }

        if (!TryInvert(products + ((groups - 1) * groupLength), inverse))
        {
            throw new ArgumentException("a point has y = 0: it is of even order, or at infinity", nameof(source));
        }

        for (int k = groups - 1; k >= 0; k--)
        {
            // λ = 3x²/2y, x3 = λ² - 2x, y3 = λ(x - x3) - y
            double* x = xs + (k * groupLength), y = ys + (k * groupLength);
            TLanes.Add(twice, y, y);
            TLanes.Multiply(t, inverse, k == 0 ? _one : products + ((k - 1) * groupLength), scratch);
            TLanes.Multiply(inverse, inverse, twice, scratch);
            TLanes.Square(square, x, scratch);
            TLanes.Multiply(slope, square, t, scratch);
            TLanes.Add(t, slope, slope);
            TLanes.Add(t, t, slope);
            TLanes.Multiply(slope, t, _one, scratch);
            TLanes.SquareSubtract(x3, slope, x, x, scratch);
            TLanes.Subtract(t, x, x3);
            TLanes.MultiplySubtract(y3, slope, t, y, scratch);
            double* rows = target + ((long)k * lanes * RowLength);
            TLanes.StoreRows(x3, rows, lanes);
            TLanes.StoreRows(y3, rows + FpLimbs.Count, lanes);
        }
    }

    // The inverse in every lane; false where one is 0.
    private bool TryInvert(double* value, double* inverse)
    {
        for (int i = 0; i < _lanes.Length; i++)
        {
            _lanes[i] = FpLimbs.Read(value + i, _lanes.Length);
            if (_lanes[i].IsZero)
            {
                return false;
            }
        }

        Fp.InvertAll(_lanes, _laneScratch);
        for (int i = 0; i < _lanes.Length; i++)
        {
            FpLimbs.Write(_lanes[i], inverse + i, _lanes.Length);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(double* points, uint* pairs, int group, int groups)
    {
        if (!Sse.IsSupported || group >= groups)
        {
            return;
        }

        uint* entries = pairs + (2 * TLanes.Lanes * group);
        for (int i = 0; i < 2 * TLanes.Lanes; i++)
        {
            double* row = points + ((long)(entries[i] >> 1) * RowLength);
            Sse.Prefetch0(row);
            Sse.Prefetch0(row + CacheLineLength);
        }
    }
}
