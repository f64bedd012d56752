using System.Runtime.InteropServices;
using Meeda.Kzg.Curves;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// The transforms of <see cref="FourierTransform"/> on "polynomials" whose coefficients are points of G1, several of
/// them at once. Not safe for use by several
/// threads at once.
/// </summary>
internal sealed unsafe class PointFourierTransform : IDisposable
{
    private const int RowLength = PairAdder.RowLength;

    // The point at infinity, which has no row.
    private const uint Infinity = uint.MaxValue;

    private readonly int _size;
    private readonly NativeArena _memory = new();
    private readonly PairAdder _adder;
    private readonly PointMultiplier _multiplier;
    private readonly SplitScalar[] _roots;

    // Rows: two areas for the points of a stage and the next, and one for products.
    private readonly int _places;
    private readonly double* _rows;

    private readonly uint[] _entries;
    private readonly uint[] _pairs;
    private readonly uint[] _factors;
    private readonly SplitScalar[] _factorRoots;

    /// <summary>Prepares transforms of a size that is a power of two.</summary>
    /// <param name="size">Coefficients and values of a transform.</param>
    /// <param name="count">Transforms at once.</param>
    public PointFourierTransform(int size, int count)
    {
        _size = size;
        _adder = PairAdder.Create(_memory);
        _multiplier = PointMultiplier.Create(_memory);
        _roots = [.. EvaluationDomain.RootsOfUnity(size).Select(root => new SplitScalar(root))];
        _places = size * count;
        _entries = new uint[_places];
        _pairs = new uint[2 * (_places + PairAdder.PairPadding)];
        _factors = new uint[_places / 2];
        _factorRoots = new SplitScalar[_places / 2];
        _rows = (double*)_memory.Allocate((nuint)(3 * _places * RowLength * sizeof(double)));
    }

    private int Products => 2 * _places;

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _memory.Dispose();

    /// <summary>Replaces coefficients by values: value <c>i</c> is that at <c>ω^brp(i)</c>.</summary>
    /// <param name="polynomials">The polynomials, concatenated.</param>
    public void Evaluate(Span<G1Affine> polynomials)
    {
        using NativeArena.Lease lease = _memory.Use();
        Load(polynomials);
        int target = _places;
        for (int half = _size / 2; half >= 1; half /= 2, target = _places - target)
        {
            // (low, high) ← (low + high, (low - high)·ω^i)
            AddAndSubtract(half, target);
            Multiply(half, isInverse: false);
        }

        Store(polynomials);
    }

    /// <summary>
    /// Replaces values by the coefficients of the polynomial that has them, times the transform's size.
    /// </summary>
    /// <param name="polynomials">The polynomials, concatenated.</param>
    public void InterpolateScaled(Span<G1Affine> polynomials)
    {
        using NativeArena.Lease lease = _memory.Use();
        Load(polynomials);
        int target = _places;
        for (int half = 1; half < _size; half *= 2, target = _places - target)
        {
            // (low, high) ← (low + high·ω^-i, low - high·ω^-i)
            Multiply(half, isInverse: true);
            AddAndSubtract(half, target);
        }

        Store(polynomials);
    }

    private void Load(ReadOnlySpan<G1Affine> points)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(points.Length, _places);
        for (int i = 0; i < points.Length; i++)
        {
            _entries[i] = points[i].IsInfinity ? Infinity : (uint)i << 1;
            if (!points[i].IsInfinity)
            {
                _adder.Write(points[i], Row(i));
            }
        }
    }

    private void Store(Span<G1Affine> points)
    {
        for (int i = 0; i < points.Length; i++)
        {
            points[i] = Read(_entries[i]);
        }
    }

    private double* Row(int index) => _rows + ((long)index * RowLength);

    private G1Affine Read(uint entry) => entry == Infinity ? default : _adder.Read(_rows, entry);

    // The place of the low half of butterfly number i; the high half's is half places on.
    private static int Low(int butterfly, int half) => (2 * (butterfly & -half)) + (butterfly & (half - 1));

    // Replaces each high half by its product with the root that is its.
    private void Multiply(int half, bool isInverse)
    {
        // A root of 1 leaves its point alone.
        int stride = _size / (2 * half);
        int count = 0;
        for (int butterfly = 0; butterfly < _places / 2; butterfly++)
        {
            int power = (butterfly & (half - 1)) * stride;
            uint entry = _entries[Low(butterfly, half) + half];
            if (power != 0 && entry != Infinity)
            {
                _factors[count] = entry;
                _factorRoots[count++] = _roots[isInverse ? _size - power : power];
            }
        }

        _multiplier.Multiply(_rows, _factors.AsSpan(0, count), _factorRoots.AsSpan(0, count), Row(Products));
        int product = 0;
        for (int butterfly = 0; butterfly < _places / 2; butterfly++)
        {
            int high = Low(butterfly, half) + half;
            if ((butterfly & (half - 1)) != 0 && _entries[high] != Infinity)
            {
                uint row = _entries[high] >> 1;
                NativeMemory.Copy(Row(Products + product++), Row((int)row), RowLength * sizeof(double));
                _entries[high] = row << 1;
            }
        }
    }

    // Replaces the low half of each butterfly by the sum of both, the high half by the difference, in another area.
    private void AddAndSubtract(int half, int target)
    {
        for (int butterfly = 0; butterfly < _places / 2; butterfly++)
        {
            int low = Low(butterfly, half);
            (uint a, uint b) = (_entries[low], _entries[low + half]);
            (_pairs[4 * butterfly], _pairs[(4 * butterfly) + 1]) = (a, b);
            (_pairs[(4 * butterfly) + 2], _pairs[(4 * butterfly) + 3]) = (a, b == Infinity ? b : b ^ 1);
        }

        // Sums are consecutive; what has no affine formula is added by itself.
        bool regular = !_entries.AsSpan().Contains(Infinity);
        if (regular)
        {
            fixed (uint* pairs = _pairs)
            {
                regular = _adder.TryAdd(_rows, pairs, _places, Row(target));
            }
        }

        if (!regular)
        {
            AddCompletely(target);
        }

        for (int butterfly = 0; butterfly < _places / 2; butterfly++)
        {
            int low = Low(butterfly, half);
            bool isInfinite = !regular && _pairs[4 * butterfly] == Infinity;
            bool isDifferenceInfinite = !regular && _pairs[(4 * butterfly) + 2] == Infinity;
            _entries[low] = isInfinite ? Infinity : (uint)(target + (2 * butterfly)) << 1;
            _entries[low + half] = isDifferenceInfinite ? Infinity : (uint)(target + (2 * butterfly) + 1) << 1;
        }
    }

    // The pairs' sums by complete formulas; the first entry of a pair becomes infinity where its sum is.
    private void AddCompletely(int target)
    {
        var sums = new G1Point[_places];
        for (int pair = 0; pair < _places; pair++)
        {
            sums[pair] = new G1Point(Read(_pairs[2 * pair])).Add(Read(_pairs[(2 * pair) + 1]));
        }

        G1Affine[] affine = G1Point.ToAffine(sums);
        for (int pair = 0; pair < _places; pair++)
        {
            if (affine[pair].IsInfinity)
            {
                _pairs[2 * pair] = Infinity;
            }
            else
            {
                _pairs[2 * pair] = 0;
                _adder.Write(affine[pair], Row(target + pair));
            }
        }
    }
}
