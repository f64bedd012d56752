using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Polly;
using Polly.Retry;

namespace Meeda.Client;

/// <summary>
/// A client of a Meeda operator that trusts nothing: every batch that it reads is checked against the commitment
/// that was asked for, and every commitment that it gets
/// against the bytes that were sent. What a later try may mend is tried again; puts too, since the same bytes are
/// stored once. Safe for use by many threads.
/// </summary>
public sealed partial class MeedaClient
{
    // The longest description, of a batch of 2,100 blobs, has some 210 kB.
    private const int MaxJsonBytes = 1 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    // Loading the ceremony's setup takes a while and memory: once for all clients, when the first needs it.
    private static readonly Lazy<CommitmentKey> Key = new(() => new CommitmentKey(TrustedSetup.Ethereum));

    private readonly HttpClient _http;
    private readonly MeedaClientOptions _options;
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;

    /// <summary>A client of an operator.</summary>
    /// <param name="http">
    /// The connection; its <see cref="HttpClient.BaseAddress"/> is the operator's URL, with a slash at its end. Its
    /// handler should follow no redirects
    /// (<c>AllowAutoRedirect = false</c>): an operator that is not trusted could send it into your own network. A
    /// redirect counts as no answer.
    /// </param>
    /// <param name="options">How to work; the defaults where it is absent.</param>
    /// <param name="time">The clock of pauses between tries; the system's where it is absent.</param>
    /// <exception cref="ArgumentException">The connection has no base address, or one without a slash at its
    /// end.</exception>
    public MeedaClient(HttpClient http, MeedaClientOptions? options = null, TimeProvider? time = null)
    {
        if (http.BaseAddress?.AbsoluteUri.EndsWith('/') != true)
        {
            throw new ArgumentException(
                "its base address is the operator's URL, with a slash at its end",
                nameof(http)
            );
        }

        _http = http;
        _options = options ?? new MeedaClientOptions();
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

    /// <summary>Stores a batch.</summary>
    /// <param name="payload">Its bytes, at least one.</param>
    /// <param name="cancellationToken">Ends the waiting; the batch may be stored all the same.</param>
    /// <returns>The commitment under which it can be read.</returns>
    /// <exception cref="MeedaException">It was not stored, or the operator's commitment is not that of these
    /// bytes.</exception>
    public async Task<AltDaCommitment> PutAsync(
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken = default
    )
    {
        using HttpResponseMessage answer = await SendAsync(
            () =>
                new HttpRequestMessage(HttpMethod.Post, Relative("put"))
                {
                    Content = new ReadOnlyMemoryContent(payload),
                },
            AltDaCommitment.GenericLength,
            cancellationToken
        );
        byte[] encoded = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        if (
            !AltDaCommitment.TryDecode(encoded, _options.DaLayerByte, out AltDaCommitment commitment, out string? error)
        )
        {
            throw new MeedaException(MeedaError.NotVerified, $"the operator's answer is no commitment: {error}");
        }

        return !_options.VerifyPuts || await Task.Run(() => Compute(payload.Span), cancellationToken) == commitment
            ? commitment
            : throw new MeedaException(
                MeedaError.NotVerified,
                "the operator's commitment is not that of the bytes that were sent"
            );
    }

    /// <summary>Reads a batch, and checks every byte against the commitment.</summary>
    /// <param name="commitment">A generic commitment, or a keccak one.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="MeedaException">It cannot be had, or what came is not the batch of that commitment.</exception>
    public async Task<byte[]> GetAsync(AltDaCommitment commitment, CancellationToken cancellationToken = default)
    {
        string path = $"get/0x{Convert.ToHexStringLower(commitment.Encode(_options.DaLayerByte))}";
        using HttpResponseMessage answer = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, Relative(path)),
            _options.MaxBatchBytes,
            cancellationToken
        );
        byte[] payload = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        bool holds =
            payload.Length > 0
            && (
                commitment.Kind == AltDaCommitmentKind.Keccak
                    ? Keccak256.Hash(payload) == commitment.Hash
                    : await Task.Run(() => Compute(payload), cancellationToken) == commitment
            );
        return holds
            ? payload
            : throw new MeedaException(
                MeedaError.NotVerified,
                "what the operator gave is not the batch of that commitment"
            );
    }

    /// <summary>
    /// What the operator says of a batch: its state, commitments and anchor. <see cref="BatchBody"/> is its word
    /// alone; <c>meeda verify</c> checks it against L1.
    /// </summary>
    /// <exception cref="MeedaException">It has no such batch, or cannot say now.</exception>
    public Task<BatchBody> DescribeAsync(BatchId id, CancellationToken cancellationToken = default) =>
        AskAsync<BatchBody>(() => new HttpRequestMessage(HttpMethod.Get, Relative($"batches/{id}")), cancellationToken);

    /// <summary>Asks the operator to anchor a batch once more, so that it is kept for another term.</summary>
    /// <exception cref="MeedaException">It has no such batch, or cannot do it now.</exception>
    public Task<BatchBody> RenewAsync(BatchId id, CancellationToken cancellationToken = default) =>
        AskAsync<BatchBody>(
            () => new HttpRequestMessage(HttpMethod.Post, Relative($"batches/{id}/renew")),
            cancellationToken
        );

    /// <summary>How the operator is doing.</summary>
    /// <exception cref="MeedaException">It cannot say now.</exception>
    public Task<StatusBody> StatusAsync(CancellationToken cancellationToken = default) =>
        AskAsync<StatusBody>(() => new HttpRequestMessage(HttpMethod.Get, Relative("status")), cancellationToken);

    /// <summary>The generic commitment of a payload, computed here.</summary>
    /// <param name="payload">At least one byte.</param>
    public static AltDaCommitment Compute(ReadOnlySpan<byte> payload)
    {
        int count = BlobEncoding.BlobCount(payload.Length);
        var commitments = new byte[count * KzgCommitment.Length];
        var blob = new byte[Blob.ByteLength];
        for (int i = 0; i < count; i++)
        {
            BlobEncoding.EncodeBlob(payload, i, blob);
            Key.Value.Commit(blob).Encode(commitments.AsSpan(i * KzgCommitment.Length, KzgCommitment.Length));
        }

        return AltDaCommitment.Of(BatchId.Compute((uint)payload.Length, commitments));
    }

    private static Uri Relative(string path) => new(path, UriKind.Relative);

    // 503 is the order to post to L1, not to try again.
    private static bool IsTransient(HttpResponseMessage answer) =>
        answer.StatusCode
            is HttpStatusCode.RequestTimeout
                or HttpStatusCode.TooManyRequests
                or HttpStatusCode.InternalServerError
                or HttpStatusCode.BadGateway
                or HttpStatusCode.GatewayTimeout;

    private async Task<T> AskAsync<T>(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await SendAsync(request, MaxJsonBytes, cancellationToken);
        try
        {
            return await answer.Content.ReadFromJsonAsync<T>(Json, cancellationToken) ?? throw new JsonException();
        }
        catch (JsonException malformed)
        {
            throw new MeedaException(
                MeedaError.Unavailable,
                "the operator's answer is not of the form that is expected; is this the URL of an operator?",
                answer.StatusCode,
                malformed
            );
        }
    }

    /// <summary>
    /// Sends until there is an answer with its whole body in memory, or until trying again is no use.
    /// </summary>
    private async Task<HttpResponseMessage> SendAsync(
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

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            (string sentence, string? code) = await ReadErrorAsync(answer, cancellationToken);
            throw new MeedaException(
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

    /// <summary>
    /// One try, its body included: one that breaks off or stalls is no answer, and may be tried again.
    /// </summary>
    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage message,
        int most,
        CancellationToken cancellationToken
    )
    {
        // HttpClient's own limit ends at the headers, when the body is not read by it.
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
                    $"the operator's answer has {answer.Content.Headers.ContentLength} bytes, {room} are the most",
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

    /// <summary>The message of an error, and its code where it has one.</summary>
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
                Json
            );
        }
        catch (JsonException)
        {
            // Not an operator's: that of a proxy, say.
        }

        return (error?.Detail ?? error?.Error ?? answer.ReasonPhrase ?? "", error?.Code);
    }

    /// <summary>
    /// Problem details (RFC 9457), or <see cref="ErrorBody"/>, whichever the route and the operator's version give.
    /// </summary>
    private sealed record ErrorAnswer(string? Detail, string? Code, string? Error);
}
