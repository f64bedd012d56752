using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Meeda.Kzg.Fields;

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
        int entries = plan.TableLength + (2 * Buckets);
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
        SortDigits(scalars);

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SortDigits(ReadOnlySpan<byte> scalars)
    {
        int windows = FixedBaseMsmPlan.Windows;
        int points = _plan.Points;
        short* digits = _digits;
        int* ends = _nextOffsets;
        new Span<int>(ends, Buckets + 1).Clear();

        // Adding half of the radix in every window but the last makes each digit signed without carries: the half is taken off again digit by digit.
        const int Half = 1 << (Width - 1);
        const ulong Mask = (1UL << Width) - 1;
        Span<ulong> bias = stackalloc ulong[5];
        bias.Clear();
        for (int window = 0; window < windows - 1; window++)
        {
            int bit = (window * Width) + Width - 1;
            bias[bit / 64] |= 1UL << (bit % 64);
        }

        for (int i = 0; i < points; i++)
        {
            ReadOnlySpan<byte> scalar = scalars.Slice(i * Fr.Length, Fr.Length);
            ulong carry = 0;
            ulong l0 = Limbs.Add(BinaryPrimitives.ReadUInt64BigEndian(scalar[24..]), bias[0], ref carry);
            ulong l1 = Limbs.Add(BinaryPrimitives.ReadUInt64BigEndian(scalar[16..]), bias[1], ref carry);
            ulong l2 = Limbs.Add(BinaryPrimitives.ReadUInt64BigEndian(scalar[8..]), bias[2], ref carry);
            ulong l3 = Limbs.Add(BinaryPrimitives.ReadUInt64BigEndian(scalar), bias[3], ref carry);
            short* target = digits + i;
            for (int window = 0; window < windows; window++)
            {
                int digit = (int)(l0 & Mask) - (window < windows - 1 ? Half : 0);
                l0 = (l0 >> Width) | (l1 << (64 - Width));
                l1 = (l1 >> Width) | (l2 << (64 - Width));
                l2 = (l2 >> Width) | (l3 << (64 - Width));
                l3 >>= Width;
                *target = (short)digit;
                target += points;
                ends[Math.Abs(digit)]++;
            }
        }

        // Counting sort: list d - 1 takes the entries of digits ±d.
        int start = 0;
        _offsets[0] = 0;
        for (int magnitude = 1; magnitude <= Buckets; magnitude++)
        {
            int count = ends[magnitude];
            ends[magnitude] = start;
            start += count;
            _offsets[magnitude] = start;
        }

        uint* entries = _entries;
        int total = windows * points;
        for (int i = 0; i < total; i++)
        {
            int digit = digits[i];
            if (digit != 0)
            {
                entries[ends[Math.Abs(digit)]++] = ((uint)i << 1) | ((uint)digit >> 31);
            }
        }
    }

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
                int to = offsets[list + 1];
                nextOffsets[list] = written;
                more |= to - from > 2;
                for (; to - from >= 2; from += 2)
                {
                    pairs[2 * count] = entries[from];
                    pairs[(2 * count) + 1] = entries[from + 1];
                    next[written++] = (sum + (uint)count) << 1;
                    count++;
                }

                if (from < to)
                {
                    next[written++] = entries[from];
                }
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
