using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Polly;
using Polly.Retry;

namespace Meeda.Client;

/// <summary>
/// Sends requests to an operator. Retries transient failures; every failure becomes a <see cref="MeedaException"/>.
/// </summary>
internal sealed class OperatorConnection
{
    /// <summary>
    /// The maximum length of a JSON response, in bytes. The longest description, of a batch of 2,100 blobs, has some
    /// 210 kB.
    /// </summary>
    public const int MaxJsonBytes = 1 << 20;

    private readonly HttpClient _http;
    private readonly MeedaClientOptions _options;
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;

    /// <summary>Creates a connection without sending anything.</summary>
    public OperatorConnection(HttpClient http, MeedaClientOptions options, TimeProvider? time)
    {
        _http = http;
        _options = options;
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        _pipeline =
            _options.Retries == 0
                ? builder.Build()
                : builder
                    .AddRetry(
                        new RetryStrategyOptions<HttpResponseMessage>
                        {
                            ShouldHandle = new PredicateBuilder<HttpResponseMessage>()
                                .Handle<HttpRequestException>()
                                .HandleResult(IsTransient),
                            MaxRetryAttempts = _options.Retries,
                            Delay = TimeSpan.FromMilliseconds(500),
                            BackoffType = DelayBackoffType.Exponential,
                            UseJitter = true,
                            DelayGenerator = attempt => new ValueTask<TimeSpan?>(
                                attempt.Outcome.Result?.Headers.RetryAfter?.Delta
                            ),
                            OnRetry = attempt =>
                            {
                                attempt.Outcome.Result?.Dispose();
                                return default;
                            },
                        }
                    )
                    .Build();
    }

    /// <summary>Requests a JSON document.</summary>
    public async Task<T> AskAsync<T>(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await SendAsync(request, MaxJsonBytes, cancellationToken);
        try
        {
            var type = (JsonTypeInfo<T>)ClientJson.Default.GetTypeInfo(typeof(T))!;
            return await answer.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw new JsonException();
        }
        catch (JsonException malformed)
        {
            throw new MeedaException(
                MeedaError.Unavailable,
                "the response does not have the expected form; is this the URL of an operator?",
                answer.StatusCode,
                malformed
            );
        }
    }

    /// <summary>
    /// Sends until a response has arrived with its whole body in memory, or until retrying is pointless.
    /// </summary>
    public async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> request,
        int most,
        CancellationToken cancellationToken
    )
    {
        HttpResponseMessage answer;
        try
        {
            answer = await _pipeline.ExecuteAsync(
                async token =>
                {
                    using HttpRequestMessage message = request();
                    if (_options.Key is not null)
                    {
                        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _options.Key);
                    }

                    return await SendOnceAsync(message, most, token);
                },
                cancellationToken
            );
        }
        catch (HttpRequestException failure)
        {
            throw new MeedaException(
                MeedaError.Unavailable,
                $"{_http.BaseAddress!.GetLeftPart(UriPartial.Authority)} does not answer, or not to the end "
                    + $"({failure.HttpRequestError})",
                null,
                failure
            );
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MeedaException(
                MeedaError.Unavailable,
                $"{_http.BaseAddress!.GetLeftPart(UriPartial.Authority)} does not answer within "
                    + $"{_http.Timeout.TotalSeconds:0} s",
                null,
                late
            );
        }

        return answer.IsSuccessStatusCode ? answer : throw await RefusalAsync(answer, cancellationToken);
    }

    // 503 tells the client to post to L1, not to retry.
    private static bool IsTransient(HttpResponseMessage answer) =>
        answer.StatusCode
            is HttpStatusCode.RequestTimeout
                or HttpStatusCode.TooManyRequests
                or HttpStatusCode.InternalServerError
                or HttpStatusCode.BadGateway
                or HttpStatusCode.GatewayTimeout;

    /// <summary>
    /// Makes one attempt, its body included: one that breaks off or stalls counts as no response, and may be retried.
    /// </summary>
    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage message,
        int most,
        CancellationToken cancellationToken
    )
    {
        // HttpClient's own limit covers only the headers if the caller reads the body.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_http.Timeout);
        HttpResponseMessage answer = await _http.SendAsync(
            message,
            HttpCompletionOption.ResponseHeadersRead,
            limit.Token
        );
        try
        {
            int room = answer.IsSuccessStatusCode ? most : MaxJsonBytes;
            if (answer.Content.Headers.ContentLength > room)
            {
                throw new MeedaException(
                    MeedaError.NotVerified,
                    $"the operator's answer has {answer.Content.Headers.ContentLength} bytes, the maximum is {room}",
                    answer.StatusCode
                );
            }

            await answer.Content.LoadIntoBufferAsync(room, limit.Token);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>Converts an unsuccessful response to an exception.</summary>
    private static async Task<MeedaException> RefusalAsync(
        HttpResponseMessage answer,
        CancellationToken cancellationToken
    )
    {
        using (answer)
        {
            (string sentence, string? code) = await ReadErrorAsync(answer, cancellationToken);
            return new MeedaException(
                answer.StatusCode switch
                {
                    HttpStatusCode.NotFound => MeedaError.NotFound,
                    HttpStatusCode.ServiceUnavailable => MeedaError.FailOver,
                    >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => MeedaError.Unavailable,
                    _ when IsTransient(answer) => MeedaError.Unavailable,
                    _ => MeedaError.Refused,
                },
                $"the operator answers {(int)answer.StatusCode}: {sentence}",
                answer.StatusCode
            )
            {
                Code = code,
            };
        }
    }

    /// <summary>The message of an error, and its code if it has one.</summary>
    private static async Task<(string Sentence, string? Code)> ReadErrorAsync(
        HttpResponseMessage answer,
        CancellationToken cancellationToken
    )
    {
        ErrorAnswer? error = null;
        try
        {
            error = JsonSerializer.Deserialize<ErrorAnswer>(
                await answer.Content.ReadAsByteArrayAsync(cancellationToken),
                ClientJson.Default.ErrorAnswer
            );
        }
        catch (JsonException)
        {
            // Not from the operator but, for example, from a proxy.
        }

        return (error?.Detail ?? error?.Error ?? answer.ReasonPhrase ?? "", error?.Code);
    }
}
