using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <content>Doubling.</content>
internal sealed unsafe partial class VectorPairAdder<TLanes>
{
    /// <inheritdoc/>
    public override void Double(double* source, double* target, int count)
    {
        for (int start = 0; start < count; start += ChunkLength)
        {
            long offset = (long)start * RowLength;
            DoubleChunk(source + offset, target + offset, Math.Min(ChunkLength, count - start) / TLanes.Lanes);
        }
    }

    private void DoubleChunk(double* source, double* target, int groups)
    {
        int lanes = TLanes.Lanes;
        int groupLength = GroupLength;
        double* xs = _firstX,
            ys = _differences,
            products = _products,
            scratch = _scratch;
        double* inverse = _temporary,
            slope = inverse + groupLength,
            t = slope + groupLength,
            x3 = t + groupLength,
            y3 = x3 + groupLength;
        double* twice = y3 + groupLength,
            square = twice + groupLength;
        for (int k = 0; k < groups; k++)
        {
            double* rows = source + ((long)k * lanes * RowLength);
            double* y = ys + (k * groupLength);
            TLanes.LoadRows(rows, xs + (k * groupLength));
            TLanes.LoadRows(rows + FpLimbs.Count, y);
            TLanes.Add(twice, y, y);
            TLanes.Multiply(
                products + (k * groupLength),
                k == 0 ? _one : products + ((k - 1) * groupLength),
                twice,
                scratch
            );
        }

        double* last = products + ((groups - 1) * groupLength);
        if (!LaneInversion<TLanes>.TryInvert(last, inverse, inverse + groupLength, scratch))
        {
            throw new ArgumentException("a point has y = 0: it is of even order, or at infinity", nameof(source));
        }

        for (int k = groups - 1; k >= 0; k--)
        {
            // λ = 3x²/2y, x3 = λ² - 2x, y3 = λ(x - x3) - y
            double* x = xs + (k * groupLength),
                y = ys + (k * groupLength);
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
}
