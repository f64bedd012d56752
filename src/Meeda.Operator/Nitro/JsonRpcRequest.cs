using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Meeda.Operator.Nitro;

/// <summary>
/// One call of a JSON-RPC body: views on the body, nothing of which is decoded before a method asks for it, so that a
/// body takes little more room than its bytes
/// whatever is in it.
/// </summary>
internal sealed partial class JsonRpcRequest
{
    /// <summary>The most parameters: no method has more.</summary>
    public const int MaxParameters = 8;

    /// <summary>The most calls of one body.</summary>
    public const int MaxInBatch = 100;

    private const int MaxDepth = 16;
    private const int MaxId = 256;
    private const int MaxName = 128;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    private readonly List<ReadOnlyMemory<byte>?> _parameters = [];

    private JsonRpcRequest() { }

    /// <summary>What is wrong with it; null where it can be answered.</summary>
    public JsonRpcException? Fault { get; private set; }

    /// <summary>
    /// The call's id as it came, a number, a string or null; empty for a notification, which is not answered.
    /// </summary>
    public ReadOnlyMemory<byte> Id { get; private set; }

    /// <summary>The method.</summary>
    public string Method { get; private set; } = "";

    /// <summary>Whether no one waits for an answer.</summary>
    public bool IsNotification => Fault is null && Id.IsEmpty;

    /// <summary>The number of parameters.</summary>
    public int ParameterCount => _parameters.Count;

    /// <summary>Takes a body apart.</summary>
    /// <param name="body">The body, untrusted.</param>
    /// <param name="isBatch">Whether its answers are to be an array.</param>
    /// <returns>Its calls, in their order.</returns>
    /// <exception cref="JsonRpcException">It is not JSON, an empty batch, or too long a batch.</exception>
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

            // What follows the value is refused by the reader itself.
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
            // The reader's word for an escaped half of a surrogate pair, or bytes that are not UTF-8, in a name that
            // it compares.
            throw new JsonRpcException(
                JsonRpcException.ParseError,
                "the request is not JSON: a string in it is not Unicode"
            );
        }
    }

    /// <summary>A parameter that is a quantity: 0x-hex of at most 64 bits.</summary>
    /// <exception cref="JsonRpcException">It is missing, or none.</exception>
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

    /// <summary>A parameter that is bytes as 0x-hex.</summary>
    /// <exception cref="JsonRpcException">It is missing, or none.</exception>
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

    /// <summary>Lets go of the body that it came in: its parameters cannot be read any more.</summary>
    public void ReleaseBody()
    {
        Id = Id.ToArray();
        _parameters.Clear();
    }

    /// <summary>How many bytes a parameter of 0x-hex stands for, without decoding it.</summary>
    /// <exception cref="JsonRpcException">It is missing, or no string.</exception>
    public long ByteCount(int index) => (Text(index).Length - 2) / 2;

    /// <summary>A string's bytes between its quotes. No number and no hex has an escape in it.</summary>
    private ReadOnlySpan<byte> Text(int index) =>
        index < _parameters.Count && _parameters[index] is { } text
            ? text.Span
            : throw new JsonRpcException(
                JsonRpcException.InvalidParameters,
                $"parameter {index}: a string is expected"
            );
}
