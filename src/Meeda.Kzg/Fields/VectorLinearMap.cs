using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Fields;

/// <summary>
/// A linear map on one vector width: the products of an output are summed without being reduced, and reduced once.
/// </summary>
internal sealed unsafe class VectorLinearMap<TLanes> : FrLinearMap
    where TLanes : struct, IFrLanes
{
    private static readonly int ElementLength = FrLimbs.Count * TLanes.Lanes;
    private static readonly int WideLength = FrLimbs.WideCount * TLanes.Lanes;
    private static readonly int RunGroups = RunLength / TLanes.Lanes;

    private readonly int _inputs;
    private readonly AlignedDoubles _coefficients;

    /// <inheritdoc cref="FrLinearMap.Create"/>
    public VectorLinearMap(int inputs, ReadOnlySpan<Fr> coefficients)
    {
        RoundingMode.RequireNearest();
        _inputs = inputs;
        _coefficients = new(coefficients.Length * FrLimbs.Count);
        for (int i = 0; i < coefficients.Length; i++)
        {
            FrLimbs.Write(coefficients[i], _coefficients.Pointer + (i * FrLimbs.Count), 1);
        }
    }

    /// <inheritdoc/>
    public override AlignedDoubles CreateTile() =>
        new((_inputs * RunGroups * ElementLength) + ElementLength + (2 * WideLength));

    /// <inheritdoc/>
    public override void Read(AlignedDoubles tile, int input, ReadOnlySpan<byte> elements)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(elements.Length, RunLength * Fr.Length);
        double* groups = tile.Pointer + (input * RunGroups * ElementLength);
        fixed (byte* source = elements)
        {
            for (int group = 0; group < RunGroups; group++)
            {
                TLanes.Load(source + (group * TLanes.Lanes * Fr.Length), Fr.Length, groups + (group * ElementLength));
            }
        }

        GC.KeepAlive(tile);
    }

    /// <inheritdoc/>
    public override void Write(AlignedDoubles tile, int output, Span<byte> elements)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(elements.Length, RunLength * Fr.Length);
        double* inputs = tile.Pointer;
        double* coefficients = _coefficients.Pointer + ((long)output * _inputs * FrLimbs.Count);
        double* sum = inputs + (_inputs * RunGroups * ElementLength),
            wide = sum + ElementLength,
            scratch = wide + WideLength;
        fixed (byte* target = elements)
        {
            for (int group = 0; group < RunGroups; group++)
            {
                for (int j = 0; j < _inputs; j += FrLimbs.MostProducts)
                {
                    double* first = inputs + (((j * RunGroups) + group) * ElementLength);
                    int count = Math.Min(FrLimbs.MostProducts, _inputs - j);
                    TLanes.SumProducts(
                        wide,
                        coefficients + (j * FrLimbs.Count),
                        FrLimbs.Count,
                        first,
                        RunGroups * ElementLength,
                        count
                    );
                    if (j > 0)
                    {
                        TLanes.Add(wide, wide, sum);
                    }

                    TLanes.Reduce(sum, wide, scratch);
                }

                TLanes.Store(sum, target + (group * TLanes.Lanes * Fr.Length), Fr.Length);
            }
        }

        GC.KeepAlive(this);
        GC.KeepAlive(tile);
    }
}
