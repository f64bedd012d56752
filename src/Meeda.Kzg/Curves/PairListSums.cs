using System.Runtime.InteropServices;

namespace Meeda.Kzg.Curves;

/// <summary>
/// The sums of many lists of points at once by rounds of affine additions of disjoint pairs (<see cref="PairAdder"/>). Lists hold entries, rows' indices with a
/// sign; sums become rows of an arena. Not safe for use by several threads at once.
/// </summary>
internal sealed unsafe class PairListSums
{
    /// <summary>What stands for the sum of an empty list.</summary>
    public const uint None = uint.MaxValue;

    private readonly PairAdder _adder;
    private readonly double* _points;
    private readonly int _arena;
    private readonly byte* _memory;
    private readonly uint* _pairs;
    private uint* _entries;
    private uint* _nextEntries;
    private int* _offsets;
    private int* _nextOffsets;
    private int _used;

    /// <summary>Takes memory for lists.</summary>
    /// <param name="points">Where the rows begin that entries count; the owner keeps them.</param>
    /// <param name="arena">The row where sums begin to be written.</param>
    /// <param name="entries">Entries of all lists together at most.</param>
    /// <param name="lists">Lists at most.</param>
    /// <param name="adder">The adder, used by nobody else.</param>
    public PairListSums(double* points, int arena, int entries, int lists, PairAdder adder)
    {
        _points = points;
        _arena = arena;
        _adder = adder;
        Capacity = entries;
        nuint entryBytes = (nuint)(entries + 1) * sizeof(uint);
        nuint pairBytes = (nuint)(entries + (2 * PairAdder.PairPadding)) * sizeof(uint);
        nuint offsetBytes = (nuint)(lists + 1) * sizeof(int);
        _memory = (byte*)NativeMemory.Alloc((2 * entryBytes) + pairBytes + (2 * offsetBytes));
        _entries = (uint*)_memory;
        _nextEntries = (uint*)(_memory + entryBytes);
        _pairs = (uint*)(_memory + (2 * entryBytes));
        _offsets = (int*)(_memory + (2 * entryBytes) + pairBytes);
        _nextOffsets = (int*)(_memory + (2 * entryBytes) + pairBytes + offsetBytes);
    }

    /// <summary>Gives the memory back.</summary>
    ~PairListSums() => NativeMemory.Free(_memory);

    /// <summary>Entries of all lists together at most.</summary>
    public int Capacity { get; }

    /// <summary>Where to put the lists' entries, one list behind the other.</summary>
    public uint* Entries => _entries;

    /// <summary>Where each list begins, and where the last one ends.</summary>
    public int* Offsets => _offsets;

    /// <summary>Gives the arena's rows free; sums made before are lost.</summary>
    public void Clear() => _used = 0;

    /// <summary>The sum of a list that has been reduced, or <see cref="None"/>.</summary>
    public uint Sum(int list) => _offsets[list] < _offsets[list + 1] ? _entries[_offsets[list]] : None;

    /// <summary>Halves all lists, round by round, until none has more than one entry. False where two points that met are equal or opposite.</summary>
    public bool TryReduce(int lists)
    {
        while (true)
        {
            uint* entries = _entries, next = _nextEntries, pairs = _pairs;
            uint sum = (uint)(_arena + _used) << 1;
            int count = 0;
            int written = 0;
            bool more = false;
            for (int list = 0; list < lists; list++)
            {
                int from = _offsets[list];
                int to = _offsets[list + 1];
                _nextOffsets[list] = written;
                more |= to - from > 2;
                for (; to - from >= 2; from += 2, count++)
                {
                    pairs[2 * count] = entries[from];
                    pairs[(2 * count) + 1] = entries[from + 1];
                    next[written++] = sum + ((uint)count << 1);
                }

                if (from < to)
                {
                    next[written++] = entries[from];
                }
            }

            _nextOffsets[lists] = written;
            if (count == 0)
            {
                return true;
            }

            if (!_adder.TryAdd(_points, pairs, count, _points + ((long)(_arena + _used) * PairAdder.RowLength)))
            {
                return false;
            }

            _used += count;
            _entries = next;
            _nextEntries = entries;
            int* offsets = _offsets;
            _offsets = _nextOffsets;
            _nextOffsets = offsets;
            if (!more)
            {
                GC.KeepAlive(this);
                return true;
            }
        }
    }
}
