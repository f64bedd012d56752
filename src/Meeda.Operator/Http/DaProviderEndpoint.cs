using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Meeda.Client;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Nitro;
using Meeda.Operator.Tenants;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Http;

/// <summary>
/// JSON-RPC 2.0 over HTTP, namespace <c>daprovider</c>, as Nitro's <c>daprovider/daclient</c> uses it: positional
/// parameters; numbers and bytes as 0x-hex, but payloads and preimages as base64 in fields with capitalised names.
/// </summary>
internal static class DaProviderEndpoint
{
    /// <summary>The route.</summary>
    public const string Path = "/nitro";

    // Allows for the sequencer's header, the JSON around it, and certificates, all small compared with the batch.
    private const int Overhead = 1 << 20;

    // geth's limit on the responses of one JSON-RPC batch.
    private const long MaxBatchAnswer = 25_000_000;

    /// <summary>The maximum body length, the largest of all routes because hex doubles a batch.</summary>
    public static int MaxBodyBytes(BatchOptions options) =>
        (int)Math.Min(int.MaxValue, (2L * options.MaxBatchBytes) + Overhead);

    /// <summary>
    /// Rejects a request whose Content-Length exceeds the maximum the way Nitro's client expects it: as a JSON-RPC
    /// error with status 200 (<c>daprovider/writer.go</c>).
    /// </summary>
    /// <returns>False if the request is not for <see cref="Path"/>.</returns>
    public static async Task<bool> TryRefuseLongAsync(HttpContext context, long limit)
    {
        if (
            !context.Request.Path.Equals(Path, StringComparison.OrdinalIgnoreCase)
            && !context.Request.Path.Equals($"{Path}/", StringComparison.OrdinalIgnoreCase)
        )
        {
            return false;
        }

        await DiscardAsync(context);
        await WriteAsync(
            context.Response,
            default,
            TooLarge($"the body's {context.Request.ContentLength} bytes are more than {limit} bytes")
        );
        return true;
    }

    /// <summary>Maps <see cref="Path"/>.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="secret">What tokens are signed with; null asks for none.</param>
    public static void MapNitro(this IEndpointRouteBuilder routes, byte[]? secret) =>
        routes
            .MapPost(
                Path,
                async (
                    HttpContext context,
                    DaProvider provider,
                    ChunkedStores chunks,
                    IOptions<BatchOptions> options,
                    TimeProvider time,
                    ILogger<DaProvider> logger
                ) =>
                {
                    if (
                        secret is not null
                        && !await BearerToken.IsValidAsync(
                            context.Request.Headers.Authorization,
                            secret,
                            time.GetUtcNow()
                        )
                    )
                    {
                        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                        context.Response.Headers.WWWAuthenticate = "Bearer";
                        await context.Response.WriteAsJsonAsync(
                            new ErrorBody(
                                "token: a JWT signed with the shared secret (HS256), made within the last minute, "
                                    + "is needed"
                            )
                        );
                        return;
                    }

                    await AnswerBodyAsync(
                        context,
                        new DaProviderCalls(
                            provider,
                            chunks,
                            options.Value,
                            context.Features.Get<Tenant>()?.Id ?? 0,
                            logger
                        )
                    );
                }
            )
            .WithSummary("Arbitrum Nitro's external DA provider: JSON-RPC, daprovider_*")
            .Accepts<object>("application/json")
            .Produces<JsonObject>()
            .Produces<ErrorBody>(401);

    private static async Task AnswerBodyAsync(HttpContext context, DaProviderCalls calls)
    {
        HttpResponse response = context.Response;
        IReadOnlyList<JsonRpcRequest> requests;
        bool isBatch;
        try
        {
            byte[] body = await RequestBody.ReadAsync(
                context.Request,
                MaxBodyBytes(calls.Options),
                "twice MaxBatchBytes",
                context.RequestAborted
            );
            requests = JsonRpcRequest.Parse(body, out isBatch);
        }
        catch (DaException tooLarge) when (tooLarge.Error == DaError.TooLarge)
        {
            await DiscardAsync(context);
            await WriteAsync(response, default, TooLarge(tooLarge.Message));
            return;
        }
        catch (JsonRpcException malformed)
        {
            await WriteAsync(response, default, malformed);
            return;
        }

        await (isBatch ? AnswerBatchAsync(context, calls, requests) : AnswerOneAsync(context, calls, requests[0]));
    }

