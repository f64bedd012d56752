using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Products with a point in each lane: a table of odd multiples of P and φ(P) for every point, made by affine
/// additions, then 132 doublings and 65 additions in
/// Jacobian coordinates, some 1,700 field multiplications for a product.
/// </summary>
internal sealed unsafe class VectorPointMultiplier<TLanes> : PointMultiplier
    where TLanes : struct, IPointLanes
{
    // Points whose tables are made together, sharing inversions: 2 KiB each.
    private const int ChunkLength = 256;

    // Odd multiples 1, 3, …, 15, of P and of φ(P).
    private const int OddMultiples = 8;
    private const int RowLength = PairAdder.RowLength;

    private readonly VectorPairAdder<TLanes> _adder;
    private readonly JacobianLanes<TLanes> _jacobian = new();
    private readonly AlignedDoubles _table = new(((2 * OddMultiples) + 1) * ChunkLength * RowLength);
    private readonly AlignedDoubles _groups;
    private readonly uint[] _pairs = new uint[2 * (ChunkLength + PairAdder.PairPadding)];

    /// <summary>Takes memory for a chunk.</summary>
    /// <param name="memory">Where it is taken.</param>
    public VectorPointMultiplier(NativeArena memory)
    {
        _adder = new(memory);
        int length = JacobianLanes<TLanes>.GroupLength;
        _groups = new((6 * length) + (ChunkLength / TLanes.Lanes * 4 * length));
        FpLimbsBroadcast(G1Affine.EndomorphismX(Fp.One), Beta);
        FpLimbsBroadcast(Fp.One, One);
    }

    private double* Beta => _groups.Pointer;

    private double* One => _groups.Pointer + JacobianLanes<TLanes>.GroupLength;

    private double* Operands => _groups.Pointer + (2 * JacobianLanes<TLanes>.GroupLength);

    private double* Results => _groups.Pointer + (6 * JacobianLanes<TLanes>.GroupLength);

    /// <inheritdoc/>
    public override void Multiply(
        double* points,
        ReadOnlySpan<uint> entries,
        ReadOnlySpan<SplitScalar> scalars,
        double* products
    )
    {
        for (int start = 0; start < entries.Length; start += ChunkLength)
        {
            int count = Math.Min(ChunkLength, entries.Length - start);
            double* target = products + ((long)start * RowLength);
            ReadOnlySpan<uint> chunk = entries.Slice(start, count);
            ReadOnlySpan<SplitScalar> chunkScalars = scalars.Slice(start, count);
            if (!TryMultiplyChunk(points, chunk, chunkScalars, target))
            {
                ScalarPointMultiplier.Multiply(_adder, points, chunk, chunkScalars, target);
            }
        }

        GC.KeepAlive(this);
    }

    private static void FpLimbsBroadcast(in Fp value, double* group)
    {
        for (int lane = 0; lane < TLanes.Lanes; lane++)
        {
            FpLimbs.Write(value, group + lane, TLanes.Lanes);
        }
    }

    private bool TryMultiplyChunk(
        double* points,
        ReadOnlySpan<uint> entries,
        ReadOnlySpan<SplitScalar> scalars,
        double* products
    )
    {
        // Whole groups of 8, the first point and scalar again where there are none.
        int padded = (entries.Length + 7) & ~7;
        if (!TryWriteTable(points, entries, padded))
        {
            return false;
        }

        int lanes = TLanes.Lanes;
        int groups = padded / lanes;
        for (int group = 0; group < groups; group++)
        {
            Climb(scalars, group * lanes, padded, Results + (group * JacobianLanes<TLanes>.PointLength));
        }

        double* room = Results + (groups * JacobianLanes<TLanes>.PointLength);
        if (!_jacobian.TryToAffine(Results, groups, room))
        {
            return false;
        }

        for (int group = 0; group < groups; group++)
        {
            double* x = Results + (group * JacobianLanes<TLanes>.PointLength),
                rows = products + (group * lanes * RowLength);
            int length = Math.Min(lanes, entries.Length - (group * lanes));
            if (length > 0)
            {
                TLanes.StoreRows(x, rows, length);
                TLanes.StoreRows(x + JacobianLanes<TLanes>.GroupLength, rows + FpLimbs.Count, length);
            }
        }

        return true;
    }

    // Row k·padded + i: (2k + 1)·P_i for k below 8, then the same times φ.
    private bool TryWriteTable(double* points, ReadOnlySpan<uint> entries, int padded)
    {
        double* table = _table.Pointer,
            twice = table + (2 * OddMultiples * padded * RowLength);
        for (int i = 0; i < padded; i++)
        {
            uint entry = entries[i < entries.Length ? i : 0];
            double* source = points + ((long)(entry >> 1) * RowLength),
                row = table + (i * RowLength);
            double sign = (entry & 1) == 0 ? 1 : -1;
            for (int limb = 0; limb < FpLimbs.Count; limb++)
            {
                row[limb] = source[limb];
                row[FpLimbs.Count + limb] = sign * source[FpLimbs.Count + limb];
            }
        }

        _adder.Double(table, twice, padded);
        fixed (uint* pairs = _pairs)
        {
            for (int k = 1; k < OddMultiples; k++)
            {
                for (int i = 0; i < padded; i++)
                {
                    pairs[2 * i] = (uint)(((k - 1) * padded) + i) << 1;
                    pairs[(2 * i) + 1] = (uint)((2 * OddMultiples * padded) + i) << 1;
                }

                if (!_adder.TryAdd(table, pairs, padded, table + (k * padded * RowLength)))
                {
                    return false;
                }
            }
        }

        double* image = table + (OddMultiples * padded * RowLength),
            x = Operands;
        for (int i = 0; i < OddMultiples * padded; i += TLanes.Lanes)
        {
            TLanes.LoadRows(table + (i * RowLength), x);
            TLanes.Multiply(x, x, Beta, _jacobian.Scratch);
            TLanes.StoreRows(x, image + (i * RowLength), TLanes.Lanes);
            for (int lane = i; lane < i + TLanes.Lanes; lane++)
            {
                NativeMemory.Copy(
                    table + (lane * RowLength) + FpLimbs.Count,
                    image + (lane * RowLength) + FpLimbs.Count,
                    FpLimbs.Count * sizeof(double)
                );
            }
        }

        return true;
    }

    // From the highest digits down: four doublings, then the multiples of P and of φ(P) that the digits say.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Climb(ReadOnlySpan<SplitScalar> scalars, int start, int padded, double* result)
    {
        int length = JacobianLanes<TLanes>.GroupLength;
        double* x1 = Operands,
            x2 = x1 + length,
            y1 = x2 + length,
            y2 = y1 + length;
        fixed (uint* pairs = _pairs)
        {
            for (int window = SplitScalar.Windows - 1; window >= 0; window--)
            {
                for (int lane = 0; lane < TLanes.Lanes; lane++)
                {
                    int i = start + lane;
                    SplitScalar scalar = scalars[i < scalars.Length ? i : 0];
                    pairs[2 * lane] = Entry(scalar.First[window], i, padded);
                    pairs[(2 * lane) + 1] = Entry(scalar.Second[window], (OddMultiples * padded) + i, padded);
                }

                // Differences and sums of limbs are exact: these are the coordinates of the two points.
                TLanes.LoadX(_table.Pointer, pairs, x1, x2);
                TLanes.Add(x2, x2, x1);
                TLanes.LoadY(_table.Pointer, pairs, y1, y2);
                TLanes.Add(y2, y2, y1);
                if (window == SplitScalar.Windows - 1)
                {
                    NativeMemory.Copy(x1, result, (nuint)(length * sizeof(double)));
                    NativeMemory.Copy(y1, result + length, (nuint)(length * sizeof(double)));
                    NativeMemory.Copy(One, result + (2 * length), (nuint)(length * sizeof(double)));
                }
                else
                {
                    for (int i = 0; i < SplitScalar.Width; i++)
                    {
                        _jacobian.Double(result);
                    }

                    _jacobian.Add(result, x1, y1);
                }

                _jacobian.Add(result, x2, y2);
            }
        }
    }

    // The row of an odd multiple: |digit|/2 rounded down is its number.
    private static uint Entry(sbyte digit, int first, int padded) =>
        ((uint)(((Math.Abs(digit) >> 1) * padded) + first) << 1) | (digit < 0 ? 1u : 0);
}
