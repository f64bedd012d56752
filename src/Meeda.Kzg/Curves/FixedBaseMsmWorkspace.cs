using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Meeda.Kzg.Curves;

/// <summary>The memory in which one sum of a <see cref="FixedBaseMsm"/> at a time is worked out.</summary>
internal sealed unsafe class FixedBaseMsmWorkspace
{
    private const int Buckets = FixedBaseMsmPlan.Buckets;
    private const int RowBuckets = FixedBaseMsmPlan.RowBuckets;
    private const int Rows = Buckets / RowBuckets;

    // Rows and columns are counted off in blocks once more: by the number of the block, and by the place in it.
    private const int BlockLength = 8;
    private const int RowBlocks = Rows / BlockLength;
    private const int ColumnBlocks = RowBuckets / BlockLength;

    private const uint None = uint.MaxValue;

    private readonly FixedBaseMsmPlan _plan;
    private readonly PairAdder _adder;
    private readonly double* _points;
    private readonly int _arena;
    private readonly byte* _memory;
    private readonly short* _digits;
    private readonly uint* _pairs;

    // The sums of lists, and which lists are not summed up yet.
    private readonly uint* _bucketSums;
    private readonly uint* _lineSums;
    private readonly int* _lists;

    // Lists of entries, one behind the other, where each begins, and room for the lists of the next round.
    private uint* _entries;
    private uint* _nextEntries;
    private int* _offsets;
    private int* _nextOffsets;
    private int _arenaUsed;

