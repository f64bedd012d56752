using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

#pragma warning disable CA1001 // The buffers are safe handles, freed with the key that lives as long as the process; nobody would know when to dispose them.

/// <summary>
/// Sums of multiples <c>Σ k_i P_i</c> of points that stay the same. Every point is kept with its shifts <c>2^(13 w) P_i</c>, so one set of 4096 buckets serves all
/// windows of all scalars; signed digits halve the buckets; buckets are summed by affine additions, eight at a time in the lanes of vectors, that share one field
/// inversion over thousands (Montgomery's trick). What no vector addition can do (equal or opposite points) is found at that inversion, and the whole sum is left to
/// the caller's scalar code then. The result is checked to be on the curve, which a wrong intermediate would leave.
/// Measured: docs/kzg-engine.md.
/// </summary>
internal sealed unsafe class FixedBaseMsm
{
    private const int WindowBits = 13;
    private const int Windows = 20; // 13 · 20 = 260 bits for 255-bit scalars and the sign
    private const int Buckets = 1 << (WindowBits - 1);
    private const int Half = 1 << (WindowBits - 1);
    private const int Columns = 64; // bucket d stands in row (d-1)/64, column (d-1)%64
    private const int Rows = Buckets / Columns;
    private const int Lanes = 8;
    private const int Element = FpLimbs.Count * Lanes; // doubles of eight elements, limb by limb
    private const int PointDoubles = 2 * FpLimbs.Count; // x limbs, then y limbs
    private const int ChunkGroups = 512; // groups of eight additions that share an inversion

    private readonly int _count;
    private readonly int _tablePoints;
    private readonly NativeBuffer _table;
    private readonly ConcurrentBag<Workspace> _workspaces = [];

    /// <summary>Whether this processor has what the kernels need, and rounds as they need it; asked once for each key, when its table is made.</summary>
    public static bool IsSupported => Avx512F.IsSupported && FpLimbs.RoundsToNearest;

    /// <summary>Makes the table: 20 shifts of each point, 128 bytes each.</summary>
    /// <param name="points">The points, a multiple of eight, none at infinity.</param>
    public FixedBaseMsm(ReadOnlySpan<G1Affine> points)
    {
        _count = points.Length;
        _tablePoints = _count * Windows;
        _table = new NativeBuffer((long)_tablePoints * PointDoubles * sizeof(double));
        double* table = _table.Pointer<double>();
        for (int i = 0; i < _count; i++)
        {
            FpLimbs.Write(points[i].X, table + ((long)i * PointDoubles), 1);
            FpLimbs.Write(points[i].Y, table + ((long)i * PointDoubles) + FpLimbs.Count, 1);
        }

        var doubling = new Doubling(_count);
        for (int window = 1; window < Windows; window++)
        {
            double* source = table + ((long)(window - 1) * _count * PointDoubles);
            double* destination = table + ((long)window * _count * PointDoubles);
            doubling.Run(source, destination);
            for (int i = 1; i < WindowBits; i++)
            {
                doubling.Run(destination, destination);
            }
        }
    }

    /// <summary>The sum, or false where the vector path cannot give it: then scalar code must.</summary>
    /// <param name="scalars">As many as there are points.</param>
    /// <param name="sum">The sum, affine; both coordinates 0 at infinity.</param>
    public bool TrySum(ReadOnlySpan<Fr> scalars, out G1Affine sum)
    {
        if (!_workspaces.TryTake(out Workspace? workspace))
        {
            workspace = new Workspace(_count, _tablePoints);
        }

        bool done = workspace.Run(_table.Pointer<double>(), scalars, out G1Point point);
        GC.KeepAlive(_table);
        _workspaces.Add(workspace);
        sum = done ? point.ToAffine() : default;
        return done && sum.IsOnCurve;
    }

