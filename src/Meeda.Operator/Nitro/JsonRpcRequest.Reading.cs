using System.Text.Json;

namespace Meeda.Operator.Nitro;

/// <summary>Parses a call.</summary>
internal sealed partial class JsonRpcRequest
{
    private static JsonRpcRequest ParseOne(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        var request = new JsonRpcRequest();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            request.Fail("a request is an object with a method");
            return request;
        }

        Fields seen = Fields.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            request.TakeField(ref reader, body, ref seen);
        }

        if (!seen.HasFlag(Fields.Version))
        {
            request.Fail("jsonrpc: \"2.0\" is expected");
        }

        if (!seen.HasFlag(Fields.Method))
        {
            request.Fail("method: it is missing");
        }

        return request;
    }

    private void TakeField(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, ref Fields seen)
    {
        if (reader.ValueTextEquals("id"u8))
        {
            Once(ref seen, Fields.Id, "id");
            reader.Read();
            TakeId(ref reader, body);
        }
        else if (reader.ValueTextEquals("method"u8))
        {
            Once(ref seen, Fields.Method, "method");
            reader.Read();
            TakeMethod(ref reader);
        }
        else if (reader.ValueTextEquals("params"u8))
        {
            Once(ref seen, Fields.Parameters, "params");
            reader.Read();
            TakeParameters(ref reader, body);
        }
        else if (reader.ValueTextEquals("jsonrpc"u8))
        {
            Once(ref seen, Fields.Version, "jsonrpc");
            reader.Read();
            TakeVersion(ref reader);
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    private void TakeVersion(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || !reader.ValueTextEquals("2.0"u8))
        {
            Fail("jsonrpc: \"2.0\" is expected");
        }

        reader.Skip();
    }

    private void Once(ref Fields seen, Fields field, string name)
    {
        if (seen.HasFlag(field))
        {
            Fail($"{name}: it is there twice");
        }

        seen |= field;
    }

    private void TakeId(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        int start = (int)reader.TokenStartIndex;
        int length = (int)reader.BytesConsumed - start;
        if (
            reader.TokenType is JsonTokenType.Number or JsonTokenType.Null
            || (reader.TokenType == JsonTokenType.String && IsText(ref reader))
        )
        {
            if (length <= MaxId)
            {
                Id = body.Slice(start, length);
                return;
            }
        }

        reader.Skip();
        Fail($"id: a number, a string or null of at most {MaxId} bytes is expected");
    }

    private void TakeMethod(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= MaxName && IsText(ref reader))
        {
            Method = reader.GetString()!;
            return;
        }

        reader.Skip();
        Fail($"method: a string of at most {MaxName} bytes is expected");
    }

    private void TakeParameters(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            Fail("params: an array is expected", JsonRpcException.InvalidParameters);
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (_parameters.Count == MaxParameters)
            {
                Fault ??= new JsonRpcException(
                    JsonRpcException.InvalidParameters,
                    $"params: more than {MaxParameters} parameters"
                );
            }
            else
            {
                // Starts after the opening quote. A string with an escape is kept unescaped, and so is neither a number
                // nor hex.
                _parameters.Add(
                    reader.TokenType == JsonTokenType.String
                        ? body.Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length)
                        : null
                );
            }

            reader.Skip();
        }
    }

    /// <summary>Whether a string can be echoed: its bytes are UTF-8, and it contains no unpaired surrogate.</summary>
    private static bool IsText(ref Utf8JsonReader reader)
    {
        try
        {
            // A longer one is never used, so it need not be checked.
            return reader.ValueSpan.Length > MaxId || reader.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private void Fail(string sentence, int code = JsonRpcException.InvalidRequest) =>
        Fault ??= new JsonRpcException(code, sentence);

    /// <summary>The fields that were present.</summary>
    [Flags]
    private enum Fields
    {
        None = 0,
        Id = 1,
        Method = 2,
        Parameters = 4,
        Version = 8,
    }
}
