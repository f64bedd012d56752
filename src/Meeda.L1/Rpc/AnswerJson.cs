using System.Buffers;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nethereum.Hex.HexTypes;

namespace Meeda.L1.Rpc;

/// <summary>
/// Nethereum's types to and from JSON. Its own converters take <c>"10"</c> for 16, <c>"0x"</c> for 0, punctuation for
/// digits and numbers of any length, and give up the whole answer over a field of another type that no one asks for.
/// Here what is not a quantity or a text is kept as an invalid value, and refused where it is used
/// (<see cref="Answers"/>).
/// </summary>
internal static class AnswerJson
{
    /// <summary>
    /// What stands in the place of an invalid quantity: 2^256, which is beyond all valid ones. Nethereum's type takes
    /// no negative number.
    /// </summary>
    public static readonly BigInteger NoQuantity = BigInteger.One << 256;

    /// <summary>The placeholder for an invalid text.</summary>
    public const string NoText = "no text";

    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new Quantities(), new Texts(), new Flags() },
    };

    /// <summary>A result as one of Nethereum's types; null where it is JSON's null.</summary>
    /// <exception cref="L1UnreachableException">It is something else.</exception>
    public static T Read<T>(JsonElement result)
    {
        try
        {
            return result.Deserialize<T>(Options)!;
        }
        catch (Exception malformed)
            when (malformed is JsonException or InvalidOperationException or NotSupportedException)
        {
            throw new L1UnreachableException(
                $"the node answered something else than a {typeof(T).Name}, which is expected",
                malformed
            );
        }
    }

    /// <summary>A parameter as JSON-RPC has it: a string, or else JSON.</summary>
    public static object? Plain(object? parameter)
    {
        if (parameter is null or string)
        {
            return parameter;
        }

        JsonElement json = JsonSerializer.SerializeToElement(parameter, parameter.GetType(), Options);
        return json.ValueKind == JsonValueKind.String ? json.GetString() : json;
    }

    /// <summary>Quantities as execution-apis writes them: <c>0x</c> and 1 to 64 hex digits.</summary>
    private sealed class Quantities : JsonConverter<HexBigInteger>
    {
        private const int MaxLength = 66;

        private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdefABCDEF");

        public override HexBigInteger Read(
            ref Utf8JsonReader reader,
            Type typeToConvert,
            JsonSerializerOptions options
        ) =>
            TextOf(ref reader) is { Length: > 2 and <= MaxLength } text
            && text.StartsWith("0x", StringComparison.Ordinal)
            && !text.AsSpan(2).ContainsAnyExcept(Digits)
                ? new HexBigInteger(text)
                : new HexBigInteger(NoQuantity);

        public override void Write(Utf8JsonWriter writer, HexBigInteger value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.HexValue);
    }

    private sealed class Texts : JsonConverter<string>
    {
        public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TextOf(ref reader) ?? NoText;

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value);
    }

    private sealed class Flags : JsonConverter<bool>
    {
        public override bool HandleNull => true;

        public override bool Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            bool isTrue = reader.TokenType == JsonTokenType.True;
            reader.Skip();
            return isTrue;
        }

        public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) =>
            writer.WriteBooleanValue(value);
    }

    private static string? TextOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }

        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, which JSON can write and .NET cannot hold.
            return null;
        }
    }
}
