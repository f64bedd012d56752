namespace Meeda.Kzg.Curves;

/// <summary>Many points times scalars at once. Not safe for use by several threads at once.</summary>
internal abstract unsafe class PointMultiplier
{
    /// <summary>
    /// The fastest multiplier that the processor supports. Rows are those of <see cref="PairAdder.Create"/>.
    /// </summary>
    public static PointMultiplier Create() =>
        PointLanes512.IsSupported ? new VectorPointMultiplier<PointLanes512>()
        : PointLanes256.IsSupported ? new VectorPointMultiplier<PointLanes256>()
        : new ScalarPointMultiplier();

    /// <summary>Writes the products one behind the other.</summary>
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
