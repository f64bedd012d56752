namespace Meeda.Kzg.Curves;

/// <summary>The sizes in a <see cref="FixedBaseMsm"/>.</summary>
/// <param name="Points">Points, and scalars.</param>
internal sealed record FixedBaseMsmPlan(int Points)
{
    /// <summary>Bits of a digit: near the optimum for 4096 points, which is flat.</summary>
    public const int Width = 15;

    /// <summary>
    /// Buckets: one for each magnitude of a digit but 0. Those whose number is twice an odd one, eight times one, and
    /// so on, stay empty.
    /// </summary>
    public const int Buckets = 1 << (Width - 1);

    /// <summary>Buckets of a row in the square whose rows and columns are summed.</summary>
    public const int RowBuckets = 1 << ((Width - 1) / 2);

    /// <summary>Digits of a scalar of magnitude below 2^254, with room for the last carry.</summary>
    public const int Windows = (254 + Width) / Width;

    /// <summary>Multiples of each shifted point in the table: the point, and twice the point.</summary>
    public const int Multiples = 2;

    /// <summary>Digits of all scalars.</summary>
    public int DigitCount => Windows * Points;

    /// <summary>Rows of the table: multiple after multiple, window after window.</summary>
    public int TableLength => Multiples * DigitCount;

    /// <summary>
    /// Rows that one sum can fill: every addition makes one, in the buckets, then twice for rows and columns.
    /// </summary>
    public int ArenaLength => DigitCount + (3 * Buckets);
}
