using System.Buffers;

namespace Meeda.Kzg.Curves;

/// <summary>
/// The sums <c>Σ d_i·P_i</c> of some windows of Pippenger's method for signed digits of a given width: points of
/// equal digit are collected in a bucket and summed,
/// then bucket <c>d</c> counts <c>d</c> times.
/// </summary>
internal sealed class BucketSums
{
    private readonly int _pointCount;

    // Bucket d has the number d - 1 = Columns·row + column.
    private readonly int _columnBits;
    private readonly int _rows;

    /// <summary>Buckets for digits from <c>-2^(width-1)</c> to <c>2^(width-1)</c> and so many points.</summary>
    public BucketSums(int width, int pointCount)
    {
        _pointCount = pointCount;
        _columnBits = width / 2;
        _rows = 1 << (width - 1 - _columnBits);
    }

    private int Columns => 1 << _columnBits;

    private int Buckets => _rows * Columns;

    /// <summary>The sums of consecutive windows.</summary>
    /// <param name="points">The points.</param>
    /// <param name="digits">Per point the digits of all windows.</param>
    /// <param name="firstWindow">The first window.</param>
    /// <param name="sums">As many sums as windows are wanted.</param>
    public void Sum(ReadOnlySpan<G1Affine> points, ReadOnlySpan<short> digits, int firstWindow, Span<G1Point> sums)
    {
        int lists = sums.Length * Buckets;
        var lengths = new int[sums.Length * (_rows + Columns)];
        int[] bucketLengths = ArrayPool<int>.Shared.Rent(lists);
        G1Affine[] buckets = ArrayPool<G1Affine>.Shared.Rent(Math.Max(lists, sums.Length * points.Length));
        G1Affine[] lines = ArrayPool<G1Affine>.Shared.Rent(2 * lists);

        // 1. The points of equal digit.
        Collect(points, digits, firstWindow, sums.Length, buckets, bucketLengths.AsSpan(0, lists));
        AffineListSums.Sum(buckets, bucketLengths.AsSpan(0, lists));

        // 2. Σ (Columns·row + column + 1)·B = Columns·Σ row·(sum of the row) + Σ (column + 1)·(sum of the column).
        CollectLines(buckets, lines, lengths);
        AffineListSums.Sum(lines, lengths);
        for (int window = 0; window < sums.Length; window++)
        {
            ReadOnlySpan<G1Affine> rowsAndColumns = lines.AsSpan(window * (_rows + Columns), _rows + Columns);
            G1Point rows = SumOfMultiples(rowsAndColumns[1.._rows]);
            for (int i = 0; i < _columnBits; i++)
            {
                rows = rows.Double();
            }

            sums[window] = rows + SumOfMultiples(rowsAndColumns[_rows..]);
        }

        ArrayPool<int>.Shared.Return(bucketLengths);
        ArrayPool<G1Affine>.Shared.Return(buckets);
        ArrayPool<G1Affine>.Shared.Return(lines);
    }

    // Sorts the points by window and digit, negated where the digit is negative. A digit of 0 goes nowhere.
    private void Collect(
        ReadOnlySpan<G1Affine> points,
        ReadOnlySpan<short> digits,
        int firstWindow,
        int windows,
        Span<G1Affine> buckets,
        Span<int> lengths
    )
    {
        int digitsPerPoint = _pointCount == 0 ? 0 : digits.Length / _pointCount;
        lengths.Clear();
        for (int i = 0; i < points.Length; i++)
        {
            for (int window = 0; window < windows; window++)
            {
                int digit = digits[(i * digitsPerPoint) + firstWindow + window];
                if (digit != 0)
                {
                    lengths[(window * Buckets) + Math.Abs(digit) - 1]++;
                }
            }
        }

        var next = new int[lengths.Length];
        for (int i = 1; i < next.Length; i++)
        {
            next[i] = next[i - 1] + lengths[i - 1];
        }

        for (int i = 0; i < points.Length; i++)
        {
            for (int window = 0; window < windows; window++)
            {
                int digit = digits[(i * digitsPerPoint) + firstWindow + window];
                if (digit != 0)
                {
                    int place = next[(window * Buckets) + Math.Abs(digit) - 1]++;
                    buckets[place] = digit > 0 ? points[i] : -points[i];
                }
            }
        }
    }

    // Per window the buckets row by row, then column by column.
    private void CollectLines(ReadOnlySpan<G1Affine> buckets, Span<G1Affine> lines, Span<int> lengths)
    {
        int line = 0;
        for (int window = 0; window < lengths.Length / (_rows + Columns); window++)
        {
            ReadOnlySpan<G1Affine> own = buckets.Slice(window * Buckets, Buckets);
            Span<int> ownLengths = lengths.Slice(window * (_rows + Columns), _rows + Columns);
            ownLengths[.._rows].Fill(Columns);
            ownLengths[_rows..].Fill(_rows);
            own.CopyTo(lines[line..]);
            line += Buckets;
            for (int column = 0; column < Columns; column++)
            {
                for (int row = 0; row < _rows; row++)
                {
                    lines[line++] = own[(row * Columns) + column];
                }
            }
        }
    }

    // Σ (i+1)·P_i as the sum of the running sums from the top.
    private static G1Point SumOfMultiples(ReadOnlySpan<G1Affine> points)
    {
        G1Point running = default;
        G1Point sum = default;
        for (int i = points.Length - 1; i >= 0; i--)
        {
            running = running.Add(points[i]);
            sum += running;
        }

        return sum;
    }
}
