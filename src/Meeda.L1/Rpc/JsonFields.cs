using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Meeda.Ethereum;

namespace Meeda.L1.Rpc;

/// <summary>
/// Reads the fields of a node's answers (Ethereum execution-apis: quantities and data are hex strings).
/// </summary>
internal static class JsonFields
{
    /// <summary>A quantity as it is sent: the shortest hex digits.</summary>
    public static string Quantity(BigInteger value) =>
        value.IsZero ? "0x0" : "0x" + value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');

    /// <summary>Data as it is sent.</summary>
    public static string Data(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>A quantity that fits 64 bits.</summary>
    public static ulong AsUInt64(this JsonElement element) =>
        ulong.TryParse(Digits(element), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw Unexpected(element, "a hex quantity below 2^64");

    /// <summary>A quantity that fits 256 bits.</summary>
    public static BigInteger AsBigInteger(this JsonElement element) =>
        Digits(element) is { Length: >= 1 and <= 64 } digits
        && BigInteger.TryParse(
            "0" + digits,
            NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture,
            out BigInteger value
        )
            ? value
            : throw Unexpected(element, "a hex quantity below 2^256");

    /// <summary>Data.</summary>
    public static byte[] AsBytes(this JsonElement element)
    {
        try
        {
            return Convert.FromHexString(Digits(element));
        }
        catch (FormatException)
        {
            throw Unexpected(element, "hex data");
        }
    }

    /// <summary>Thirty-two bytes.</summary>
    public static Bytes32 AsBytes32(this JsonElement element) =>
        Bytes32.TryParse(Text(element), out Bytes32 value) ? value : throw Unexpected(element, "32 bytes in hex");

    /// <summary>An address.</summary>
    public static Address AsAddress(this JsonElement element) =>
        Address.TryParse(Text(element), out Address value) ? value : throw Unexpected(element, "an address");

    /// <summary>A field that must be there.</summary>
    public static JsonElement Field(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out JsonElement field)
        && field.ValueKind != JsonValueKind.Null
            ? field
            : throw new L1UnreachableException($"the node's answer has no {name}");

    /// <summary>A field that may be absent or null.</summary>
    public static JsonElement? OptionalField(this JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement field) && field.ValueKind != JsonValueKind.Null ? field : null;

    /// <summary>The items of an array.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : throw Unexpected(element, "an array");

    private static string? Text(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, which JSON can write and .NET cannot hold.
            return null;
        }
    }

    private static string Digits(JsonElement element) =>
        Text(element) is { } text && text.StartsWith("0x", StringComparison.Ordinal)
            ? text[2..]
            : throw Unexpected(element, "a hex string");

    private static L1UnreachableException Unexpected(JsonElement element, string expected)
    {
        string raw;
        try
        {
            raw = element.GetRawText();
        }
        catch (InvalidOperationException)
        {
            // It is not even UTF-8.
            raw = "broken text";
        }

        return new L1UnreachableException(
            $"the node answered {(raw.Length <= 80 ? raw : raw[..80] + "…")} where {expected} is expected"
        );
    }
}
