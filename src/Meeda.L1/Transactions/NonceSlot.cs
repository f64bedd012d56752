using Meeda.Ethereum;

namespace Meeda.L1.Transactions;

/// <summary>
/// One nonce with every transaction signed for it: all for one request, with rising fees. A block may include any one
/// of them.
/// </summary>
/// <param name="first">The first transaction.</param>
/// <param name="signed">Its signed form with its hash.</param>
/// <param name="now">The time, as a timestamp of the sender's clock.</param>
/// <param name="earlier">The hashes of transactions signed for it before; null for none.</param>
internal sealed class NonceSlot(
    PreparedTransaction first,
    (byte[] Wire, Bytes32 Hash) signed,
    long now,
    IEnumerable<Bytes32>? earlier = null
)
{
    private readonly List<Bytes32> _hashes = [.. earlier ?? [], signed.Hash];
    private int _tended;

    /// <summary>The nonce.</summary>
    public ulong Nonce { get; } = first.Nonce;

    /// <summary>The transaction with the highest fees.</summary>
    public PreparedTransaction Latest { get; private set; } = first;

    /// <summary>Its signed form.</summary>
    public byte[] LatestSigned { get; private set; } = signed.Wire;

    /// <summary>Its hash.</summary>
    public Bytes32 LatestHash => _hashes[^1];

    /// <summary>When fees were last checked, as a timestamp.</summary>
    public long PricedAt { get; private set; } = now;

    /// <summary>The keys of its request; empty once the request is known to have reverted.</summary>
    public IReadOnlyList<string> Keys { get; private set; } = first.Request.Keys;

    /// <summary>Whether no caller waits for it any more.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Whether a block included it at the last poll.</summary>
    public bool IsMined { get; set; }

    /// <summary>
    /// Whether it waits for a block and blocks the request because only one of the two carries blobs: a node's mempool
    /// does not hold both kinds of one account at once.
    /// </summary>
    public bool IsInTheWayOf(TransactionRequest request) =>
        !IsMined && Latest.Request.Blobs is null != request.Blobs is null;

    /// <summary>The journal's record of this nonce.</summary>
    public JournaledTransaction ToJournal(bool isConfirmed) =>
        new(
            Latest.ChainId,
            Nonce,
            Latest.Request,
            Latest.GasLimit,
            Latest.Fees.Tip,
            Latest.Fees.MaxPerGas,
            Latest.Fees.MaxPerBlobGas,
            LatestSigned,
            [.. Hashes().Reverse()],
            isConfirmed
        );

    /// <summary>Restores a nonce from the journal.</summary>
    public static NonceSlot FromJournal(JournaledTransaction kept, long now) =>
        new(
            new PreparedTransaction(
                kept.ChainId,
                kept.Nonce,
                new Fees(kept.Tip, kept.MaxFeePerGas, kept.MaxFeePerBlobGas),
                kept.GasLimit,
                kept.Request
            ),
            (kept.Wire, kept.Hashes[^1]),
            now,
            kept.Hashes.SkipLast(1)
        )
        {
            IsAbandoned = true,
        };

    /// <summary>Records that the request reverted, so that a request with the same keys is sent again.</summary>
    public void FreeKeys() => Keys = [];

    /// <summary>All hashes, the newest first.</summary>
    public IReadOnlyList<Bytes32> Hashes()
    {
        lock (_hashes)
        {
            return [.. Enumerable.Reverse(_hashes)];
        }
    }

    /// <summary>Records that fees were checked and stay.</summary>
    public void Keep(long now) => PricedAt = now;

    /// <summary>Adds a replacement transaction with higher fees.</summary>
    public void Raise(PreparedTransaction transaction, (byte[] Wire, Bytes32 Hash) signed, long now)
    {
        lock (_hashes)
        {
            _hashes.Add(signed.Hash);
        }

        Latest = transaction;
        LatestSigned = signed.Wire;
        PricedAt = now;
    }

    /// <summary>Claims the slot for one caller; false while another caller has it.</summary>
    public bool TryTend() => Interlocked.Exchange(ref _tended, 1) == 0;

    /// <summary>Releases the claim.</summary>
    public void EndTending() => Volatile.Write(ref _tended, 0);
}
