using System.Numerics;
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

    // Rows are counted from 0 and columns from 1: bits of the numbers.
    private static readonly int RowBits = BitOperations.Log2((uint)Rows);
    private static readonly int ColumnBits = BitOperations.Log2((uint)RowBuckets) + 1;

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
        _memory = (byte*)LargePages.Allocate((nuint)((3 * entries) + (5 * Lists)) * sizeof(uint) + ((nuint)plan.DigitCount * sizeof(short)));
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
        ListLines();
        if (!TryReduce(Rows + RowBuckets, _lineSums))
        {
            return false;
        }

        // 4. For every bit, the rows in whose number it is set; likewise the columns.
        int entries = ListBits(_lineSums, Rows, 0, RowBits, 0, 0);
        ListBits(_lineSums + Rows, RowBuckets, 1, ColumnBits, RowBits, entries);
        uint* bits = _bucketSums;
        if (!TryReduce(RowBits + ColumnBits, bits))
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

        GC.KeepAlive(this);
        return true;
    }

    private G1Point Add(in G1Point sum, uint entry) => entry == None ? sum : sum.Add(_adder.Read(_points, entry));

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

    // Lists the rows, then the columns, of the square of bucket sums, which is stored row by row.
    private void ListLines()
    {
        int entries = 0;
        for (int line = 0; line < Rows + RowBuckets; line++)
        {
            (int first, int step, int length) = line < Rows ? (line * RowBuckets, 1, RowBuckets) : (line - Rows, RowBuckets, Rows);
            _offsets[line] = entries;
            for (int i = 0; i < length; i++)
            {
                uint entry = _bucketSums[first + (i * step)];
                _entries[entries] = entry;
                entries += entry != None ? 1 : 0;
            }
        }

        _offsets[Rows + RowBuckets] = entries;
    }

    // Lists, for each bit, the sums in whose number, counted from the first one's, it is set.
    private int ListBits(uint* sums, int count, int first, int bits, int list, int entries)
    {
        for (int bit = 0; bit < bits; bit++)
        {
            _offsets[list + bit] = entries;
            for (int i = 0; i < count; i++)
            {
                if (((i + first) >> bit & 1) != 0 && sums[i] != None)
                {
                    _entries[entries++] = sums[i];
                }
            }
        }

        _offsets[list + bits] = entries;
        return entries;
    }
}
