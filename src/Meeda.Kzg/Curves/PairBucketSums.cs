using System.Buffers;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Sums of multiples of points by Pippenger's buckets, for several sums, or several windows of one, at once: from
/// entries with signed digits to one point for
/// each bit of a digit, <c>Σ d_i·P_i = Σ_b 2^b·S_b</c>. Not safe for use by several threads at once.
/// </summary>
internal sealed unsafe class PairBucketSums
{
    private readonly int _columnBits;
    private readonly int _rowBits;
    private readonly PairListSums _lists;
    private readonly int[] _ends;

    /// <summary>Takes memory.</summary>
    /// <param name="memory">Where it is taken; whoever calls holds a lease of it.</param>
    /// <param name="points">Where the rows begin that entries count; the owner keeps them.</param>
    /// <param name="arena">The row where <see cref="ArenaLength"/> rows are free.</param>
    /// <param name="width">Bits of a digit, at least 3: digits are from <c>-2^(width-1)</c> to
    /// <c>2^(width-1)</c>.</param>
    /// <param name="sums">Sums at once.</param>
    /// <param name="entries">Entries with digits in all.</param>
    /// <param name="adder">The adder, used by no one else.</param>
    public PairBucketSums(
        NativeArena memory,
        double* points,
        int arena,
        int width,
        int sums,
        int entries,
        PairAdder adder
    )
    {
        Width = width;
        Sums = sums;
        _columnBits = (width - 1) / 2;
        _rowBits = width - 1 - _columnBits;
        _ends = new int[sums * BucketCount];
        _lists = new(
            memory,
            points,
            arena,
            Math.Max(entries, 2 * sums * BucketCount),
            sums * Math.Max(BucketCount, Rows + Columns),
            adder
        );
    }

    /// <summary>Bits of a digit.</summary>
    public int Width { get; }

    /// <summary>Points that make a sum: <c>S_0</c> to <c>S_(Width-1)</c>.</summary>
    public int Bits => Width;

    /// <summary>Sums at once.</summary>
    public int Sums { get; }

    private int BucketCount => 1 << (Width - 1);

    private int Columns => 1 << _columnBits;

    private int Rows => 1 << _rowBits;

    /// <summary>
    /// Rows that are written at most: every addition makes one, in the buckets, then in rows and columns of buckets,
    /// then in their sums.
    /// </summary>
    public static int ArenaLength(int width, int sums, int entries) => entries + (6 * sums << (width - 1));

    /// <summary>Finds the points <c>S_b</c>; false where two points that met are equal or opposite.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="digits">Each entry's digit.</param>
    /// <param name="sumOf">Which sum each entry belongs to.</param>
    /// <param name="results">Per sum <see cref="Bits"/> entries, <see cref="PairListSums.None"/> for infinity; good
    /// until the next call.</param>
    public bool TrySum(
        ReadOnlySpan<uint> entries,
        ReadOnlySpan<short> digits,
        ReadOnlySpan<ushort> sumOf,
        Span<uint> results
    )
    {
        _lists.Clear();

        // 1. Each bucket's sum.
        SortIntoBuckets(entries, digits, sumOf);
        int buckets = Sums * BucketCount;
        int lines = Sums * (Rows + Columns);
        uint[] rented = ArrayPool<uint>.Shared.Rent(Math.Max(buckets, lines));
        bool regular;
        fixed (
            uint* sums = rented,
                bits = results
        )
        {
            regular = _lists.TryReduce(buckets, sums);
            if (regular)
            {
                // 2. Bucket Columns·r + c (from 0) counts (Columns·r + c + 1) times: the sums of rows, and of columns.
                ListRowsAndColumns(rented.AsSpan(0, buckets));
                regular = _lists.TryReduce(lines, sums);
            }

            if (regular)
            {
                // 3. Per bit of the count the sum of the rows or columns that have it.
                ListBits(rented.AsSpan(0, lines));
                regular = _lists.TryReduce(Sums * Bits, bits);
            }
        }

        ArrayPool<uint>.Shared.Return(rented);
        return regular;
    }

    // List Buckets·sum + |d| - 1 takes the entries of digits ±d; those of 0 go nowhere.
    private void SortIntoBuckets(ReadOnlySpan<uint> entries, ReadOnlySpan<short> digits, ReadOnlySpan<ushort> sumOf)
    {
        int shift = Width - 1;
        Array.Clear(_ends);
        for (int i = 0; i < digits.Length; i++)
        {
            if (digits[i] != 0)
            {
                _ends[(sumOf[i] << shift) + Math.Abs(digits[i]) - 1]++;
            }
        }

        int* offsets = _lists.Offsets;
        int start = 0;
        for (int list = 0; list < _ends.Length; list++)
        {
            int count = _ends[list];
            offsets[list] = _ends[list] = start;
            start += count;
        }

        offsets[_ends.Length] = start;
        uint* sorted = _lists.Entries;
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = digits[i];
            if (digit != 0)
            {
                sorted[_ends[(sumOf[i] << shift) + Math.Abs(digit) - 1]++] = entries[i] ^ ((uint)digit >> 31);
            }
        }
    }

    private void ListRowsAndColumns(ReadOnlySpan<uint> buckets)
    {
        int list = 0;
        int written = 0;
        for (int sum = 0; sum < Sums; sum++)
        {
            ReadOnlySpan<uint> own = buckets.Slice(sum * BucketCount, BucketCount);
            for (int line = 0; line < Rows + Columns; line++)
            {
                bool isRow = line < Rows;
                int first = isRow ? line * Columns : line - Rows;
                int step = isRow ? 1 : Columns;
                int length = isRow ? Columns : Rows;
                _lists.Offsets[list++] = written;
                for (int i = 0; i < length; i++)
                {
                    Append(own[first + (i * step)], ref written);
                }
            }
        }

        _lists.Offsets[list] = written;
    }

    // Row r counts Columns·r times, column c counts c + 1 times; the last column's Columns are bit _columnBits, like
    // row 1's.
    private void ListBits(ReadOnlySpan<uint> lines)
    {
        int list = 0;
        int written = 0;
        for (int sum = 0; sum < Sums; sum++)
        {
            ReadOnlySpan<uint> rows = lines.Slice(sum * (Rows + Columns), Rows);
            ReadOnlySpan<uint> columns = lines.Slice((sum * (Rows + Columns)) + Rows, Columns);
            for (int bit = 0; bit < Bits; bit++)
            {
                _lists.Offsets[list++] = written;
                for (int column = 0; column < Columns; column++)
                {
                    if ((((column + 1) >> bit) & 1) != 0)
                    {
                        Append(columns[column], ref written);
                    }
                }

                for (int row = 0; row < Rows; row++)
                {
                    if (((row << _columnBits >> bit) & 1) != 0)
                    {
                        Append(rows[row], ref written);
                    }
                }
            }
        }

        _lists.Offsets[list] = written;
    }

    private void Append(uint entry, ref int written)
    {
        if (entry != PairListSums.None)
        {
            _lists.Entries[written++] = entry;
        }
    }
}
