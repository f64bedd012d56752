using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Meeda.Ethereum.JsonRpc;

/// <summary>
/// JSON-RPC 2.0 over HTTP. What a second try can mend (no connection, 408, 429, 5xx, a call that takes longer than <see cref="AttemptLimit"/>) is
/// tried again with growing, jittered pauses; what the node answered, be it an error, is final.
/// </summary>
/// <param name="http">The connection; its <see cref="HttpClient.BaseAddress"/> is the endpoint.</param>
/// <param name="retries">The tries after the first, at least 1.</param>
/// <param name="attemptLimit">The longest that one try may take; <see cref="AttemptLimit"/> where it is absent.</param>
public sealed class JsonRpcClient(HttpClient http, int retries = JsonRpcClient.Retries, TimeSpan? attemptLimit = null) : IJsonRpc
{
    /// <summary>The tries after the first, unless another number is asked for.</summary>
    public const int Retries = 4;

    // The logs of a few thousand blocks are some megabytes; a node that sends more is broken or hostile.
    private const int MaxAnswerBytes = 64 * 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly TimeSpan _attemptLimit = attemptLimit ?? AttemptLimit;

    private readonly ResiliencePipeline _pipeline = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>(IsTransient).Handle<OperationCanceledException>(IsOwnTimeout).Handle<TimeoutRejectedException>().Handle<IOException>(),
            MaxRetryAttempts = retries,
            Delay = TimeSpan.FromMilliseconds(100),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .AddTimeout(attemptLimit ?? AttemptLimit)
        .Build();

    private long _lastId;

    /// <summary>The longest that one try may take, unless another time is asked for.</summary>
    public static TimeSpan AttemptLimit { get; } = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public async Task<JsonElement> CallAsync(string method, IReadOnlyList<object?> parameters, CancellationToken cancellationToken)
    {
        long id = Interlocked.Increment(ref _lastId);
        try
        {
            return await _pipeline.ExecuteAsync(async token => await CallOnceAsync(id, method, parameters, token), cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            throw new L1UnreachableException(failure.StatusCode is { } status
                ? $"{method}: the node answered with HTTP status {(int)status}"
                : failure.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded ? $"{method}: the answer is longer than {MaxAnswerBytes} bytes"
                : $"{method}: no connection to the node ({failure.HttpRequestError})", failure);
        }
        catch (OperationCanceledException failure) when (IsOwnTimeout(failure))
        {
            throw new L1UnreachableException($"{method}: no answer within the HTTP client's limit", failure);
        }
        catch (TimeoutRejectedException failure)
        {
            throw new L1UnreachableException($"{method}: no answer within {_attemptLimit.TotalSeconds:0.#} s", failure);
        }
        catch (Exception failure) when (failure is IOException or JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with half a surrogate pair, which JSON can write and .NET cannot hold.
            throw new L1UnreachableException($"{method}: the answer is no JSON-RPC", failure);
        }
    }

    private static bool IsTransient(HttpRequestException failure) => failure is not { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }
        && failure.StatusCode is null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    // HttpClient has a limit of its own, which it reports as a cancellation; only the caller's token may look like one.
    private static bool IsOwnTimeout(OperationCanceledException failure) => failure.InnerException is TimeoutException;

    private async Task<JsonElement> CallOnceAsync(long id, string method, IReadOnlyList<object?> parameters, CancellationToken cancellationToken)
    {
        using JsonContent content = JsonContent.Create(new { jsonrpc = "2.0", id, method, @params = parameters }, options: Json);

        // Some nodes and proxies do not take a chunked body.
        await content.LoadIntoBufferAsync(cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, (Uri?)null) { Content = content };

        // Headers first: otherwise the whole answer is in memory before its length is looked at.
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, cancellationToken);
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using JsonDocument answer = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
        return Read(id, method, answer.RootElement);
    }

    private static JsonElement Read(long id, string method, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("an object is expected");
        }

        // An error may come without an id, when the node could not read it.
        if (root.TryGetProperty("id", out JsonElement answered) && answered.ValueKind == JsonValueKind.Number && !(answered.TryGetInt64(out long number) && number == id))
        {
            throw new JsonException("it answers another request");
        }

        if (root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object)
        {
            throw ReadError(method, error);
        }

        return root.TryGetProperty("result", out JsonElement result) ? result.Clone() : throw new JsonException("there is neither result nor error");
    }

    private static JsonRpcException ReadError(string method, JsonElement error)
    {
        int code = error.TryGetProperty("code", out JsonElement number) && number.TryGetInt32(out int value) ? value : 0;
        string message = error.TryGetProperty("message", out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "an error without a message";
        byte[] data = [];
        if (error.TryGetProperty("data", out JsonElement revert) && revert.ValueKind == JsonValueKind.String)
        {
            string hex = revert.GetString()!;
            try
            {
                data = Convert.FromHexString(hex.StartsWith("0x", StringComparison.Ordinal) ? hex.AsSpan(2) : hex);
            }
            catch (FormatException)
            {
                // Some nodes put words there.
            }
        }

        return new JsonRpcException(method, code, message, data);
    }
}
