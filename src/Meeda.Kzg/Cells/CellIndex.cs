namespace Meeda.Kzg.Cells;

/// <summary>Which of a blob's 128 cells (EIP-7594 <c>CellIndex</c>). Every value of this type is below 128.</summary>
public readonly record struct CellIndex : IComparable<CellIndex>
{
    /// <summary>The cell with this number.</summary>
    /// <param name="value">0 to 127.</param>
    /// <exception cref="KzgFormatException">The number is 128 or more.</exception>
    public CellIndex(ulong value)
    {
        if (value >= Cell.CountPerBlob)
        {
            throw new KzgFormatException($"cell index: {value}, a blob has {Cell.CountPerBlob} cells");
        }

        Value = (int)value;
    }

    /// <summary>The number, 0 to 127.</summary>
    public int Value { get; }

    /// <summary>Whether <paramref name="a"/> comes before <paramref name="b"/>.</summary>
    public static bool operator <(CellIndex a, CellIndex b) => a.Value < b.Value;

    /// <summary>Whether <paramref name="a"/> comes after <paramref name="b"/>.</summary>
    public static bool operator >(CellIndex a, CellIndex b) => a.Value > b.Value;

    /// <summary>Whether <paramref name="a"/> does not come after <paramref name="b"/>.</summary>
    public static bool operator <=(CellIndex a, CellIndex b) => a.Value <= b.Value;

    /// <summary>Whether <paramref name="a"/> does not come before <paramref name="b"/>.</summary>
    public static bool operator >=(CellIndex a, CellIndex b) => a.Value >= b.Value;

    /// <inheritdoc/>
    public int CompareTo(CellIndex other) => Value.CompareTo(other.Value);
}