    /// <summary>Takes memory.</summary>
    /// <param name="plan">The sizes.</param>
    /// <param name="points">The table, with the arenas of all workspaces behind it.</param>
    /// <param name="arena">The row where this workspace's arena begins.</param>
    /// <param name="adder">The adder, used by nobody else.</param>
    public FixedBaseMsmWorkspace(FixedBaseMsmPlan plan, double* points, int arena, PairAdder adder)
    {
        _plan = plan;
        _points = points;
        _arena = arena;
        _adder = adder;

        // Each bucket is listed in a row and in a column.
        int entries = Math.Max(plan.DigitCount, 2 * Buckets) + (2 * PairAdder.PairPadding);
        const int Lists = Buckets + 64;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)((3 * entries) + (5 * Lists)) * sizeof(uint) + ((nuint)plan.DigitCount * sizeof(short)), 4096);
        _entries = (uint*)_memory;
        _nextEntries = _entries + entries;
        _pairs = _nextEntries + entries;
        _bucketSums = _pairs + entries;
        _lineSums = _bucketSums + Lists;
        _lists = (int*)_lineSums + Lists;
        _offsets = _lists + Lists;
        _nextOffsets = _offsets + Lists;
        _digits = (short*)(_nextOffsets + Lists);
    }

    /// <summary>Gives the memory back.</summary>
    ~FixedBaseMsmWorkspace() => NativeMemory.AlignedFree(_memory);

    /// <summary>The sum; false where two points that met are equal or opposite.</summary>
    public bool TrySum(ReadOnlySpan<byte> scalars, out G1Point sum)
    {
        sum = default;
        _arenaUsed = 0;

        // 1. Digits, and the entries of each bucket as a list.
        DigitSort.Sort(scalars, _plan.Points, _digits, _nextOffsets, _entries, _offsets);

        // 2. Each bucket's sum.
        if (!TryReduce(Buckets, _bucketSums))
        {
            return false;
        }

        // 3. Bucket 128·r + c (from 0) counts 128·r + c + 1 times: Σ_r 128·r·(sum of row r) + Σ_c (c + 1)·(sum of column c).
        ListLines(_bucketSums, Rows, RowBuckets, 0, 0);
        if (!TryReduce(Rows + RowBuckets, _lineSums))
        {
            return false;
        }

        // 4. The same once more, with blocks of 8.
        (int list, int entries) = ListLines(_lineSums, RowBlocks, BlockLength, 0, 0);
        ListLines(_lineSums + Rows, ColumnBlocks, BlockLength, list, entries);
        uint* last = _bucketSums;
        if (!TryReduce(RowBlocks + ColumnBlocks + (2 * BlockLength), last))
        {
            return false;
        }

        // 128·(8·A + B) + 8·C + D, where A, B come from the rows, C, D from the columns.
        G1Point rowBlocks = WeightedSum(last, RowBlocks, 0);
        G1Point rowUnits = WeightedSum(last + RowBlocks, BlockLength, 0);
        G1Point columnBlocks = WeightedSum(last + RowBlocks + BlockLength, ColumnBlocks, 0);
        G1Point columnUnits = WeightedSum(last + RowBlocks + BlockLength + ColumnBlocks, BlockLength, 1);
        G1Point high = Times(rowBlocks, BlockLength) + rowUnits;
        sum = Times(Times(high, RowBuckets / BlockLength) + columnBlocks, BlockLength) + columnUnits;
        GC.KeepAlive(this);
        return true;
    }

    // By doubling: the factor is a power of 2.
    private static G1Point Times(G1Point point, int factor)
    {
        for (; factor > 1; factor /= 2)
        {
            point = point.Double();
        }

        return point;
    }

    // Halves all lists, round by round, and takes the entry that each ends with, or None.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryReduce(int lists, uint* sums)
    {
        for (int list = 0; list < lists; list++)
        {
            _lists[list] = list;
        }

        while (true)
        {
            uint* entries = _entries, next = _nextEntries, pairs = _pairs;
            int* offsets = _offsets, nextOffsets = _nextOffsets, numbers = _lists;
            int count = 0;
            int written = 0;
            int left = 0;
            uint sum = (uint)(_arena + _arenaUsed);
            for (int i = 0; i < lists; i++)
            {
                int from = offsets[i];
                int length = offsets[i + 1] - from;
                if (length < 2)
                {
                    sums[numbers[i]] = length == 0 ? None : entries[from];
                    continue;
                }

                numbers[left] = numbers[i];
                nextOffsets[left++] = written;
                PairUp(entries + from, length / 2, pairs + (2 * count), next + written, sum + (uint)count);
                count += length / 2;
                written += length / 2;

                // A single one that is left over; overwritten if it is not.
                next[written] = entries[from + (length & ~1)];
                written += length & 1;
            }

            if (left == 0)
            {
                return true;
            }

            nextOffsets[left] = written;
            if (!_adder.TryAdd(_points, pairs, count, _points + ((long)sum * PairAdder.RowLength)))
            {
                return false;
            }

            lists = left;
            _arenaUsed += count;
            _entries = next;
            _nextEntries = entries;
            _offsets = nextOffsets;
            _nextOffsets = offsets;
        }
    }

    // Takes pairs off a list and puts their sums, whose rows come one behind the other, on the next. May write and read as much as one vector too far.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PairUp(uint* list, int count, uint* pairs, uint* next, uint sum)
    {
        if (!Vector256.IsHardwareAccelerated)
        {
            for (int i = 0; i < count; i++)
            {
                pairs[2 * i] = list[2 * i];
                pairs[(2 * i) + 1] = list[(2 * i) + 1];
                next[i] = (sum + (uint)i) << 1;
            }

            return;
        }

        const int Width = 8;
        for (int i = 0; i < count; i += Width)
        {
            Vector256.Load(list + (2 * i)).Store(pairs + (2 * i));
            Vector256.Load(list + (2 * i) + Width).Store(pairs + (2 * i) + Width);
            ((Vector256.Create(sum + (uint)i) + Vector256<uint>.Indices) << 1).Store(next + i);
        }
    }

    // Lists the rows, then the columns, of a rectangle of entries that is stored row by row.
    private (int List, int Entries) ListLines(uint* rectangle, int rows, int columns, int list, int entries)
    {
        for (int line = 0; line < rows + columns; line++)
        {
            bool isRow = line < rows;
            _offsets[list++] = entries;
            int length = isRow ? columns : rows;
            for (int i = 0; i < length; i++)
            {
                uint entry = isRow ? rectangle[(line * columns) + i] : rectangle[(i * columns) + line - rows];
                if (entry != None)
                {
                    _entries[entries++] = entry;
                }
            }
        }

        _offsets[list] = entries;
        return (list, entries);
    }

    // Σ (i + first)·(sum i), as the sum of running sums from the top.
    private G1Point WeightedSum(uint* sums, int count, int first)
    {
        G1Point running = default;
        G1Point sum = default;
        for (int i = count - 1; i >= 1 - first; i--)
        {
            if (sums[i] != None)
            {
                running = running.Add(_adder.Read(_points, sums[i]));
            }

            sum += running;
        }

        return sum;
    }
}
