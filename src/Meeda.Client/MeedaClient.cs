using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Client;

/// <summary>
/// A client of a Meeda operator that trusts nothing: every batch that it reads is checked against the commitment
/// that was asked for, and every commitment that it gets
/// against the bytes that were sent. What a later try may mend is tried again; puts too, since the same bytes are
/// stored once. Safe for use by many threads.
/// </summary>
public sealed partial class MeedaClient
{
    // Loading the ceremony's setup takes a while and memory: once for all clients, when the first needs it.
    private static readonly Lazy<CommitmentKey> Key = new(() => new CommitmentKey(TrustedSetup.Ethereum));

    private readonly MeedaClientOptions _options;
    private readonly OperatorConnection _operator;

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

        _options = options ?? new MeedaClientOptions();
        _operator = new OperatorConnection(http, _options, time);
    }

    /// <summary>Stores a batch.</summary>
    /// <param name="payload">Its bytes, at least one.</param>
    /// <param name="cancellationToken">Ends the waiting; the batch may be stored all the same.</param>
    /// <returns>The commitment under which it can be read.</returns>
    /// <exception cref="MeedaException">It was not stored, or the operator's commitment is not that of these
    /// bytes.</exception>
    public Task<AltDaCommitment> PutAsync(
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken = default
    ) => PutOrderedAsync(payload, order: null, cancellationToken);

    /// <summary>Stores a batch for which a rollup's order pays.</summary>
    /// <param name="payload">Its bytes, at least one.</param>
    /// <param name="order">The order; null where the rollup's standing limit pays, or nobody.</param>
    /// <param name="cancellationToken">Ends the waiting; the batch may be stored all the same.</param>
    /// <returns>The commitment under which it can be read.</returns>
    /// <exception cref="MeedaException">It was not stored, or the operator's commitment is not that of these
    /// bytes.</exception>
    public async Task<AltDaCommitment> PutOrderedAsync(
        ReadOnlyMemory<byte> payload,
        SignedOrder? order,
        CancellationToken cancellationToken = default
    )
    {
        using HttpResponseMessage answer = await _operator.SendAsync(
            () => Ordered(HttpMethod.Post, "put", order, new ReadOnlyMemoryContent(payload)),
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
        using HttpResponseMessage answer = await _operator.SendAsync(
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
        _operator.AskAsync<BatchBody>(
            () => new HttpRequestMessage(HttpMethod.Get, Relative($"batches/{id}")),
            cancellationToken
        );

    /// <summary>Asks the operator to anchor a batch once more, so that it is kept for another term.</summary>
    /// <exception cref="MeedaException">It has no such batch, or cannot do it now.</exception>
    public Task<BatchBody> RenewAsync(BatchId id, CancellationToken cancellationToken = default) =>
        RenewOrderedAsync(id, order: null, cancellationToken);

    /// <summary>Asks the operator to anchor a batch once more, and orders the rollup to be charged for it.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="order">The order, whose maximum is over all renewals; null where the rollup's standing limit pays,
    /// or nobody.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="MeedaException">It has no such batch, or cannot do it now.</exception>
    public Task<BatchBody> RenewOrderedAsync(
        BatchId id,
        SignedOrder? order,
        CancellationToken cancellationToken = default
    ) =>
        _operator.AskAsync<BatchBody>(
            () => Ordered(HttpMethod.Post, $"batches/{id}/renew", order, content: null),
            cancellationToken
        );

    /// <summary>How the operator is doing.</summary>
    /// <exception cref="MeedaException">It cannot say now.</exception>
    public Task<StatusBody> StatusAsync(CancellationToken cancellationToken = default) =>
        _operator.AskAsync<StatusBody>(
            () => new HttpRequestMessage(HttpMethod.Get, Relative("status")),
            cancellationToken
        );

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

    private static HttpRequestMessage Ordered(HttpMethod method, string path, SignedOrder? order, HttpContent? content)
    {
        var message = new HttpRequestMessage(method, Relative(path)) { Content = content };
        if (order is not null)
        {
            message.Headers.Add(SignedOrder.HeaderName, order.ToString());
        }

        return message;
    }

    private static Uri Relative(string path) => new(path, UriKind.Relative);
}
