using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Polly;
using Polly.Retry;

namespace Meeda.Mefs;

/// <summary>
/// JSON-RPC 2.0 over HTTP to <c>/rpc/v0</c>, namespace <c>Memoriae</c>, positional parameters. One call is one
/// try; an <see cref="AskAsync">asking</see> may be several.
/// </summary>
internal sealed class MefsConnection(HttpClient http, string? token, TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new();

    private long _lastId;

    private readonly ResiliencePipeline _again = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(
            new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<MefsException>(failure =>
                    failure.Error is MefsError.Unreachable or MefsError.Busy
                ),
                MaxRetryAttempts = MefsClient.Retries,
                Delay = TimeSpan.FromMilliseconds(100),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            }
        )
        .Build();

    /// <summary>Calls a method and gives its result to <paramref name="read"/>.</summary>
    /// <param name="method">Without its namespace.</param>
    /// <param name="parameters">Serialised as they are named.</param>
    /// <param name="maxAnswerBytes">A longer answer is an error.</param>
    /// <param name="read">Makes the value of the result, which may be JSON's null.</param>
    /// <param name="cancellationToken">Cancels the wait; the node may still execute the request.</param>
    public async Task<T> CallAsync<T>(
        string method,
        object?[] parameters,
        long maxAnswerBytes,
        Func<JsonElement, T> read,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "rpc/v0");
        request.Content = JsonContent.Create(
            new
            {
                jsonrpc = "2.0",
                id = Interlocked.Increment(ref _lastId),
                method = $"Memoriae.{method}",
                @params = parameters,
            },
            options: Json
        );
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        try
        {
            using HttpResponseMessage response = await http.SendAsync(
                request,
                HttpCompletionOption.ResponseHeadersRead,
                cancellationToken
            );
            if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            {
                throw new MefsException(MefsError.Unauthorized, $"{method}: the node does not take the token");
            }

            await response.Content.LoadIntoBufferAsync(maxAnswerBytes, cancellationToken);
            await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
            using JsonDocument answer = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
            return read(Result(method, answer.RootElement));
        }
        catch (Exception failure)
            when (failure is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new MefsException(MefsError.BadAnswer, $"{method}: the answer is not what the API promises", failure);
        }
        catch (HttpRequestException failure)
            when (failure.HttpRequestError is HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new MefsException(
                MefsError.BadAnswer,
                $"{method}: the answer is longer than {maxAnswerBytes} bytes",
                failure
            );
        }
        catch (Exception failure) when (IsUnreachable(failure, cancellationToken))
        {
            throw new MefsException(MefsError.Unreachable, $"{method}: the node does not answer", failure);
        }
    }

    /// <summary>
    /// Calls a method that changes nothing, as <see cref="CallAsync"/> does, and again where another try can help.
    /// </summary>
    public async Task<T> AskAsync<T>(
        string method,
        object?[] parameters,
        long maxAnswerBytes,
        Func<JsonElement, T> read,
        CancellationToken cancellationToken
    ) =>
        await _again.ExecuteAsync(
            async token => await CallAsync(method, parameters, maxAnswerBytes, read, token),
            cancellationToken
        );

    /// <summary>Pushes a body to where the node waits for it under that name.</summary>
    public async Task PushAsync(Guid stream, HttpContent content, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await http.PostAsync(
                new Uri($"rpc/streams/v0/push/{stream}", UriKind.Relative),
                content,
                cancellationToken
            );
            if (!response.IsSuccessStatusCode)
            {
                throw new MefsException(
                    MefsError.Unreachable,
                    $"PutObject: the node did not take the content (HTTP status {(int)response.StatusCode})"
                );
            }
        }
        catch (Exception failure) when (IsUnreachable(failure, cancellationToken))
        {
            throw new MefsException(MefsError.Unreachable, "PutObject: the node does not take the content", failure);
        }
    }

    private static bool IsUnreachable(Exception failure, CancellationToken cancellationToken) =>
        failure is HttpRequestException or IOException
        || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static JsonElement Result(string method, JsonElement root)
    {
        if (root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object)
        {
            throw MefsException.FromMessage(
                method,
                error.GetProperty("message").GetString() ?? "an error without a message"
            );
        }

        // A method without a result answers without the member or with null.
        return root.TryGetProperty("result", out JsonElement result) ? result
            : root.TryGetProperty("jsonrpc", out _) ? default
            : throw new JsonException("this is no JSON-RPC");
    }
}
