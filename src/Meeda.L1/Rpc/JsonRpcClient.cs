using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Meeda.L1.Rpc;

/// <summary>
/// JSON-RPC 2.0 over HTTP. Transient failures (no connection, 408, 429, 5xx, a call that takes longer than
/// <see cref="AttemptLimit"/>) are retried with growing, jittered pauses; a JSON-RPC answer from the node, including an
/// error, is final whatever the HTTP status.
/// </summary>
/// <remarks>
/// After a rate limit, no call of this client is sent to the endpoint for as long as it says, or for a growing pause if
/// it does not say. A log query that takes too long or is cut off is not repeated unchanged: <see cref="BlockRanges"/>
/// narrows it. A user name and password in the address are sent as Basic authorization (RFC 7617).
/// </remarks>
public sealed class JsonRpcClient : JsonRpc
{
    /// <summary>The default number of retries.</summary>
    public const int Retries = 4;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _http;
    private readonly TimeSpan _attemptLimit;
    private readonly RateLimit _rateLimit;
    private readonly ResiliencePipeline _pipeline;
    private readonly ResiliencePipeline _logsPipeline;
    private long _lastId;

    /// <summary>Creates a client of an endpoint.</summary>
    /// <param name="http">The connection; its <see cref="HttpClient.BaseAddress"/> is the endpoint.</param>
    /// <param name="retries">The number of retries, at least 1.</param>
    /// <param name="attemptLimit">The maximum time of one attempt; <see cref="AttemptLimit"/> if null.</param>
    /// <param name="time">The clock for all waits; the system clock if null.</param>
    public JsonRpcClient(
        HttpClient http,
        int retries = Retries,
        TimeSpan? attemptLimit = null,
        TimeProvider? time = null
    )
    {
        _http = http;
        _attemptLimit = attemptLimit ?? AttemptLimit;
        _rateLimit = new RateLimit(time ?? TimeProvider.System);
        _pipeline = Pipeline(retries, time, failure => IsTransient(failure) || IsSlowOrCutOff(failure));
        _logsPipeline = Pipeline(retries, time, IsTransient);
    }

    /// <summary>The default time limit of one attempt.</summary>
    public static TimeSpan AttemptLimit { get; } = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public override async Task<JsonElement> CallAsync(
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    )
    {
        long id = Interlocked.Increment(ref _lastId);
        try
        {
            await _rateLimit.WaitAsync(method, cancellationToken);
            return await (RateLimit.IsLogQuery(method) ? _logsPipeline : _pipeline).ExecuteAsync(
                async token => await CallOnceAsync(id, method, parameters, token),
                cancellationToken
            );
        }
        catch (RetryException failure)
        {
            throw failure.Last;
        }
        catch (HttpRequestException failure)
        {
            throw Unreachable(method, failure);
        }
        catch (OperationCanceledException failure) when (IsOwnTimeout(failure))
        {
            throw new L1UnreachableException($"{method}: no answer within the HTTP client's limit", failure)
            {
                Problem = L1Problem.Silence,
            };
        }
        catch (TimeoutRejectedException failure)
        {
            throw new L1UnreachableException($"{method}: no answer within {_attemptLimit.TotalSeconds:0.#} s", failure)
            {
                Problem = L1Problem.Silence,
            };
        }
        catch (Exception failure) when (failure is IOException or JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with half a surrogate pair, which JSON can write and .NET cannot
            // hold.
            throw new L1UnreachableException($"{method}: the answer is no JSON-RPC", failure);
        }
    }

    private static L1UnreachableException Unreachable(string method, HttpRequestException failure) =>
        failure switch
        {
            { StatusCode: { } status } => new L1UnreachableException(
                $"{method}: the node answered with HTTP status {(int)status}",
                failure
            )
            {
                Problem = L1Problem.Status,
            },
            { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => new L1UnreachableException(
                $"{method}: the answer is longer than {JsonRpcAnswer.MaxBytes} bytes",
                failure
            )
            {
                Problem = L1Problem.TooLong,
            },
            { HttpRequestError: HttpRequestError.ResponseEnded } => new L1UnreachableException(
                $"{method}: the answer was cut off",
                failure
            ),
            _ => new L1UnreachableException(
                $"{method}: no connection to the node ({failure.HttpRequestError})",
                failure
            )
            {
                Problem = L1Problem.Connection,
            },
        };

    private static bool IsTransient(Exception failure) =>
        failure is RetryException
        || (failure is HttpRequestException http && IsOfTheConnection(http) && IsTransient(http.StatusCode));

    private static bool IsOfTheConnection(HttpRequestException failure) =>
        failure.HttpRequestError is not (HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.ResponseEnded);

    private static bool IsTransient(HttpStatusCode? status) =>
        status is null or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError;

    private static bool IsSlowOrCutOff(Exception failure) =>
        failure
            is TimeoutRejectedException
                or IOException
                or HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded }
        || (failure is OperationCanceledException cancellation && IsOwnTimeout(cancellation));

