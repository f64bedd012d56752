using System.Runtime.InteropServices;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Many sums <c>Σ_b 2^b·S_b</c> at once, from the top by doubling and adding: all doublings of a bit share an
/// inversion, and so do all additions. Not safe for use by several threads at
/// once.
/// </summary>
internal sealed unsafe class DoublingSums
{
    private const int Group = 8;

    private readonly double* _points;
    private readonly int _first;
    private readonly int _count;
    private readonly int _places;
    private readonly int _bits;
    private readonly PairAdder _adder;
    private readonly uint[] _entries;
    private readonly uint[] _pairs;

    // Which sum is worked out at each place: its own, but where that has a point at infinity, or there is none,
    // another one's.
    private readonly int[] _sumAt;

    /// <summary>Takes memory.</summary>
    /// <param name="points">Where the rows begin that entries count; the owner keeps them.</param>
    /// <param name="first">The row where <see cref="Rows"/> rows are free.</param>
    /// <param name="count">Sums.</param>
    /// <param name="bits">Points of each.</param>
    /// <param name="adder">The adder, used by no other thread.</param>
    public DoublingSums(double* points, int first, int count, int bits, PairAdder adder)
    {
        _points = points;
        _first = first;
        _count = count;
        _places = Places(count);
        _bits = bits;
        _adder = adder;
        _entries = new uint[bits * count];
        _pairs = new uint[2 * (_places + PairAdder.PairPadding)];
        _sumAt = new int[_places];
    }

    /// <summary>Rows of memory for so many sums.</summary>
    public static int Rows(int count, int bits) => (bits * count) + (2 * Places(count));

    /// <summary>Gives a sum its point <c>S_bit</c>.</summary>
    /// <param name="sum">The sum.</param>
    /// <param name="bit">The bit.</param>
    /// <param name="entry">The point's entry, whose row is copied, or <see cref="PairListSums.None"/> for
    /// infinity.</param>
    public void Set(int sum, int bit, uint entry)
    {
        int place = (bit * _count) + sum;
        if (entry == PairListSums.None)
        {
            _entries[place] = entry;
            return;
        }

        CopyRow((int)(entry >> 1), _first + place);
        _entries[place] = ((uint)(_first + place) << 1) | (entry & 1);
    }

    /// <summary>The sums; every point of each must have been given.</summary>
    public G1Affine[] Sum()
    {
        int any = -1;
        for (int sum = 0; sum < _count && any < 0; sum++)
        {
            any = IsRegular(sum) ? sum : -1;
        }

        for (int place = 0; place < _places; place++)
        {
            _sumAt[place] = place < _count && IsRegular(place) ? place : any;
        }

        int totals = 0;
        bool isDone = any >= 0 && TrySum(out totals);
        var sums = new G1Affine[_count];
        for (int sum = 0; sum < _count; sum++)
        {
            sums[sum] =
                isDone && _sumAt[sum] == sum ? _adder.Read(_points, (uint)(totals + sum) << 1) : CompleteSum(sum);
        }

        return sums;
    }

    private static int Places(int count) => (count + Group - 1) / Group * Group;

    private double* Row(int index) => _points + ((long)index * PairAdder.RowLength);

    private void CopyRow(int from, int to) =>
        NativeMemory.Copy(Row(from), Row(to), PairAdder.RowLength * sizeof(double));

    private uint Entry(int bit, int sum) => _entries[(bit * _count) + sum];

    private bool IsRegular(int sum)
    {
        for (int bit = 0; bit < _bits; bit++)
        {
            if (Entry(bit, sum) == PairListSums.None)
            {
                return false;
            }
        }

        return true;
    }

    // Leaves the totals consecutively, from a row on. What is added stays as it is, for complete sums.
    private bool TrySum(out int totals)
    {
        totals = _first + (_bits * _count);
        for (int place = 0; place < _places; place++)
        {
            CopyRow((int)(Entry(_bits - 1, _sumAt[place]) >> 1), totals + place);
        }

        int next = totals + _places;
        for (int bit = _bits - 2; bit >= 0; bit--)
        {
            _adder.Double(Row(totals), Row(totals), _places);
            for (int place = 0; place < _places; place++)
            {
                // The first total is a row without its sign.
                uint sign = bit == _bits - 2 ? Entry(_bits - 1, _sumAt[place]) & 1 : 0;
                (_pairs[2 * place], _pairs[(2 * place) + 1]) = (
                    ((uint)(totals + place) << 1) | sign,
                    Entry(bit, _sumAt[place])
                );
            }

            fixed (uint* pairs = _pairs)
            {
                if (!_adder.TryAdd(_points, pairs, _places, Row(next)))
                {
                    return false;
                }
            }

            (totals, next) = (next, totals);
        }

        return true;
    }

    private G1Affine CompleteSum(int sum)
    {
        G1Point total = default;
        for (int bit = _bits - 1; bit >= 0; bit--)
        {
            total = total.Double();
            uint entry = Entry(bit, sum);
            if (entry != PairListSums.None)
            {
                total = total.Add(_adder.Read(_points, entry));
            }
        }

        return total.ToAffine();
    }
}
