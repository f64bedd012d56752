namespace Meeda.Kzg.Curves;

/// <summary>
/// Many affine additions at once, their inversions shared (Montgomery's trick). Points lie in memory as rows of 128
/// bytes whose content is the
/// adder's own; an entry is a row's index times two, plus one where the negation is meant. Not safe for use by
/// several threads at once.
/// </summary>
internal abstract unsafe class PairAdder
{
    /// <summary>Doubles, or 64-bit words, from one row to the next.</summary>
    public const int RowLength = 16;

    /// <summary>Pairs by which callers pad the arrays that <see cref="TryAdd"/> reads.</summary>
    public const int PairPadding = 16;

    /// <summary>The fastest adder that the processor supports.</summary>
    /// <param name="memory">Where it takes its memory; whoever calls the adder holds a lease of it.</param>
    public static PairAdder Create(NativeArena memory) =>
        PointLanes512.IsSupported ? new VectorPairAdder<PointLanes512>(memory)
        : PointLanes256.IsSupported ? new VectorPairAdder<PointLanes256>(memory)
        : new ScalarPairAdder(memory);

    /// <summary>Writes a point that is not at infinity.</summary>
    public abstract void Write(in G1Affine point, double* row);

    /// <summary>Reads the point of an entry.</summary>
    public abstract G1Affine Read(double* points, uint entry);

    /// <summary>
    /// Adds the two points of each pair and writes the sums consecutively. False, and rows of no meaning,
    /// where two of a pair are equal or
    /// opposite: the affine formula does not hold there.
    /// </summary>
    /// <param name="points">Where the rows begin that entries count.</param>
    /// <param name="pairs">Two entries for each pair; the array goes on for <see cref="PairPadding"/> pairs, which
    /// may be overwritten.</param>
    /// <param name="count">How many pairs.</param>
    /// <param name="sums">Where the sums go.</param>
    public abstract bool TryAdd(double* points, uint* pairs, int count, double* sums);

    /// <summary>
    /// Doubles rows, also in place; their number is a multiple of 8. No point of odd order makes the formula fail.
    /// </summary>
    public abstract void Double(double* source, double* target, int count);
}
