using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Cells;

/// <summary>
/// The layout of a cell (EIP-7594): 64 elements of the scalar field, 32 bytes big-endian each. A blob's polynomial,
/// evaluated on the 8192nd roots of unity in
/// bit-reversed order, makes 128 cells, the first 64 of which are the blob itself; any 64 give the others. Cell
/// <c>k</c> holds the values on the
/// coset <c>h_k·{64th roots of unity}</c>, <c>h_k = ω_8192^brp(64k)</c>.
/// </summary>
public static class Cell
{
    /// <summary>Elements of a cell: <c>FIELD_ELEMENTS_PER_CELL</c>.</summary>
    public const int ElementCount = 64;

    /// <summary>Bytes of a cell: <c>BYTES_PER_CELL</c>.</summary>
    public const int ByteLength = ElementCount * Blob.ElementLength;

    /// <summary>Cells of a blob: <c>CELLS_PER_EXT_BLOB</c>.</summary>
    public const int CountPerBlob = ExtendedElementCount / ElementCount;

    /// <summary>Cells that give all others.</summary>
    public const int CountToRecover = CountPerBlob / 2;

    /// <summary>Elements of all cells of a blob: <c>FIELD_ELEMENTS_PER_EXT_BLOB</c>.</summary>
    internal const int ExtendedElementCount = 2 * Blob.ElementCount;

    /// <summary>Reads cells that are concatenated.</summary>
    /// <exception cref="KzgFormatException">There are not <paramref name="count"/> cells, or an element is not below
    /// the modulus.</exception>
    internal static Fr[] Decode(ReadOnlySpan<byte> cells, int count)
    {
        ThrowIfInvalid(cells, count);
        var elements = new Fr[count * ElementCount];
        for (int i = 0; i < elements.Length; i++)
        {
            elements[i] = Fr.Reduce(cells.Slice(i * Fr.Length, Fr.Length));
        }

        return elements;
    }

    /// <summary>Checks cells that are concatenated.</summary>
    /// <exception cref="KzgFormatException">There are not <paramref name="count"/> cells, or an element is not below
    /// the modulus.</exception>
    internal static void ThrowIfInvalid(ReadOnlySpan<byte> cells, int count)
    {
        if (cells.Length != (long)count * ByteLength)
        {
            throw new KzgFormatException($"cells: {cells.Length} bytes, {count} cells of {ByteLength} are expected");
        }

        int element = Blob.FindNonCanonical(cells);
        if (element >= 0)
        {
            throw new KzgFormatException(
                $"cells: element {element % ElementCount} of the cell at position {element / ElementCount} is not "
                    + "below the field's modulus"
            );
        }
    }

    /// <summary>Writes elements as bytes.</summary>
    internal static byte[] Encode(ReadOnlySpan<Fr> elements)
    {
        var bytes = new byte[elements.Length * Fr.Length];
        for (int i = 0; i < elements.Length; i++)
        {
            elements[i].Encode(bytes.AsSpan(i * Fr.Length));
        }

        return bytes;
    }
}
