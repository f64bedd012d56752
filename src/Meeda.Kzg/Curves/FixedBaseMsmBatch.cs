using System.Buffers.Binary;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Many sums <c>Σ s_i·P_i</c> at once, each over points of its own that are known beforehand: as
/// <see cref="FixedBaseMsm"/>, a table of all <c>2^(9w)·P_i</c> and one set of
/// 256 buckets for each sum, and several sums share their inversions. Safe for use by many threads at once.
/// </summary>
internal sealed unsafe class FixedBaseMsmBatch : IDisposable
{
    private const int Width = 9;
    private const int Windows = (255 + Width) / Width;

    // Bits whose points are added up: the last bucket counts as the sum of its row and its column, so that no point
    // has the top one.
    private const int Bits = Width - 1;

    // Sums worked on together: their points and intermediate sums fit a second-level cache, nearly.
    private const int SumsAtOnce = 16;

    private readonly G1Affine[] _points;
    private readonly int _count;
    private readonly int _length;
    private readonly int _sumsAtOnce;
    private readonly NativeArena _memory = new();
    private readonly double* _table;
    private readonly Stack<Workspace> _workspaces = [];

    /// <summary>Builds the table.</summary>
    /// <param name="points">Points of the subgroup, none at infinity, the lists of all sums concatenated; their
    /// number a multiple of 8. Not to be changed afterwards.</param>
    /// <param name="count">Sums.</param>
    /// <param name="createAdder">Makes adders, one for each thread.</param>
    public FixedBaseMsmBatch(G1Affine[] points, int count, Func<NativeArena, PairAdder> createAdder)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(points.Length % 8, 0);
        ArgumentOutOfRangeException.ThrowIfNotEqual(points.Length % count, 0);
        if (points.Any(point => point.IsInfinity))
        {
            throw new ArgumentException("a point is at infinity", nameof(points));
        }

        _points = points;
        _count = count;
        _length = points.Length / count;
        _sumsAtOnce = Math.Min(SumsAtOnce, count);
        long windowLength = (long)points.Length * PairAdder.RowLength;
        int entries = _sumsAtOnce * _length * Windows;
        int arenaLength = PairBucketSums.ArenaLength(Width, _sumsAtOnce, entries);
        int threads = Environment.ProcessorCount;
        int workspaceLength = arenaLength + DoublingSums.Rows(count, Bits);
        nuint bytes =
            (nuint)((Windows * windowLength) + ((long)threads * workspaceLength * PairAdder.RowLength))
            * sizeof(double);
        _table = (double*)_memory.Allocate(bytes);
        PairAdder adder = createAdder(_memory);
        for (int i = 0; i < points.Length; i++)
        {
            adder.Write(points[i], _table + ((long)i * PairAdder.RowLength));
        }

        for (int window = 1; window < Windows; window++)
        {
            double* target = _table + (window * windowLength);
            adder.Double(target - windowLength, target, points.Length);
            for (int i = 1; i < Width; i++)
            {
                adder.Double(target, target, points.Length);
            }
        }

        for (int i = 0; i < threads; i++)
        {
            int arena = (Windows * points.Length) + (i * workspaceLength);
            PairAdder own = i == 0 ? adder : createAdder(_memory);
            _workspaces.Push(
                new(
                    new(_memory, _table, arena, Width, _sumsAtOnce, entries, own),
                    new(_table, arena + arenaLength, count, Bits, own),
                    entries
                )
            );
        }
    }

    /// <summary>Frees the memory, once sums that are being worked out are done.</summary>
    public void Dispose() => _memory.Dispose();

    /// <summary>All sums; one scalar for each point, 32 bytes big-endian below the modulus.</summary>
    /// <exception cref="ObjectDisposedException">The memory was freed.</exception>
    public G1Affine[] Sum(ReadOnlySpan<byte> scalars)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(scalars.Length, _points.Length * Fr.Length);
        using NativeArena.Lease lease = _memory.Use();
        Workspace workspace = Take();
        try
        {
            for (int first = 0; first < _count; first += _sumsAtOnce)
            {
                int count = Math.Min(_sumsAtOnce, _count - first);
                if (
                    !TrySum(
                        workspace,
                        scalars.Slice(first * _length * Fr.Length, count * _length * Fr.Length),
                        first,
                        count
                    )
                )
                {
                    return CompleteSum(scalars);
                }
            }

            return workspace.Totals.Sum();
        }
        finally
        {
            lock (_workspaces)
            {
                _workspaces.Push(workspace);
                Monitor.Pulse(_workspaces);
            }
        }
    }

    // By complete additions, where equal or opposite points met.
    private G1Affine[] CompleteSum(ReadOnlySpan<byte> scalars)
    {
        var sums = new G1Point[_count];
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = MultiScalarMultiplication.Sum(
                _points.AsSpan(i * _length, _length),
                Decode(scalars.Slice(i * _length * Fr.Length, _length * Fr.Length))
            );
        }

        return G1Point.ToAffine(sums);
    }

    private static Fr[] Decode(ReadOnlySpan<byte> scalars)
    {
        var elements = new Fr[scalars.Length / Fr.Length];
        for (int i = 0; i < elements.Length; i++)
        {
            elements[i] = Fr.Reduce(scalars.Slice(i * Fr.Length, Fr.Length));
        }

        return elements;
    }

    private bool TrySum(Workspace workspace, ReadOnlySpan<byte> scalars, int first, int count)
    {
        // 1. Digit w of scalar i goes with row points·w + i.
        int filled = 0;
        Span<ulong> limbs = stackalloc ulong[4];
        for (int i = 0; i < scalars.Length / Fr.Length; i++)
        {
            for (int limb = 0; limb < limbs.Length; limb++)
            {
                limbs[limb] = BinaryPrimitives.ReadUInt64BigEndian(
                    scalars[((i * Fr.Length) + Fr.Length - (8 * (limb + 1)))..]
                );
            }

            MultiScalarMultiplication.WriteSignedDigits(limbs, Width, workspace.Digits.AsSpan(filled, Windows));
            for (int window = 0; window < Windows; window++, filled++)
            {
                workspace.Entries[filled] = (uint)((window * _points.Length) + (first * _length) + i) << 1;
                workspace.SumOf[filled] = (ushort)(i / _length);
            }
        }

        // 2. A point for each bit of a digit.
        Span<uint> bits = workspace.Results;
        if (
            !workspace.Buckets.TrySum(
                workspace.Entries.AsSpan(0, filled),
                workspace.Digits.AsSpan(0, filled),
                workspace.SumOf.AsSpan(0, filled),
                bits
            )
        )
        {
            return false;
        }

        for (int sum = 0; sum < count; sum++)
        {
            for (int bit = 0; bit < Bits; bit++)
            {
                workspace.Totals.Set(first + sum, bit, bits[(sum * Width) + bit]);
            }
        }

        return true;
    }

    private Workspace Take()
    {
        lock (_workspaces)
        {
            while (_workspaces.Count == 0)
            {
                Monitor.Wait(_workspaces);
            }

            return _workspaces.Pop();
        }
    }

    // What one thread works with.
    private sealed class Workspace(PairBucketSums buckets, DoublingSums totals, int entries)
    {
        public DoublingSums Totals { get; } = totals;

        public PairBucketSums Buckets { get; } = buckets;

        public uint[] Entries { get; } = new uint[entries];

        public short[] Digits { get; } = new short[entries];

        public ushort[] SumOf { get; } = new ushort[entries];

        public uint[] Results { get; } = new uint[buckets.Sums * buckets.Bits];
    }
}
