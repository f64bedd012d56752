using System.Runtime.CompilerServices;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Affine additions in integer arithmetic, for processors without FMA: 5 multiplications and 1 squaring for an
/// addition, the inversions apart. A row is the
/// limbs of x, then of y, 16 places each (<see cref="FpNarrowLimbs"/>).
/// </summary>
internal sealed unsafe class ScalarPairAdder : PairAdder
{
    // Pairs whose inversion is shared: their 128 bytes each stay in the second-level cache.
    private const int ChunkLength = 1024;

    // Pairs whose points are fetched together.
    private const int TouchLength = 16;

    private const int Count = FpNarrowLimbs.Count;

    // From one element to the next.
    private const int Step = 16;

    private readonly int* _products;
    private readonly int* _differences;
    private readonly int* _temporary;

    // What was read for the sake of reading.
    private int _touched;

    /// <summary>Takes memory for a chunk.</summary>
    /// <param name="memory">Where it is taken.</param>
    public ScalarPairAdder(NativeArena memory)
    {
        _products = (int*)memory.Allocate(((2 * ChunkLength) + 10) * Step * sizeof(int));
        _differences = _products + (ChunkLength * Step);
        _temporary = _differences + (ChunkLength * Step);
    }

    /// <inheritdoc/>
    public override void Write(in G1Affine point, double* row)
    {
        FpNarrowLimbs.Write(point.X, (int*)row);
        FpNarrowLimbs.Write(point.Y, (int*)row + Step);
    }

    /// <inheritdoc/>
    public override G1Affine Read(double* points, uint entry)
    {
        int* row = Row(points, entry);
        G1Affine point = new(FpNarrowLimbs.Read(row), FpNarrowLimbs.Read(row + Step));
        return (entry & 1) == 0 ? point : -point;
    }

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public override void Double(double* source, double* target, int count)
    {
        for (int start = 0; start < count; start += ChunkLength)
        {
            long offset = (long)start * RowLength;
            DoubleChunk(source + offset, target + offset, Math.Min(ChunkLength, count - start));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryAddChunk(double* points, uint* pairs, int count, double* sums)
    {
        int* products = _products,
            differences = _differences;
        for (int i = 0; i < count; i++)
        {
            if (i % TouchLength == 0)
            {
                _touched += Touch(points, pairs + (2 * i), 2 * Math.Min(TouchLength, count - i));
            }

            FpNarrow.Subtract(differences + (i * Step), Row(points, pairs[(2 * i) + 1]), Row(points, pairs[2 * i]));
            Append(i);
        }

        int* inverse = _temporary,
            next = inverse + Step,
            slope = next + Step,
            t = slope + Step,
            y1 = t + Step,
            dy = y1 + Step;
        if (!FpNarrowLimbs.TryInvert(products + ((count - 1) * Step), inverse))
        {
            return false;
        }

        for (int i = count - 1; i >= 0; i--)
        {
            // λ = (y2 - y1)/(x2 - x1), x3 = λ² - x1 - x2, y3 = λ(x1 - x3) - y1
            int* a = Row(points, pairs[2 * i]),
                b = Row(points, pairs[(2 * i) + 1]);
            int sign1 = -(int)(pairs[2 * i] & 1),
                sign2 = -(int)(pairs[(2 * i) + 1] & 1);
            FpNarrow.SubtractSigned(dy, y1, b + Step, sign2, a + Step, sign1);
            int* shared = TakeInverse(i, ref inverse, ref next, t);
            FpNarrow.Multiply(slope, dy, shared);
            int* sum = (int*)(sums + ((long)i * RowLength));
            FpNarrow.SquareSubtract(sum, slope, a, b);
            FpNarrow.Subtract(t, a, sum);
            FpNarrow.MultiplySubtract(sum + Step, t, slope, y1);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DoubleChunk(double* source, double* target, int count)
    {
        int* t = _temporary;
        for (int i = 0; i < count; i++)
        {
            int* y = (int*)(source + ((long)i * RowLength)) + Step;
            FpNarrow.SubtractSigned(_differences + (i * Step), t, y, 0, y, -1);
            Append(i);
        }

        int* inverse = t + Step,
            next = inverse + Step,
            slope = next + Step,
            x = slope + Step,
            sum = x + Step,
            three = sum + (2 * Step);
        FpNarrowLimbs.Write(Fp.FromBigInteger(3), three);
        if (!FpNarrowLimbs.TryInvert(_products + ((count - 1) * Step), inverse))
        {
            throw new ArgumentException("a point has y = 0: it is of even order, or at infinity", nameof(source));
        }

        for (int i = count - 1; i >= 0; i--)
        {
            // λ = 3x²/2y, x3 = λ² - 2x, y3 = λ(x - x3) - y; source and target may be the same.
            int* a = (int*)(source + ((long)i * RowLength));
            int* shared = TakeInverse(i, ref inverse, ref next, t);
            FpNarrow.Square(x, a);
            FpNarrow.Multiply(slope, x, shared);
            FpNarrow.Multiply(t, slope, three);
            FpNarrow.SquareSubtract(sum, t, a, a);
            FpNarrow.Subtract(x, a, sum);
            int* y = sum + Step;
            FpNarrow.MultiplySubtract(y, x, t, a + Step);
            int* row = (int*)(target + ((long)i * RowLength));
            new ReadOnlySpan<int>(sum, 2 * Step).CopyTo(new Span<int>(row, 2 * Step));
        }
    }

    // Reads from rows, so that those which are far from the processor come at the same time: there is no prefetching
    // where this code runs.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Touch(double* points, uint* entries, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            int* row = Row(points, entries[i]);
            sum += row[0] + row[Step];
        }

        return sum;
    }

    // The product of all differences up to this one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(int i)
    {
        int* product = _products + (i * Step),
            difference = _differences + (i * Step);
        if (i > 0)
        {
            FpNarrow.Multiply(product, difference, product - Step);
        }
        else
        {
            new ReadOnlySpan<int>(difference, Count).CopyTo(new Span<int>(product, Count));
        }
    }

    // The inverse of a difference from that of the product up to it, which is replaced by that of the product before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int* TakeInverse(int i, ref int* inverse, ref int* next, int* place)
    {
        if (i == 0)
        {
            return inverse;
        }

        FpNarrow.Multiply(place, _products + ((i - 1) * Step), inverse);
        FpNarrow.Multiply(next, _differences + (i * Step), inverse);
        int* swap = inverse;
        inverse = next;
        next = swap;
        return place;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int* Row(double* points, uint entry) => (int*)(points + ((long)(entry >> 1) * RowLength));
}
