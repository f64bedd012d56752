namespace Meeda.Kzg.Curves;

/// <summary>The sizes in a <see cref="FixedBaseMsm"/>.</summary>
/// <param name="Points">Points, and scalars.</param>
internal sealed record FixedBaseMsmPlan(int Points)
{
    /// <summary>Bits of a digit: near the optimum for 4096 points, which is flat.</summary>
    public const int Width = 13;

    /// <summary>Buckets: one for each magnitude of a digit but 0.</summary>
    public const int Buckets = 1 << (Width - 1);

    /// <summary>Buckets of a row in the rectangle whose rows and columns are summed.</summary>
    public const int RowBuckets = 64;

    /// <summary>Digits of a scalar below 2^255, with room for the last carry.</summary>
    public const int Windows = (254 + Width) / Width;

    /// <summary>Rows of the table.</summary>
    public int TableLength => Windows * Points;

    /// <summary>Rows that one sum can fill: every addition makes one, in the buckets, then twice for rows and columns.</summary>
    public int ArenaLength => TableLength + (3 * Buckets);
}
