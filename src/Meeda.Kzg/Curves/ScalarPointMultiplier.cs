namespace Meeda.Kzg.Curves;

/// <summary>
/// Products by scalar arithmetic: for processors without FMA, and the reference of the vector multipliers.
/// </summary>
/// <param name="memory">Where its memory is taken.</param>
internal sealed unsafe class ScalarPointMultiplier(NativeArena memory) : PointMultiplier
{
    private readonly ScalarPairAdder _rows = new(memory);

    /// <inheritdoc/>
    public override void Multiply(
        double* points,
        ReadOnlySpan<uint> entries,
        ReadOnlySpan<SplitScalar> scalars,
        double* products
    ) => Multiply(_rows, points, entries, scalars, products);

    /// <summary>The products on the rows of any adder.</summary>
    internal static void Multiply(
        PairAdder rows,
        double* points,
        ReadOnlySpan<uint> entries,
        ReadOnlySpan<SplitScalar> scalars,
        double* products
    )
    {
        var results = new G1Point[entries.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            results[i] = new G1Point(rows.Read(points, entries[i])).Multiply(scalars[i].Scalar);
        }

        G1Affine[] affine = G1Point.ToAffine(results);
        for (int i = 0; i < affine.Length; i++)
        {
            rows.Write(affine[i], products + ((long)i * PairAdder.RowLength));
        }
    }
}
