namespace Meeda.Kzg;

/// <summary>Hexadecimal text of a known number of bytes.</summary>
internal static class HexText
{
    /// <summary>
    /// Decodes exactly as many bytes as <paramref name="bytes"/> holds, with or without <c>0x</c>; false for anything
    /// else.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        return digits.Length == 2 * bytes.Length
            && Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
