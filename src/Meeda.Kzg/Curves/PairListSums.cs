using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Meeda.Kzg.Curves;

/// <summary>
/// The sums of many lists of points at once by rounds of affine additions of disjoint pairs
/// (<see cref="PairAdder"/>). Lists hold entries, rows' indices with a
/// sign; sums become rows of an arena. Not safe for use by several threads at once.
/// </summary>
internal sealed unsafe class PairListSums
{
    /// <summary>What stands for the sum of an empty list.</summary>
    public const uint None = uint.MaxValue;

    private readonly PairAdder _adder;
    private readonly double* _points;
    private readonly int _arena;
    private readonly uint* _pairs;

    // Which lists are not summed up yet.
    private readonly int* _lists;

    // Lists of entries, concatenated, where each begins, and room for the lists of the next round.
    private uint* _entries;
    private uint* _nextEntries;
    private int* _offsets;
    private int* _nextOffsets;
    private int _used;

    /// <summary>Takes memory for lists.</summary>
    /// <param name="memory">Where it is taken; whoever calls holds a lease of it.</param>
    /// <param name="points">Where the rows begin that entries count; the owner keeps them.</param>
    /// <param name="arena">The row where sums begin to be written.</param>
    /// <param name="entries">Entries of all lists together at most.</param>
    /// <param name="lists">Lists at most.</param>
    /// <param name="adder">The adder, used by no one else.</param>
    public PairListSums(NativeArena memory, double* points, int arena, int entries, int lists, PairAdder adder)
    {
        _points = points;
        _arena = arena;
        _adder = adder;
        Capacity = entries;

        // Vectors are read and written beyond the last entry, and adders overwrite pairs beyond the last.
        int entryRoom = entries + (2 * PairAdder.PairPadding);
        int listRoom = lists + 1;
        _entries = (uint*)memory.Allocate((nuint)((3 * entryRoom) + (3 * listRoom)) * sizeof(uint));
        _nextEntries = _entries + entryRoom;
        _pairs = _nextEntries + entryRoom;
        _offsets = (int*)(_pairs + entryRoom);
        _nextOffsets = _offsets + listRoom;
        _lists = _nextOffsets + listRoom;
    }

    /// <summary>Entries of all lists together at most.</summary>
    public int Capacity { get; }

    /// <summary>
    /// Where to put the lists' entries, one list behind the other; used up by <see cref="TryReduce"/>.
    /// </summary>
    public uint* Entries => _entries;

    /// <summary>Where each list begins, and where the last one ends; used up by <see cref="TryReduce"/>.</summary>
    public int* Offsets => _offsets;

    /// <summary>As many numbers as <see cref="Offsets"/>, free until <see cref="TryReduce"/>.</summary>
    public int* Scratch => _nextOffsets;

    /// <summary>Gives the arena's rows free; sums made before are lost.</summary>
    public void Clear() => _used = 0;

    /// <summary>
    /// Halves all lists, round by round, until each is summed up. False where two points that met are equal or
    /// opposite.
    /// </summary>
    /// <param name="lists">How many lists there are.</param>
    /// <param name="sums">Per list the entry of its sum, or <see cref="None"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryReduce(int lists, uint* sums)
    {
        for (int list = 0; list < lists; list++)
        {
            _lists[list] = list;
        }

        while (true)
        {
            uint* entries = _entries,
                next = _nextEntries,
                pairs = _pairs;
            int* offsets = _offsets,
                nextOffsets = _nextOffsets,
                numbers = _lists;
            int count = 0;
            int written = 0;
            int left = 0;
            uint sum = (uint)(_arena + _used);
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
            _used += count;
            _entries = next;
            _nextEntries = entries;
            _offsets = nextOffsets;
            _nextOffsets = offsets;
        }
    }

    // Takes pairs off a list and puts their sums, whose rows are consecutive, on the next. May write and
    // read as much as one vector too far.
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
}
