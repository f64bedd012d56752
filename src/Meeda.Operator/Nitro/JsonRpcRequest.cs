using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Meeda.Operator.Nitro;

/// <summary>
/// One call of a JSON-RPC body, as views of the body that are decoded only when a method asks for them. So a body needs
/// little more memory than its own bytes, whatever it contains.
/// </summary>
internal sealed partial class JsonRpcRequest
{
    /// <summary>The maximum number of parameters; no method has more.</summary>
    public const int MaxParameters = 8;

    /// <summary>The maximum number of calls in one body.</summary>
    public const int MaxInBatch = 100;

    private const int MaxDepth = 16;
    private const int MaxId = 256;
    private const int MaxName = 128;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    private readonly List<ReadOnlyMemory<byte>?> _parameters = [];

    private JsonRpcRequest() { }

    /// <summary>Why it is invalid; null if it can be answered.</summary>
    public JsonRpcException? Fault { get; private set; }

    /// <summary>
    /// The call's id as received: a number, a string or null; empty for a notification, which gets no response.
    /// </summary>
    public ReadOnlyMemory<byte> Id { get; private set; }

    /// <summary>The method.</summary>
    public string Method { get; private set; } = "";

    /// <summary>Whether the client expects no response.</summary>
    public bool IsNotification => Fault is null && Id.IsEmpty;

    /// <summary>The number of parameters.</summary>
    public int ParameterCount => _parameters.Count;

    /// <summary>Parses a body.</summary>
    /// <param name="body">The body, untrusted.</param>
    /// <param name="isBatch">Whether the responses form an array.</param>
    /// <returns>Its calls, in order.</returns>
    /// <exception cref="JsonRpcException">The body is not JSON, or an empty or too long batch.</exception>
    public static IReadOnlyList<JsonRpcRequest> Parse(ReadOnlyMemory<byte> body, out bool isBatch)
    {
        try
        {
            var reader = new Utf8JsonReader(body.Span, Options);
            reader.Read();
            isBatch = reader.TokenType == JsonTokenType.StartArray;
            var requests = new List<JsonRpcRequest>();
            if (!isBatch)
            {
                requests.Add(ParseOne(ref reader, body));
            }

            while (isBatch && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (requests.Count == MaxInBatch)
                {
                    throw new JsonRpcException(JsonRpcException.InvalidRequest, $"batch: more than {MaxInBatch} calls");
                }

                requests.Add(ParseOne(ref reader, body));
            }

            // The reader itself rejects anything after the value.
            while (reader.Read()) { }

            return requests.Count > 0
                ? requests
                : throw new JsonRpcException(JsonRpcException.InvalidRequest, "batch: it is empty");
        }
        catch (JsonException malformed)
        {
            throw new JsonRpcException(JsonRpcException.ParseError, $"the request is not JSON: {malformed.Message}");
        }
        catch (InvalidOperationException)
        {
            // The reader throws this for an unpaired escaped surrogate, or for bytes that are not UTF-8, in a name that
            // it compares.
            throw new JsonRpcException(
                JsonRpcException.ParseError,
                "the request is not JSON: a string in it is not Unicode"
            );
        }
    }

    /// <summary>Reads a quantity: 0x-hex of at most 64 bits.</summary>
    /// <exception cref="JsonRpcException">The parameter is missing or invalid.</exception>
    public ulong Number(int index)
    {
        ReadOnlySpan<byte> text = Text(index);
        return
            text is [(byte)'0', (byte)'x', _, ..]
            && ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw new JsonRpcException(
                JsonRpcException.InvalidParameters,
                $"parameter {index}: a number as 0x-hex of at most 64 bits is expected"
            );
    }

    /// <summary>Reads bytes as 0x-hex.</summary>
    /// <exception cref="JsonRpcException">The parameter is missing or invalid.</exception>
    public byte[] Bytes(int index)
    {
        ReadOnlySpan<byte> text = Text(index);
        if (text is [(byte)'0', (byte)'x', ..] && text.Length % 2 == 0)
        {
            var bytes = new byte[(text.Length - 2) / 2];
            if (Convert.FromHexString(text[2..], bytes, out _, out _) == OperationStatus.Done)
            {
                return bytes;
            }
        }

        throw new JsonRpcException(
            JsonRpcException.InvalidParameters,
            $"parameter {index}: bytes as 0x-hex are expected"
        );
    }

    /// <summary>Releases the body: the parameters can no longer be read.</summary>
    public void ReleaseBody()
    {
        Id = Id.ToArray();
        _parameters.Clear();
    }

    /// <summary>The number of bytes that a 0x-hex parameter encodes, without decoding it.</summary>
    /// <exception cref="JsonRpcException">The parameter is missing or not a string.</exception>
    public long ByteCount(int index) => (Text(index).Length - 2) / 2;

    /// <summary>A string's bytes between the quotes, not unescaped: numbers and hex contain no escapes.</summary>
    private ReadOnlySpan<byte> Text(int index) =>
        index < _parameters.Count && _parameters[index] is { } text
            ? text.Span
            : throw new JsonRpcException(
                JsonRpcException.InvalidParameters,
                $"parameter {index}: a string is expected"
            );
}
