using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Fields;

/// <summary>Weighted sums on one vector width: groups of 9 wide limbs, an element in each lane.</summary>
internal sealed unsafe class VectorWeightedSums<TLanes> : FrWeightedSums
    where TLanes : struct, IFrLanes
{
    // Groups that are read at a time: little enough for the first-level cache.
    private const int TileGroups = 16;

    private static readonly int ElementLength = FrLimbs.Count * TLanes.Lanes;
    private static readonly int SumLength = FrLimbs.WeightedCount * TLanes.Lanes;
    private static readonly int GroupBytes = TLanes.Lanes * Fr.Length;

    private readonly int _groups;
    private readonly AlignedDoubles _sums;
    private readonly AlignedDoubles _tile = new(TileGroups * ElementLength);
    private readonly AlignedDoubles _weight = new(FrLimbs.WeightCount * TLanes.Lanes);

    // Blobs that the sums hold since they were reduced.
    private int _added;

    /// <summary>Sums of 0.</summary>
    /// <param name="count">The number of sums, a multiple of 8.</param>
    public VectorWeightedSums(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(count % 8, 0);
        RoundingMode.RequireNearest();
        _groups = count / TLanes.Lanes;
        _sums = new(_groups * SumLength);
    }

    /// <inheritdoc/>
    public override void Add(ReadOnlySpan<byte> elements, UInt128 weight)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(elements.Length, _groups * GroupBytes);
        if (_added == FrLimbs.MostWeighted)
        {
            ReduceAll();
        }

        _added++;
        double* tile = _tile.Pointer,
            w = _weight.Pointer,
            sums = _sums.Pointer;
        for (int lane = 0; lane < TLanes.Lanes; lane++)
        {
            FrLimbs.Write(weight, w + lane, TLanes.Lanes);
        }

        fixed (byte* source = elements)
        {
            for (int group = 0; group < _groups; group += TileGroups)
            {
                int length = Math.Min(TileGroups, _groups - group);
                for (int i = 0; i < length; i++)
                {
                    TLanes.Load(source + ((group + i) * GroupBytes), Fr.Length, tile + (i * ElementLength));
                }

                TLanes.AddWeighted(sums + (group * SumLength), tile, w, length);
            }
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Write(Span<byte> sums)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sums.Length, _groups * GroupBytes);
        ReduceAll();
        fixed (byte* target = sums)
        {
            for (int group = 0; group < _groups; group++)
            {
                TLanes.Store(_sums.Pointer + (group * SumLength), target + (group * GroupBytes), Fr.Length);
            }
        }

        GC.KeepAlive(this);
    }

    // Leaves each sum as six limbs of an element and three zeros.
    private void ReduceAll()
    {
        Span<double> wide = new(_tile.Pointer, FrLimbs.WideCount * TLanes.Lanes);
        double* scratch = _tile.Pointer + wide.Length;
        wide.Clear();
        for (int group = 0; group < _groups; group++)
        {
            Span<double> sum = new(_sums.Pointer + (group * SumLength), SumLength);
            sum.CopyTo(wide);
            TLanes.Reduce(_sums.Pointer + (group * SumLength), _tile.Pointer, scratch);
            sum[ElementLength..].Clear();
        }

        _added = 0;
    }
}
