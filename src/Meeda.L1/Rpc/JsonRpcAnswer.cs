using System.Net;
using System.Text.Json;

namespace Meeda.L1.Rpc;

/// <summary>Reads a node's response to a JSON-RPC call: a result or an error.</summary>
internal static class JsonRpcAnswer
{
    /// <summary>
    /// The maximum length of a response, in bytes. The logs of a few thousand blocks are some megabytes; a node that
    /// sends more is faulty or hostile, or was asked for too many blocks.
    /// </summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    // The code with which execution clients report a revert, with the contract's error.
    private const int RevertCode = 3;

    /// <summary>Reads the answer to a call.</summary>
    /// <exception cref="JsonRpcException">The node answers with an error.</exception>
    /// <exception cref="JsonException">It is not JSON-RPC, or answers another call.</exception>
    public static async Task<JsonElement> ReadAsync(
        long id,
        string method,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        await response.Content.LoadIntoBufferAsync(MaxBytes, cancellationToken);
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using JsonDocument answer = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
        return Read(id, method, answer.RootElement, response.StatusCode);
    }

    private static JsonElement Read(long id, string method, JsonElement root, HttpStatusCode status)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("an object is expected");
        }

        // An error may come without an id, when the node could not read it.
        if (
            root.TryGetProperty("id", out JsonElement answered)
            && answered.ValueKind == JsonValueKind.Number
            && !(answered.TryGetInt64(out long number) && number == id)
        )
        {
            throw new JsonException("it answers another request");
        }

        if (root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object)
        {
            throw ReadError(method, error, status);
        }

        // Some gateways put the message where the object belongs.
        if (error.ValueKind == JsonValueKind.String)
        {
            string sentence = error.GetString()!;
            throw new JsonRpcException(method, 0, sentence, [])
            {
                IsRateLimit = RateLimit.IsMeantBy(method, 0, sentence, status),
            };
        }

        return root.TryGetProperty("result", out JsonElement result)
            ? result.Clone()
            : throw new JsonException("there is neither result nor error");
    }

    private static JsonRpcException ReadError(string method, JsonElement error, HttpStatusCode status)
    {
        int code =
            error.TryGetProperty("code", out JsonElement number)
            && number.ValueKind == JsonValueKind.Number
            && number.TryGetInt32(out int value)
                ? value
                : 0;
        string message =
            error.TryGetProperty("message", out JsonElement text) && text.ValueKind == JsonValueKind.String
                ? text.GetString()!
                : "an error without a message";
        byte[] revertData = [];
        if (error.TryGetProperty("data", out JsonElement data) && data.ValueKind == JsonValueKind.String)
        {
            string hex = data.GetString()!;
            try
            {
                revertData = Convert.FromHexString(
                    hex.StartsWith("0x", StringComparison.Ordinal) ? hex.AsSpan(2) : hex
                );
            }
            catch (FormatException)
            {
                // Some nodes put text there.
            }
        }

        return new JsonRpcException(method, code, message, revertData)
        {
            IsRateLimit =
                code != RevertCode && revertData.Length == 0 && RateLimit.IsMeantBy(method, code, message, status),
            Pause = RateLimit.AskedFor(data),
        };
    }
}
