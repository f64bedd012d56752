using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Meeda.Kzg.Curves;

/// <summary>The memory in which one sum of a <see cref="FixedBaseMsm"/> at a time is worked out.</summary>
internal sealed unsafe class FixedBaseMsmWorkspace
{
    private const int Width = FixedBaseMsmPlan.Width;
    private const int Buckets = FixedBaseMsmPlan.Buckets;
    private const int RowBuckets = FixedBaseMsmPlan.RowBuckets;
    private const int Rows = Buckets / RowBuckets;
    private const int BlockLength = 8;
    private const uint None = uint.MaxValue;

    private readonly FixedBaseMsmPlan _plan;
    private readonly PairAdder _adder;
    private readonly double* _points;
    private readonly int _arena;
    private readonly byte* _memory;
    private readonly short* _digits;
    private readonly uint* _pairs;

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
        int entries = plan.TableLength + (2 * Buckets) + PairAdder.PairPadding;
        nuint entryBytes = (nuint)entries * sizeof(uint);
        nuint pairBytes = (nuint)(entries + (2 * PairAdder.PairPadding)) * sizeof(uint);
        nuint offsetBytes = (Buckets + 64) * sizeof(int);
        nuint digitBytes = (nuint)plan.TableLength * sizeof(short);
        _memory = (byte*)NativeMemory.AlignedAlloc((2 * entryBytes) + pairBytes + (2 * offsetBytes) + digitBytes, 4096);
        _entries = (uint*)_memory;
        _nextEntries = (uint*)(_memory + entryBytes);
        _pairs = (uint*)(_memory + (2 * entryBytes));
        _offsets = (int*)(_memory + (2 * entryBytes) + pairBytes);
        _nextOffsets = (int*)(_memory + (2 * entryBytes) + pairBytes + offsetBytes);
        _digits = (short*)(_memory + (2 * entryBytes) + pairBytes + (2 * offsetBytes));
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
        if (!TryReduce(Buckets))
        {
            return false;
        }

        uint* buckets = stackalloc uint[Buckets];
        TakeSums(buckets, Buckets);

        // 3. Bucket 64·r + c (from 0) counts 64·r + c + 1 times: Σ_r 64·r·(sum of row r) + Σ_c (c + 1)·(sum of column c).
        uint* sums = stackalloc uint[Rows + RowBuckets];
        ListLines(buckets, Rows, RowBuckets, 0, 0);
        if (!TryReduce(Rows + RowBuckets))
        {
            return false;
        }

        // 4. The same once more, with blocks of 8.
        TakeSums(sums, Rows + RowBuckets);
        const int Blocks = Rows / BlockLength;
        (int list, int entries) = ListLines(sums, Blocks, BlockLength, 0, 0);
        ListLines(sums + Rows, RowBuckets / BlockLength, BlockLength, list, entries);
        if (!TryReduce(4 * BlockLength))
        {
            return false;
        }

        // 64·(8·A + B) + 8·C + D, where A, B come from the rows, C, D from the columns.
        G1Point rowBlocks = WeightedSum(0, 0);
        G1Point rowUnits = WeightedSum(BlockLength, 0);
        G1Point columnBlocks = WeightedSum(2 * BlockLength, 0);
        G1Point columnUnits = WeightedSum(3 * BlockLength, 1);
        G1Point high = TimesEight(rowBlocks) + rowUnits;
        sum = TimesEight(TimesEight(high) + columnBlocks) + columnUnits;
        GC.KeepAlive(this);
        return true;
    }

    private static G1Point TimesEight(in G1Point point) => point.Double().Double().Double();

    // Halves all lists, round by round, until none has more than one entry.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryReduce(int lists)
    {
        while (true)
        {
            uint* entries = _entries, next = _nextEntries, pairs = _pairs;
            int* offsets = _offsets, nextOffsets = _nextOffsets;
            int count = 0;
            int written = 0;
            bool more = false;
            uint sum = (uint)(_arena + _arenaUsed);
            for (int list = 0; list < lists; list++)
            {
                int from = offsets[list];
                int length = offsets[list + 1] - from;
                nextOffsets[list] = written;
                more |= length > 2;
                PairUp(entries + from, length / 2, pairs + (2 * count), next + written, sum + (uint)count);
                count += length / 2;
                written += length / 2;

                // A single one that is left over; overwritten if it is not.
                next[written] = entries[from + (length & ~1)];
                written += length & 1;
            }

            nextOffsets[lists] = written;
            if (count == 0)
            {
                return true;
            }

            double* sums = _points + ((long)(_arena + _arenaUsed) * PairAdder.RowLength);
            if (!_adder.TryAdd(_points, pairs, count, sums))
            {
                return false;
            }

            _arenaUsed += count;
            _entries = next;
            _nextEntries = entries;
            _offsets = nextOffsets;
            _nextOffsets = offsets;
            if (!more)
            {
                return true;
            }
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

    private void TakeSums(uint* sums, int lists)
    {
        for (int list = 0; list < lists; list++)
        {
            sums[list] = _offsets[list] < _offsets[list + 1] ? _entries[_offsets[list]] : None;
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

    // Σ (i + first)·(sum of list start + i) over 8 lists, as the sum of running sums from the top.
    private G1Point WeightedSum(int start, int first)
    {
        G1Point running = default;
        G1Point sum = default;
        for (int i = BlockLength - 1; i >= 1 - first; i--)
        {
            int list = start + i;
            if (_offsets[list] < _offsets[list + 1])
            {
                running = running.Add(_adder.Read(_points, _entries[_offsets[list]]));
            }

            sum += running;
        }

        return sum;
    }
}