    // HttpClient has a limit of its own, which it reports as a cancellation; only the caller's token may look like one.
    private static bool IsOwnTimeout(OperationCanceledException failure) => failure.InnerException is TimeoutException;

    private ResiliencePipeline Pipeline(int retries, TimeProvider? time, Func<Exception, bool> isTransient) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions
                {
                    ShouldHandle = arguments =>
                        ValueTask.FromResult(
                            arguments.Outcome.Exception is { } failure
                                && isTransient(failure)
                                && _rateLimit.Pause <= RateLimit.LongestWait
                        ),
                    MaxRetryAttempts = retries,
                    Delay = TimeSpan.FromMilliseconds(100),
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    DelayGenerator = _ =>
                        ValueTask.FromResult<TimeSpan?>(_rateLimit.Pause is { Ticks: > 0 } pause ? pause : null),
                }
            )
            .AddTimeout(_attemptLimit)
            .Build();

    private async Task<JsonElement> CallOnceAsync(
        long id,
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    )
    {
        using JsonContent content = JsonContent.Create(
            new
            {
                jsonrpc = "2.0",
                id,
                method,
                @params = parameters,
            },
            options: Json
        );

        // Some nodes and proxies reject a chunked body.
        await content.LoadIntoBufferAsync(cancellationToken);
        (Uri? address, AuthenticationHeaderValue? authorization) = RpcAddress.Split(_http.BaseAddress);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        request.Headers.Authorization = authorization;

        // Headers first: otherwise the whole answer is in memory before its length is checked.
        using HttpResponseMessage response = await _http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken
        );
        if (!response.IsSuccessStatusCode)
        {
            return await ReadFailureAsync(id, method, response, cancellationToken);
        }

        try
        {
            JsonElement result = await JsonRpcAnswer.ReadAsync(id, method, response, cancellationToken);
            _rateLimit.Passed();
            return result;
        }
        catch (JsonRpcException refusal) when (refusal.IsRateLimit)
        {
            _rateLimit.Refused(_rateLimit.AskedFor(response) ?? refusal.Pause);
            throw new RetryException(refusal);
        }
    }

    /// <summary>
    /// Reads a response with an unsuccessful HTTP status: a JSON-RPC answer in it takes precedence over the status.
    /// </summary>
    private async Task<JsonElement> ReadFailureAsync(
        long id,
        string method,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        var failure = new HttpRequestException(message: null, inner: null, response.StatusCode);
        try
        {
            return await JsonRpcAnswer.ReadAsync(id, method, response, cancellationToken);
        }
        catch (Exception unreadable)
            when (unreadable is JsonException or InvalidOperationException or IOException or HttpRequestException)
        {
            if (response.StatusCode != HttpStatusCode.TooManyRequests)
            {
                throw failure;
            }

            _rateLimit.Refused(_rateLimit.AskedFor(response));
            throw new RetryException(
                new L1UnreachableException($"{method}: the endpoint asks for fewer calls (HTTP status 429)", failure)
                {
                    Problem = L1Problem.RateLimit,
                }
            );
        }
        catch (JsonRpcException refusal) when (refusal.IsRateLimit || IsBusy(response.StatusCode, method))
        {
            if (refusal.IsRateLimit)
            {
                _rateLimit.Refused(_rateLimit.AskedFor(response) ?? refusal.Pause);
            }

            throw new RetryException(refusal);
        }
    }

    /// <summary>
    /// Whether a gateway reports that it has no node at the moment; for a log query that may mean that the query takes
    /// too long.
    /// </summary>
    private static bool IsBusy(HttpStatusCode status, string method) =>
        status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
        && !RateLimit.IsLogQuery(method);

    /// <summary>A transient failure.</summary>
    /// <param name="last">The error to throw if none succeeded.</param>
    private sealed class RetryException(Exception last) : Exception
    {
        public Exception Last => last;
    }
}