    /// <summary>Eight rows of eight become eight columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        ref Vector512<double> r0, ref Vector512<double> r1, ref Vector512<double> r2, ref Vector512<double> r3, ref Vector512<double> r4, ref Vector512<double> r5, ref Vector512<double> r6, ref Vector512<double> r7)
    {
        Vector512<double> a0 = Avx512F.UnpackLow(r0, r1);
        Vector512<double> a1 = Avx512F.UnpackHigh(r0, r1);
        Vector512<double> a2 = Avx512F.UnpackLow(r2, r3);
        Vector512<double> a3 = Avx512F.UnpackHigh(r2, r3);
        Vector512<double> a4 = Avx512F.UnpackLow(r4, r5);
        Vector512<double> a5 = Avx512F.UnpackHigh(r4, r5);
        Vector512<double> a6 = Avx512F.UnpackLow(r6, r7);
        Vector512<double> a7 = Avx512F.UnpackHigh(r6, r7);
        Vector512<double> b0 = Avx512F.Shuffle4x128(a0, a2, 0x44);
        Vector512<double> b1 = Avx512F.Shuffle4x128(a0, a2, 0xee);
        Vector512<double> b2 = Avx512F.Shuffle4x128(a4, a6, 0x44);
        Vector512<double> b3 = Avx512F.Shuffle4x128(a4, a6, 0xee);
        r0 = Avx512F.Shuffle4x128(b0, b2, 0x88);
        r2 = Avx512F.Shuffle4x128(b0, b2, 0xdd);
        r4 = Avx512F.Shuffle4x128(b1, b3, 0x88);
        r6 = Avx512F.Shuffle4x128(b1, b3, 0xdd);
        b0 = Avx512F.Shuffle4x128(a1, a3, 0x44);
        b1 = Avx512F.Shuffle4x128(a1, a3, 0xee);
        b2 = Avx512F.Shuffle4x128(a5, a7, 0x44);
        b3 = Avx512F.Shuffle4x128(a5, a7, 0xee);
        r1 = Avx512F.Shuffle4x128(b0, b2, 0x88);
        r3 = Avx512F.Shuffle4x128(b0, b2, 0xdd);
        r5 = Avx512F.Shuffle4x128(b1, b3, 0x88);
        r7 = Avx512F.Shuffle4x128(b1, b3, 0xdd);
    }

