using System.Numerics;

namespace Meeda.Kzg.Curves;

/// <summary>The memory in which one sum of a <see cref="FixedBaseMsm"/> at a time is worked out.</summary>
internal sealed unsafe class FixedBaseMsmWorkspace
{
    private const int Buckets = FixedBaseMsmPlan.Buckets;
    private const int RowBuckets = FixedBaseMsmPlan.RowBuckets;
    private const int Rows = Buckets / RowBuckets;

    // Rows are counted from 0 and columns from 1: bits of the numbers.
    private static readonly int RowBits = BitOperations.Log2((uint)Rows);
    private static readonly int ColumnBits = BitOperations.Log2((uint)RowBuckets) + 1;

    private const uint None = PairListSums.None;

    private readonly FixedBaseMsmPlan _plan;
    private readonly PairAdder _adder;
    private readonly double* _points;
    private readonly PairListSums _lists;
    private readonly short* _digits;

    // The sums of lists.
    private readonly uint* _bucketSums;
    private readonly uint* _lineSums;

    /// <summary>Takes memory.</summary>
    /// <param name="memory">Where it is taken; whoever calls holds a lease of it.</param>
    /// <param name="plan">The sizes.</param>
    /// <param name="points">The table, with the arenas of all workspaces behind it.</param>
    /// <param name="arena">The row where this workspace's arena begins.</param>
    /// <param name="adder">The adder, used by no one else.</param>
    public FixedBaseMsmWorkspace(NativeArena memory, FixedBaseMsmPlan plan, double* points, int arena, PairAdder adder)
    {
        _plan = plan;
        _points = points;
        _adder = adder;

        // Each bucket is listed in a row and in a column.
        _lists = new(memory, points, arena, Math.Max(plan.DigitCount, 2 * Buckets), Buckets, adder);
        _bucketSums = (uint*)memory.Allocate((2 * Buckets * sizeof(uint)) + ((nuint)plan.DigitCount * sizeof(short)));
        _lineSums = _bucketSums + Buckets;
        _digits = (short*)(_lineSums + Buckets);
    }

    /// <summary>The sum; false where two points that met are equal or opposite.</summary>
    public bool TrySum(ReadOnlySpan<byte> scalars, out G1Point sum)
    {
        sum = default;
        _lists.Clear();

        // 1. Digits, and the entries of each bucket as a list.
        DigitSort.Sort(scalars, _plan.Points, _digits, _lists.Scratch, _lists.Entries, _lists.Offsets);

        // 2. Each bucket's sum.
        if (!_lists.TryReduce(Buckets, _bucketSums))
        {
            return false;
        }

        // 3. Bucket 128·r + c (from 0) counts 128·r + c + 1 times: Σ_r 128·r·(sum of row r) + Σ_c (c + 1)·(sum of
        // column c).
        ListLines();
        if (!_lists.TryReduce(Rows + RowBuckets, _lineSums))
        {
            return false;
        }

        // 4. For every bit, the rows in whose number it is set; likewise the columns.
        int entries = ListBits(_lineSums, Rows, 0, RowBits, 0, 0);
        ListBits(_lineSums + Rows, RowBuckets, 1, ColumnBits, RowBits, entries);
        uint* bits = _bucketSums;
        if (!_lists.TryReduce(RowBits + ColumnBits, bits))
        {
            return false;
        }

        // 5. Each bit's sum as often as the bit is worth, from the top.
        for (int power = RowBits + ColumnBits - 2; power >= 0; power--)
        {
            // 2^power is bit power of the columns' numbers, and as 128 is 2^7, bit power - 7 of the rows'.
            sum = sum.Double();
            sum = power < ColumnBits ? Add(sum, bits[RowBits + power]) : sum;
            sum = power >= ColumnBits - 1 ? Add(sum, bits[power - ColumnBits + 1]) : sum;
        }

        return true;
    }

    private G1Point Add(in G1Point sum, uint entry) => entry == None ? sum : sum.Add(_adder.Read(_points, entry));

    // Lists the rows, then the columns, of the square of bucket sums, which is stored row by row.
    private void ListLines()
    {
        int entries = 0;
        for (int line = 0; line < Rows + RowBuckets; line++)
        {
            (int first, int step, int length) =
                line < Rows ? (line * RowBuckets, 1, RowBuckets) : (line - Rows, RowBuckets, Rows);
            _lists.Offsets[line] = entries;
            for (int i = 0; i < length; i++)
            {
                uint entry = _bucketSums[first + (i * step)];
                _lists.Entries[entries] = entry;
                entries += entry != None ? 1 : 0;
            }
        }

        _lists.Offsets[Rows + RowBuckets] = entries;
    }

    // Lists, for each bit, the sums in whose number, counted from the first one's, it is set.
    private int ListBits(uint* sums, int count, int first, int bits, int list, int entries)
    {
        for (int bit = 0; bit < bits; bit++)
        {
            _lists.Offsets[list + bit] = entries;
            for (int i = 0; i < count; i++)
            {
                if (((i + first) >> bit & 1) != 0 && sums[i] != None)
                {
                    _lists.Entries[entries++] = sums[i];
                }
            }
        }

        _lists.Offsets[list + bits] = entries;
        return entries;
    }
}
