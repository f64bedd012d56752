using System.Diagnostics.CodeAnalysis;

namespace Meeda.Http;

/// <summary>Hexadecimal text in bodies: <c>0x</c> and lower-case digits.</summary>
internal static class HexBody
{
    /// <summary>Bytes as text.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>Text of exactly that many bytes, with or without <c>0x</c>.</summary>
    public static bool TryDecode([NotNullWhen(true)] string? text, int length, out byte[] bytes)
    {
        ReadOnlySpan<char> digits = text;
        digits = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
        bytes = new byte[length];
        return digits.Length == 2 * length
            && Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
