namespace Meeda.Kzg.Curves;

/// <summary>
/// The compressed form of points of G1 and G2 (IETF draft-irtf-cfrg-pairing-friendly-curves, appendix C;
/// consensus-specs
/// <c>validate_kzg_g1</c>): the x coordinate, big-endian, whose three highest bits, free in a 381-bit field, carry
/// flags.
/// </summary>
internal static class PointEncoding
{
    /// <summary>Bit 7: the form is compressed. Always set.</summary>
    private const byte CompressedFlag = 0x80;

    /// <summary>Bit 6: the point is that at infinity; every other bit but the first is then 0.</summary>
    private const byte InfinityFlag = 0x40;

    /// <summary>Bit 5: of the two values that y can have, it is the larger.</summary>
    private const byte LargestFlag = 0x20;

    /// <summary>Splits flags and coordinate; false where the flags contradict themselves.</summary>
    /// <param name="encoded">The whole encoding.</param>
    /// <param name="coordinate">As many bytes: the x coordinate, flags cleared.</param>
    /// <param name="isInfinity">Whether it is the point at infinity.</param>
    /// <param name="isLargest">Whether y is the larger of the two.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> encoded,
        Span<byte> coordinate,
        out bool isInfinity,
        out bool isLargest
    )
    {
        byte flags = encoded[0];
        isInfinity = (flags & InfinityFlag) != 0;
        isLargest = (flags & LargestFlag) != 0;
        encoded.CopyTo(coordinate);
        coordinate[0] &= 0x1f;
        return (flags & CompressedFlag) != 0 && (!isInfinity || (!isLargest && !coordinate.ContainsAnyExcept((byte)0)));
    }

    /// <summary>Adds the flags of a finite point to its x coordinate.</summary>
    public static void WriteFlags(Span<byte> coordinate, bool isLargest) =>
        coordinate[0] |= (byte)(isLargest ? CompressedFlag | LargestFlag : CompressedFlag);

    /// <summary>Writes the point at infinity.</summary>
    public static void WriteInfinity(Span<byte> encoded)
    {
        encoded.Clear();
        encoded[0] = CompressedFlag | InfinityFlag;
    }
}