    private static async Task AnswerOneAsync(HttpContext context, DaProviderCalls calls, JsonRpcRequest request)
    {
        DaProviderResult result = await calls.AnswerAsync(
            request,
            context.Features.Get<BodyRoom>(),
            context.RequestAborted
        );
        if (!request.IsNotification)
        {
            await WriteAsync(context.Response, request.Id, result);
        }
    }

    /// <summary>
    /// Answers the calls in order, writing each response before it handles the next call. As in geth, the remaining
    /// calls fail once the responses exceed the limit.
    /// </summary>
    private static async Task AnswerBatchAsync(
        HttpContext context,
        DaProviderCalls calls,
        IReadOnlyList<JsonRpcRequest> requests
    )
    {
        HttpResponse response = context.Response;
        long written = 0;
        foreach (JsonRpcRequest request in requests)
        {
            DaProviderResult result =
                written > MaxBatchAnswer
                    ? new JsonRpcException(
                        JsonRpcException.ResponseTooLarge,
                        $"batch: the previous responses exceed {MaxBatchAnswer} bytes"
                    )
                    : await calls.AnswerAsync(request, room: null, context.RequestAborted); // others need the body
            if (request.IsNotification)
            {
                continue;
            }

            written += await WriteAsync(response, request.Id, result, written == 0 ? '[' : ',');
        }

        if (written > 0)
        {
            await response.BodyWriter.WriteAsync("]"u8.ToArray(), context.RequestAborted);
        }
    }

    /// <summary>Writes one answer.</summary>
    /// <returns>Its bytes.</returns>
    private static async Task<long> WriteAsync(
        HttpResponse response,
        ReadOnlyMemory<byte> id,
        DaProviderResult result,
        char before = '\0'
    )
    {
        if (!response.HasStarted)
        {
            response.ContentType = "application/json; charset=utf-8";
        }

        if (before != '\0')
        {
            response.BodyWriter.Write([(byte)before]);
        }

        await using var json = new Utf8JsonWriter(response.BodyWriter, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("jsonrpc"u8, "2.0"u8);
        json.WritePropertyName("id"u8);
        json.WriteRawValue(id.IsEmpty ? "null"u8 : id.Span, skipInputValidation: true);
        if (result.Error is { } error)
        {
            json.WriteStartObject("error"u8);
            json.WriteNumber("code"u8, error.Code);
            json.WriteString("message"u8, error.Message);
            json.WriteEndObject();
        }
        else
        {
            json.WritePropertyName("result"u8);
            result.Write!(json);
        }

        json.WriteEndObject();
        json.Flush();
        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
        return json.BytesCommitted;
    }

    /// <summary>
    /// Reads the rest of a body that is too long, within limits: a client that is still sending when the connection
    /// closes does not see the response.
    /// </summary>
    private static async Task DiscardAsync(HttpContext context)
    {
        const long MaxDiscarded = 64L << 20;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            long discarded = 0;
            while (discarded < MaxDiscarded)
            {
                System.IO.Pipelines.ReadResult read = await context.Request.BodyReader.ReadAsync(limit.Token);
                discarded += read.Buffer.Length;
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The client gets its response nevertheless.
        }

        UnreadBodies.Close(context.Response);
    }

    /// <summary>The error for a message that is too long, with the text that Nitro's client looks for.</summary>
    internal static JsonRpcException TooLarge(string sentence) =>
        new(JsonRpcException.ServerError, $"{NitroException.TooLarge}: {sentence}");
}
