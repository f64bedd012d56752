namespace Meeda.Ethereum;

/// <summary>Hexadecimal text of a known number of bytes.</summary>
internal static class Hex
{
    /// <summary>
    /// Decodes exactly as many bytes as fit <paramref name="bytes"/>, with or without <c>0x</c>; false for anything
    /// else.
    /// </summary>
    public static bool TryDecode(string? text, Span<byte> bytes)
    {
        ReadOnlySpan<char> digits = text;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            digits = digits[2..];
        }

        return digits.Length == 2 * bytes.Length
            && Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