    /// <summary>Writes eight elements, limb by limb, as the halves of eight points that stand one behind the other.</summary>
    private static void Scatter(double* elements, double* points)
    {
        var v = (Vector512<double>*)elements;
        Vector512<double> r0 = v[0], r1 = v[1], r2 = v[2], r3 = v[3], r4 = v[4], r5 = v[5], r6 = v[6], r7 = v[7];
        Transpose(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
        *(Vector512<double>*)points = r0;
        *(Vector512<double>*)(points + PointDoubles) = r1;
        *(Vector512<double>*)(points + (2 * PointDoubles)) = r2;
        *(Vector512<double>*)(points + (3 * PointDoubles)) = r3;
        *(Vector512<double>*)(points + (4 * PointDoubles)) = r4;
        *(Vector512<double>*)(points + (5 * PointDoubles)) = r5;
        *(Vector512<double>*)(points + (6 * PointDoubles)) = r6;
        *(Vector512<double>*)(points + (7 * PointDoubles)) = r7;
    }

    /// <summary>Replaces eight elements by their inverses with one inversion; false where one of them is zero.</summary>
    private static bool InvertLanes(double* elements)
    {
        Span<Fp> values = stackalloc Fp[Lanes];
        Span<Fp> scratch = stackalloc Fp[Lanes];
        for (int lane = 0; lane < Lanes; lane++)
        {
            values[lane] = FpLimbs.Read(elements + lane, Lanes);
            if (values[lane].IsZero)
            {
                return false;
            }
        }

        Fp.InvertAll(values, scratch);
        for (int lane = 0; lane < Lanes; lane++)
        {
            FpLimbs.Write(values[lane], elements + lane, Lanes);
        }

        return true;
    }

    /// <summary>Doubles all points of a row of the table.</summary>
    private sealed class Doubling
    {
        private readonly int _groups;
        private readonly NativeBuffer _memory;

        public Doubling(int count)
        {
            _groups = count / Lanes;
            _memory = new NativeBuffer(((3L * _groups) + 8) * Element * sizeof(double));
            One(_memory.Pointer<double>() + ((3L * _groups) * Element));
        }

        /// <summary>λ = 3x²/2y, x' = λ² - 2x, y' = λ(x - x') - y.</summary>
        public void Run(double* source, double* destination)
        {
            double* xs = _memory.Pointer<double>();
            double* ys = xs + ((long)_groups * Element);
            double* products = ys + ((long)_groups * Element);
            double* one = products + ((long)_groups * Element);
            double* inverse = one + Element;
            double* lambda = inverse + Element;
            double* t = lambda + Element;
            double* x3 = t + Element;
            double* y3 = x3 + Element;
            double* scratch = y3 + Element; // two elements
            for (int k = 0; k < _groups; k++)
            {
                Gather(source + ((long)k * Lanes * PointDoubles), xs + ((long)k * Element));
                Gather(source + ((long)k * Lanes * PointDoubles) + FpLimbs.Count, ys + ((long)k * Element));
                Add(ys + ((long)k * Element), ys + ((long)k * Element), t);
                FpKernels512.Multiply(products + ((long)k * Element), k == 0 ? one : products + ((long)(k - 1) * Element), t, scratch);
            }

            Copy(products + ((long)(_groups - 1) * Element), inverse);
            if (!InvertLanes(inverse))
            {
                throw new InvalidOperationException("a base point has order two, which no point of the subgroup has");
            }

            for (int k = _groups - 1; k >= 0; k--)
            {
                double* x = xs + ((long)k * Element);
                double* y = ys + ((long)k * Element);
                FpKernels512.Square(lambda, x, scratch);
                FpKernels512.Multiply(x3, lambda, k == 0 ? one : products + ((long)(k - 1) * Element), scratch);
                FpKernels512.Multiply(lambda, x3, inverse, scratch);
                Add(y, y, t);
                FpKernels512.Multiply(inverse, inverse, t, scratch);
                Add(lambda, lambda, t);
                Add(t, lambda, t);
                FpKernels512.Multiply(lambda, t, one, scratch);
                FpKernels512.SquareSubtract(x3, lambda, x, x, scratch);
                Subtract(x, x3, t);
                FpKernels512.MultiplySubtract(y3, lambda, t, y, scratch);
                Scatter(x3, destination + ((long)k * Lanes * PointDoubles));
                Scatter(y3, destination + ((long)k * Lanes * PointDoubles) + FpLimbs.Count);
            }

            GC.KeepAlive(_memory);
        }

        private static void Gather(double* points, double* elements)
        {
            Vector512<double> r0 = *(Vector512<double>*)points, r1 = *(Vector512<double>*)(points + PointDoubles);
            Vector512<double> r2 = *(Vector512<double>*)(points + (2 * PointDoubles)), r3 = *(Vector512<double>*)(points + (3 * PointDoubles));
            Vector512<double> r4 = *(Vector512<double>*)(points + (4 * PointDoubles)), r5 = *(Vector512<double>*)(points + (5 * PointDoubles));
            Vector512<double> r6 = *(Vector512<double>*)(points + (6 * PointDoubles)), r7 = *(Vector512<double>*)(points + (7 * PointDoubles));
            Transpose(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
            var v = (Vector512<double>*)elements;
            (v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]) = (r0, r1, r2, r3, r4, r5, r6, r7);
        }
    }

    private static void One(double* elements)
    {
        for (int lane = 0; lane < Lanes; lane++)
        {
            FpLimbs.Write(Fp.One, elements + lane, Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(double* from, double* to)
    {
        for (int i = 0; i < FpLimbs.Count; i++)
        {
            ((Vector512<double>*)to)[i] = ((Vector512<double>*)from)[i];
        }
    }

    // Sums and differences of two elements are not normalised: a kernel takes them as one of its two factors.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(double* a, double* b, double* sum)
    {
        for (int i = 0; i < FpLimbs.Count; i++)
        {
            ((Vector512<double>*)sum)[i] = ((Vector512<double>*)a)[i] + ((Vector512<double>*)b)[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Subtract(double* a, double* b, double* difference)
    {
        for (int i = 0; i < FpLimbs.Count; i++)
        {
            ((Vector512<double>*)difference)[i] = ((Vector512<double>*)a)[i] - ((Vector512<double>*)b)[i];
        }
    }

    /// <summary>What one sum at a time works with.</summary>
    private sealed class Workspace
    {
        private readonly int _count;
        private readonly int _tablePoints;
        private readonly NativeBuffer _arena;
        private readonly NativeBuffer _vectors;
        private readonly double* _arenaOrigin; // indices go on behind those of the table
        private readonly short[] _digits;
        private readonly uint[] _pairs;
        private uint[] _entries;
        private uint[] _nextEntries;
        private int[] _offsets;
        private int[] _nextOffsets;
        private int _used;

        public Workspace(int count, int tablePoints)
        {
            _count = count;
            _tablePoints = tablePoints;

            // Summing n points in lists takes fewer than n additions; twice the buckets are summed again in rows and columns.
            int additions = tablePoints + (2 * Buckets) + (2 * Lanes);
            _arena = new NativeBuffer((long)additions * PointDoubles * sizeof(double));
            _arenaOrigin = _arena.Pointer<double>() - ((long)tablePoints * PointDoubles);
            _vectors = new NativeBuffer(((3L * ChunkGroups) + 12) * Element * sizeof(double));
            _digits = new short[tablePoints];
            _entries = new uint[tablePoints + (2 * Buckets)];
            _nextEntries = new uint[tablePoints + (2 * Buckets)];
            _pairs = new uint[tablePoints + (2 * Buckets) + (2 * Lanes)];
            _offsets = new int[Buckets + 2];
            _nextOffsets = new int[Buckets + 2];
            One(_vectors.Pointer<double>() + (3L * ChunkGroups * Element));
        }

        /// <summary>(1) digits, (2) sort by bucket, (3) sum each bucket, (4) sum rows and columns of buckets, (5) weigh them.</summary>
        public bool Run(double* table, ReadOnlySpan<Fr> scalars, out G1Point sum)
        {
            sum = default;
            _used = 0;
            CountDigits(scalars);                                                                               // 1
            Sort();                                                                                             // 2
            if (!Reduce(table, Buckets))                                                                        // 3
            {
                return false;
            }

            ListRowsAndColumns();                                                                               // 4
            if (!Reduce(table, Rows + Columns))
            {
                return false;
            }

            // Σ d·B_d with d - 1 = 64 r + q is 64·Σ r·Row_r + Σ (q + 1)·Column_q                                // 5
            G1Point rows = Weighted(table, 0, Rows, firstWeight: 0);
            for (int bit = 1; bit < Columns; bit <<= 1)
            {
                rows = rows.Double();
            }

            sum = rows + Weighted(table, Rows, Columns, firstWeight: 1);
            GC.KeepAlive(_arena);
            GC.KeepAlive(_vectors);
            return true;
        }

        /// <summary>Signed digits: adding half a window to every window but the last makes each digit minus that half.</summary>
        private void CountDigits(ReadOnlySpan<Fr> scalars)
        {
            Span<ulong> limbs = stackalloc ulong[4];
            Span<ulong> halves = stackalloc ulong[5];
            halves.Clear();
            for (int window = 0; window < Windows - 1; window++)
            {
                int bit = (window * WindowBits) + WindowBits - 1;
                halves[bit / 64] |= 1UL << (bit % 64);
            }

            Array.Clear(_offsets);
            for (int i = 0; i < _count; i++)
            {
                scalars[i].CopyPlainLimbsTo(limbs);
                ulong carry = 0;
                ulong s0 = Limbs.Add(limbs[0], halves[0], ref carry);
                ulong s1 = Limbs.Add(limbs[1], halves[1], ref carry);
                ulong s2 = Limbs.Add(limbs[2], halves[2], ref carry);
                ulong s3 = Limbs.Add(limbs[3], halves[3], ref carry);
                for (int window = 0; window < Windows; window++)
                {
                    int digit = (int)(s0 & ((1UL << WindowBits) - 1)) - (window < Windows - 1 ? Half : 0);
                    s0 = (s0 >> WindowBits) | (s1 << (64 - WindowBits));
                    s1 = (s1 >> WindowBits) | (s2 << (64 - WindowBits));
                    s2 = (s2 >> WindowBits) | (s3 << (64 - WindowBits));
                    s3 = (s3 >> WindowBits) | (window == 0 ? carry << (64 - WindowBits) : 0);
                    _digits[(window * _count) + i] = (short)digit;
                    _offsets[Math.Abs(digit)]++;
                }
            }
        }

        /// <summary>Lists, bucket by bucket, the points whose digit it is; an entry is the point's index and its sign in the lowest bit.</summary>
        private void Sort()
        {
            // Zero digits stand nowhere.
            int start = 0;
            for (int bucket = 1; bucket <= Buckets; bucket++)
            {
                int size = _offsets[bucket];
                _offsets[bucket] = start;
                start += size;
            }

            for (int k = 0; k < _tablePoints; k++)
            {
                int digit = _digits[k];
                if (digit != 0)
                {
                    _entries[_offsets[Math.Abs(digit)]++] = ((uint)k << 1) | (digit < 0 ? 1u : 0u);
                }
            }

            // Now each offset is its bucket's end: list l, which is bucket l + 1, begins where bucket l ends.
            _offsets[0] = 0;
        }

        /// <summary>Adds the points of each list up, pair by pair, until each list has one point or none.</summary>
        private bool Reduce(double* table, int lists)
        {
            while (true)
            {
                int pairs = 0;
                int written = 0;
                bool more = false;
                uint first = (uint)(_tablePoints + _used);
                for (int list = 0; list < lists; list++)
                {
                    int from = _offsets[list];
                    int to = _offsets[list + 1];
                    more |= to - from > 2;
                    _nextOffsets[list] = written;
                    for (; to - from >= 2; from += 2)
                    {
                        _pairs[2 * pairs] = _entries[from];
                        _pairs[(2 * pairs) + 1] = _entries[from + 1];
                        _nextEntries[written++] = (first + (uint)pairs) << 1;
                        pairs++;
                    }

                    if (from < to)
                    {
                        _nextEntries[written++] = _entries[from];
                    }
                }

                _nextOffsets[lists] = written;
                if (pairs == 0)
                {
                    return true;
                }

                if (!AddPairs(table, pairs))
                {
                    return false;
                }

                (_entries, _nextEntries) = (_nextEntries, _entries);
                (_offsets, _nextOffsets) = (_nextOffsets, _offsets);
                if (!more)
                {
                    return true;
                }
            }
        }

        private void ListRowsAndColumns()
        {
            int written = 0;
            for (int list = 0; list < Rows + Columns; list++)
            {
                _nextOffsets[list] = written;
                int bucket = list < Rows ? list * Columns : list - Rows;
                int step = list < Rows ? 1 : Columns;
                for (int i = 0; i < (list < Rows ? Columns : Rows); i++, bucket += step)
                {
                    if (_offsets[bucket] < _offsets[bucket + 1])
                    {
                        _nextEntries[written++] = _entries[_offsets[bucket]];
                    }
                }
            }

            _nextOffsets[Rows + Columns] = written;
            (_entries, _nextEntries) = (_nextEntries, _entries);
            (_offsets, _nextOffsets) = (_nextOffsets, _offsets);
        }

        /// <summary>Σ (firstWeight + i) · list i, by running sums.</summary>
        private G1Point Weighted(double* table, int firstList, int lists, int firstWeight)
        {
            G1Point running = default;
            G1Point total = default;
            for (int i = lists - 1; i >= 1 - firstWeight; i--)
            {
                int list = firstList + i;
                if (_offsets[list] < _offsets[list + 1])
                {
                    running = running.Add(Affine(table, _entries[_offsets[list]]));
                }

                total += running;
            }

            return total;
        }

        private G1Affine Affine(double* table, uint entry)
        {
            double* point = PointOf(table, entry);
            Fp y = FpLimbs.Read(point + FpLimbs.Count, 1);
            return new(FpLimbs.Read(point, 1), (entry & 1) == 0 ? y : -y);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private double* PointOf(double* table, uint entry)
        {
            long index = entry >> 1;
            return (index < _tablePoints ? table : _arenaOrigin) + (index * PointDoubles);
        }

        /// <summary>Adds pairs of points into the arena, one behind the other. False where a pair's points have the same x: they are equal or opposite.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private bool AddPairs(double* table, int pairs)
        {
            // A last group that is not full repeats its last pair; what it stores behind the end is overwritten by the next.
            int groups = (pairs + Lanes - 1) / Lanes;
            for (int i = pairs; i < groups * Lanes; i++)
            {
                _pairs[2 * i] = _pairs[2 * (pairs - 1)];
                _pairs[(2 * i) + 1] = _pairs[(2 * (pairs - 1)) + 1];
            }

            for (int start = 0; start < groups; start += ChunkGroups)
            {
                if (!AddChunk(table, start, Math.Min(ChunkGroups, groups - start)))
                {
                    return false;
                }
            }

            _used += pairs;
            return true;
        }

        /// <summary>λ = (y2 - y1)/(x2 - x1), x3 = λ² - x1 - x2, y3 = λ(x1 - x3) - y1 for groups of eight pairs, with one inversion for all.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private bool AddChunk(double* table, int start, int groups)
        {
            double* firstX = _vectors.Pointer<double>();
            double* differences = firstX + ((long)ChunkGroups * Element);
            double* products = differences + ((long)ChunkGroups * Element);
            double* one = products + ((long)ChunkGroups * Element);
            double* inverse = one + Element;
            double* y1 = inverse + Element;
            double* dy = y1 + Element;
            double* lambda = dy + Element;
            double* t = lambda + Element;
            double* x2 = t + Element;
            double* x3 = x2 + Element;
            double* y3 = x3 + Element;
            double* scratch = y3 + Element; // two elements
            fixed (uint* allPairs = _pairs)
            {
                for (int k = 0; k < groups; k++)
                {
                    uint* pairs = allPairs + (2 * Lanes * (long)(start + k));
                    double* x1 = firstX + ((long)k * Element);
                    double* dx = differences + ((long)k * Element);
                    GatherX(table, pairs, x1);
                    GatherX(table, pairs + 1, x2);
                    Subtract(x2, x1, dx);
                    FpKernels512.Multiply(products + ((long)k * Element), k == 0 ? one : products + ((long)(k - 1) * Element), dx, scratch);
                }

                Copy(products + ((long)(groups - 1) * Element), inverse);
                if (!InvertLanes(inverse))
                {
                    return false;
                }

                double* arena = _arena.Pointer<double>() + ((long)(_used + (start * Lanes)) * PointDoubles);
                for (int k = groups - 1; k >= 0; k--)
                {
                    uint* pairs = allPairs + (2 * Lanes * (long)(start + k));
                    double* x1 = firstX + ((long)k * Element);
                    double* dx = differences + ((long)k * Element);
                    GatherY(table, pairs, y1);
                    GatherY(table, pairs + 1, t);
                    Subtract(t, y1, dy);
                    FpKernels512.Multiply(t, inverse, k == 0 ? one : products + ((long)(k - 1) * Element), scratch);
                    FpKernels512.Multiply(lambda, t, dy, scratch);
                    FpKernels512.Multiply(inverse, inverse, dx, scratch);
                    Add(x1, dx, x2);
                    FpKernels512.SquareSubtract(x3, lambda, x1, x2, scratch);
                    Subtract(x1, x3, t);
                    FpKernels512.MultiplySubtract(y3, lambda, t, y1, scratch);
                    Scatter(x3, arena + ((long)k * Lanes * PointDoubles));
                    Scatter(y3, arena + ((long)k * Lanes * PointDoubles) + FpLimbs.Count);
                }
            }

            return true;
        }

        // Entries of a pair stand side by side, so the same side of the next pair is two further.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void GatherX(double* table, uint* entries, double* elements)
        {
            Vector512<double> r0 = *(Vector512<double>*)PointOf(table, entries[0]), r1 = *(Vector512<double>*)PointOf(table, entries[2]);
            Vector512<double> r2 = *(Vector512<double>*)PointOf(table, entries[4]), r3 = *(Vector512<double>*)PointOf(table, entries[6]);
            Vector512<double> r4 = *(Vector512<double>*)PointOf(table, entries[8]), r5 = *(Vector512<double>*)PointOf(table, entries[10]);
            Vector512<double> r6 = *(Vector512<double>*)PointOf(table, entries[12]), r7 = *(Vector512<double>*)PointOf(table, entries[14]);
            Transpose(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
            var v = (Vector512<double>*)elements;
            (v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]) = (r0, r1, r2, r3, r4, r5, r6, r7);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void GatherY(double* table, uint* entries, double* elements)
        {
            Vector512<double> r0 = SignedY(table, entries[0]), r1 = SignedY(table, entries[2]), r2 = SignedY(table, entries[4]), r3 = SignedY(table, entries[6]);
            Vector512<double> r4 = SignedY(table, entries[8]), r5 = SignedY(table, entries[10]), r6 = SignedY(table, entries[12]), r7 = SignedY(table, entries[14]);
            Transpose(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
            var v = (Vector512<double>*)elements;
            (v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]) = (r0, r1, r2, r3, r4, r5, r6, r7);
        }

        /// <summary>The limbs of y, their signs flipped where the entry is negative.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Vector512<double> SignedY(double* table, uint entry) =>
            *(Vector512<double>*)(PointOf(table, entry) + FpLimbs.Count) ^ Vector512.Create((ulong)(entry & 1) << 63).AsDouble();
    }
}
