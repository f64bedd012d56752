using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Meeda.Client;
using Meeda.Node.Batches;
using Meeda.Node.Nitro;
using Meeda.Node.Telemetry;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Http;

/// <summary>
/// JSON-RPC 2.0 over HTTP, namespace <c>daprovider</c>, as Nitro's <c>daprovider/daclient</c> speaks it: positional parameters, numbers and bytes as 0x-hex,
/// but payloads and preimages as base64 under capitalised names.
/// </summary>
internal static class DaProviderEndpoint
{
    /// <summary>Where it is.</summary>
    public const string Path = "/nitro";

    private const int ServerError = -32000;
    private const int InvalidRequest = -32600;
    private const int MethodNotFound = -32601;
    private const int InvalidParameters = -32602;
    private const int ParseError = -32700;

    // The sequencer's header, JSON around it, and certificates are small beside the batch, which hex doubles.
    private const int Overhead = 1 << 20;

    private const string DaCertificatePreimageType = "3";

    /// <summary>The longest body, which is the longest of all routes: hex doubles a batch.</summary>
    public static int MostBodyBytes(BatchOptions options) => (int)Math.Min(int.MaxValue, (2L * options.MaxBatchBytes) + Overhead);

    /// <summary>Maps <see cref="Path"/>.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="secret">What tokens are signed with; null asks for none.</param>
    public static void MapNitro(this IEndpointRouteBuilder routes, byte[]? secret) =>
        routes.MapPost(
            Path,
            async (
                HttpContext context,
                [FromServices] DaProvider provider,
                [FromServices] ChunkedStores chunks,
                [FromServices] IOptions<BatchOptions> options,
                [FromServices] TimeProvider time,
                [FromServices] ILogger<DaProvider> logger) =>
            {
                if (secret is not null && !BearerToken.IsValid(context.Request.Headers.Authorization, secret, time.GetUtcNow()))
                {
                    return Results.Json(new ErrorBody("token: a JWT signed with the shared secret (HS256), made within the last minute, is needed"), statusCode: 401);
                }

                CancellationToken cancellationToken = context.RequestAborted;
                byte[] body = await RequestBody.ReadAsync(context.Request, MostBodyBytes(options.Value), "twice MaxBatchBytes", cancellationToken);
                JsonNode? id = null;
                try
                {
                    if (Parse(body) is not JsonObject request || request["method"] is not JsonValue name || !name.TryGetValue(out string? method))
                    {
                        return Failure(null, InvalidRequest, "one request with a method is expected");
                    }

                    id = request["id"]?.DeepClone();
                    JsonNode? result = await AnswerAsync(method, new Parameters(request["params"] as JsonArray ?? []), provider, chunks, options.Value, cancellationToken);
                    return Results.Json(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id, ["result"] = result });
                }
                catch (JsonException malformed)
                {
                    return Failure(null, ParseError, $"the request is not JSON: {malformed.Message}");
                }
                catch (FormatException malformed)
                {
                    return Failure(id, InvalidParameters, malformed.Message);
                }
                catch (MissingMethodException unknown)
                {
                    return Failure(id, MethodNotFound, unknown.Message);
                }
                catch (DaException failOver) when (failOver.Error == DaError.FailOver)
                {
                    return Failure(id, ServerError, $"{NitroException.Fallback}: {failOver.Message}");
                }
                catch (Exception refused) when (refused is NitroException or DaException { Error: not DaError.Unavailable })
                {
                    return Failure(id, ServerError, refused.Message);
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    logger.RequestFailed("POST", Path, failure);
                    return Failure(id, ServerError, failure is DaException ? failure.Message : "service: an internal error, which is in the log; try again");
                }
            })
            .WithSummary("Arbitrum Nitro's external DA provider: JSON-RPC, daprovider_*")
            .Accepts<object>("application/json").Produces<JsonObject>().Produces<ErrorBody>(401).Produces<ErrorBody>(413);

    private static async Task<JsonNode?> AnswerAsync(
        string method, Parameters parameters, DaProvider provider, ChunkedStores chunks, BatchOptions options, CancellationToken cancellationToken)
    {
        switch (method)
        {
            case "daprovider_getSupportedHeaderBytes":
                return new JsonObject { ["headerBytes"] = HexOf([DaCertificate.Flag]) };
            case "daprovider_getMaxMessageSize":
                return new JsonObject { ["maxSize"] = options.MaxBatchBytes };
            case "daprovider_store":
                return Certificate(await provider.StoreAsync(parameters.Bytes(0), cancellationToken));
            case "daprovider_startChunkedStore":
                if (parameters.Number(3) > (ulong)options.MaxBatchBytes)
                {
                    throw new NitroException($"{NitroException.TooLarge}: {parameters.Number(3)} bytes are more than {options.MaxBatchBytes} bytes");
                }

                ulong batch = chunks.Start(
                    parameters.Number(0), parameters.Number(1), parameters.Number(2), parameters.Number(3), parameters.Number(4), parameters.Bytes(5));
                return new JsonObject { ["BatchId"] = $"0x{batch:x}" };
            case "daprovider_sendChunk":
                chunks.Take(parameters.Number(0), parameters.Number(1), parameters.Bytes(2), parameters.Bytes(3));
                return null;
            case "daprovider_commitChunkedStore":
                return Certificate(await provider.StoreAsync(chunks.Commit(parameters.Number(0), parameters.Bytes(1)), cancellationToken));
            case "daprovider_recoverPayload":
                return await RecoverAsync(parameters, provider, payload: true, preimages: false, cancellationToken);
            case "daprovider_collectPreimages":
                return await RecoverAsync(parameters, provider, payload: false, preimages: true, cancellationToken);
            case "daprovider_recoverPayloadAndPreimages":
                return await RecoverAsync(parameters, provider, payload: true, preimages: true, cancellationToken);
            case "daprovider_generateReadPreimageProof":
                return new JsonObject { ["proof"] = HexOf(await provider.ProveReadAsync(parameters.Number(0), parameters.Bytes(1), cancellationToken)) };
            case "daprovider_generateCertificateValidityProof":
                return new JsonObject { ["proof"] = HexOf(provider.ProveValidity(parameters.Bytes(0))) };
            default:
                throw new MissingMethodException($"the method {method} does not exist/is not available");
        }
    }

    private static async Task<JsonNode> RecoverAsync(Parameters parameters, DaProvider provider, bool payload, bool preimages, CancellationToken cancellationToken)
    {
        parameters.Number(0);
        parameters.Bytes(1);
        (DaCertificate certificate, byte[] bytes) = await provider.RecoverAsync(parameters.Bytes(2), cancellationToken);
        string base64 = Convert.ToBase64String(bytes);
        var result = new JsonObject();
        if (payload)
        {
            result["Payload"] = base64;
        }

        if (preimages)
        {
            result["Preimages"] = new JsonObject { [DaCertificatePreimageType] = new JsonObject { [certificate.Hash.ToString()] = base64 } };
        }

        return result;
    }

    private static JsonNode? Parse(byte[] body) => JsonNode.Parse(body);

    private static JsonObject Certificate(byte[] certificate) => new() { ["serialized-da-cert"] = HexOf(certificate) };

    private static string HexOf(byte[] bytes) => "0x" + Convert.ToHexStringLower(bytes);

    private static IResult Failure(JsonNode? id, int code, string message) =>
        Results.Json(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id?.DeepClone(), ["error"] = new JsonObject { ["code"] = code, ["message"] = message } });

    private sealed class Parameters(JsonArray values)
    {
        /// <summary>A 0x-quantity.</summary>
        public ulong Number(int index) =>
            Text(index) is ['0', 'x', .. { Length: > 0 } digits] && ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number)
                ? number
                : throw new FormatException($"parameter {index}: a number as 0x-hex of at most 64 bits is expected");

        /// <summary>0x-hex bytes.</summary>
        public byte[] Bytes(int index)
        {
            try
            {
                return Text(index) is ['0', 'x', .. var digits] ? Convert.FromHexString(digits) : throw new FormatException();
            }
            catch (FormatException)
            {
                throw new FormatException($"parameter {index}: bytes as 0x-hex are expected");
            }
        }

        private string? Text(int index) =>
            index < values.Count && values[index] is JsonValue value && value.TryGetValue(out string? text)
                ? text
                : throw new FormatException($"parameter {index}: a string is expected");
    }
}
