namespace Meeda.Kzg.Curves;

/// <summary>Many points times scalars at once. Not safe for use by several threads at once.</summary>
internal abstract unsafe class PointMultiplier
{
    /// <summary>
    /// The fastest multiplier that the processor supports. Rows are those of <see cref="PairAdder.Create"/>.
    /// </summary>
    /// <param name="memory">Where it takes its memory; whoever calls the multiplier holds a lease of it.</param>
    public static PointMultiplier Create(NativeArena memory) =>
        PointLanes512.IsSupported ? new VectorPointMultiplier<PointLanes512>(memory)
        : PointLanes256.IsSupported ? new VectorPointMultiplier<PointLanes256>(memory)
        : new ScalarPointMultiplier(memory);

    /// <summary>Writes the products consecutively.</summary>
    /// <param name="points">Where the rows begin that entries count (<see cref="PairAdder"/>).</param>
    /// <param name="entries">Points of the subgroup, none at infinity.</param>
    /// <param name="scalars">As many scalars, none of them 0.</param>
    /// <param name="products">Rows for the products; none of the points' rows.</param>
    public abstract void Multiply(
        double* points,
        ReadOnlySpan<uint> entries,
        ReadOnlySpan<SplitScalar> scalars,
        double* products
    );
}
