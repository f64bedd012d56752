using System.Text.Json;
using Meeda.Http;
using Meeda.Operator.Nitro;

namespace Meeda.Operator.Http;

/// <summary>The outcome of a call: an error, or a function that writes the result.</summary>
internal readonly record struct DaProviderResult(JsonRpcException? Error, Action<Utf8JsonWriter>? Write)
{
    public static implicit operator DaProviderResult(JsonRpcException error) => new(error, null);

    public static implicit operator DaProviderResult(Action<Utf8JsonWriter> write) => new(null, write);

    public static DaProviderResult Field(string name, byte[] bytes) =>
        new(null, json => WriteObject(json, name, HexBody.Of(bytes)));

    public static DaProviderResult Field(string name, string text) => new(null, json => WriteObject(json, name, text));

    private static void WriteObject(Utf8JsonWriter json, string name, string text)
    {
        json.WriteStartObject();
        json.WriteString(name, text);
        json.WriteEndObject();
    }
}
