namespace Meeda.Ethereum.Transactions;

/// <summary>One nonce with every transaction that was signed for it: all of one request, with rising fees. A block may hold any one of them.</summary>
/// <param name="first">The first transaction.</param>
/// <param name="signed">Its signed form with its hash.</param>
/// <param name="now">The time, as a timestamp of the sender's clock.</param>
internal sealed class NonceSlot(PreparedTransaction first, (byte[] Wire, Bytes32 Hash) signed, long now)
{
    private readonly List<Bytes32> _hashes = [signed.Hash];
    private int _tended;

    /// <summary>The nonce.</summary>
    public ulong Nonce { get; } = first.Nonce;

    /// <summary>The transaction with the highest fees.</summary>
    public PreparedTransaction Latest { get; private set; } = first;

    /// <summary>Its signed form.</summary>
    public byte[] LatestSigned { get; private set; } = signed.Wire;

    /// <summary>Its hash.</summary>
    public Bytes32 LatestHash => _hashes[^1];

    /// <summary>When fees were last looked at, as a timestamp.</summary>
    public long PricedAt { get; private set; } = now;

    /// <summary>Whether nobody waits for it any more.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>All hashes, the newest first.</summary>
    public IReadOnlyList<Bytes32> Hashes()
    {
        lock (_hashes)
        {
            return [.. Enumerable.Reverse(_hashes)];
        }
    }

    /// <summary>Notes that fees were looked at and stay.</summary>
    public void Keep(long now) => PricedAt = now;

    /// <summary>Takes in a transaction with higher fees.</summary>
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

    /// <summary>Claims the slot for one caller; false while another has it.</summary>
    public bool TryTend() => Interlocked.Exchange(ref _tended, 1) == 0;

    /// <summary>Gives the slot back.</summary>
    public void EndTending() => Volatile.Write(ref _tended, 0);
}
