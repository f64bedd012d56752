using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Persistence;

/// <summary>A batch that the operator has promised to keep.</summary>
/// <param name="Id">Its batch id.</param>
/// <param name="PayloadHash">
/// Keccak-256 of the payload; the batch id if the batch is known only from L1 and was not read yet.
/// </param>
/// <param name="PayloadLength">The payload's length in bytes.</param>
/// <param name="Commitments">Its blobs' compressed commitments, 48 bytes each, in order.</param>
/// <param name="StoredAt">When it was accepted.</param>
internal sealed record StoredBatch(
    BatchId Id,
    Bytes32 PayloadHash,
    uint PayloadLength,
    byte[] Commitments,
    DateTimeOffset StoredAt
)
{
    /// <summary>When all its rows became durable at their providers; null until then.</summary>
    public DateTimeOffset? PlacedAt { get; init; }

    /// <summary>When it was marked as expired; null while it is kept.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Since when an anchor is owed; null if none is.</summary>
    public DateTimeOffset? OwedSince { get; init; }

    /// <summary>Whether it could not be rebuilt from what is stored when it was last read.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>The number of the tenant that put it; null if no key was required.</summary>
    public long? Tenant { get; init; }

    /// <summary>The rollup that pays for its next anchor, or null.</summary>
    public Address? Payer { get; init; }

    /// <summary>The order by which the rollup pays; null where it pays by its standing limit.</summary>
    public SignedOrder? Order { get; init; }

    /// <summary>The number of blobs.</summary>
    public int BlobCount => Commitments.Length / KzgCommitment.Length;
}

/// <summary>The number of batches in each state (docs/architecture.md, "States of a batch").</summary>
internal sealed record StateCounts(long Stored, long Placed, long Anchored, long Final, long Expired);

/// <summary>Batches that are not at their providers yet.</summary>
/// <param name="Bytes">Their payload bytes.</param>
/// <param name="Count">Their number.</param>
/// <param name="Oldest">When the oldest of them was accepted; null if there is none.</param>
internal readonly record struct Backlog(long Bytes, long Count, DateTimeOffset? Oldest);

/// <summary>The state of an object with rows.</summary>
internal enum PackState
{
    /// <summary>Its name is recorded; the object may or may not exist.</summary>
    OnItsWay = 0,

    /// <summary>The store has it.</summary>
    Stored = 1,

    /// <summary>Replicated to every holder that the store's durability policy requires.</summary>
    Confirmed = 2,

    /// <summary>No longer needed; no rows are ever added to it.</summary>
    GivenUp = 3,
}

/// <summary>The cost and the remaining work of packing.</summary>
/// <param name="WaitingBytes">Payload bytes of batches that are not at their providers yet.</param>
/// <param name="KeptBytes">Payload bytes of all batches that are kept.</param>
/// <param name="OccupiedBytes">
/// Bytes that packs occupy in their stores, the stores' own copies and padding included.
/// </param>
/// <param name="RowBytes">Bytes of the rows in them.</param>
/// <param name="Unconfirmed">Packs that are stored and not confirmed.</param>
internal sealed record PackingCosts(
    long WaitingBytes,
    long KeptBytes,
    long OccupiedBytes,
    long RowBytes,
    long Unconfirmed
);

/// <summary>The blobs that the stake must cover, anchored or not.</summary>
/// <param name="Count">The number of batches that an anchor is owed for.</param>
/// <param name="Blobs">The number of their blobs.</param>
/// <param name="EndBlob">One past the last anchored blob's position.</param>
/// <param name="FirstLiveBlob">The position of the first live blob, if there is one.</param>
/// <param name="HasLive">Whether an anchored blob is live: 0 or 1.</param>
internal sealed record UnanchoredBatches(long Count, long Blobs, long EndBlob, long FirstLiveBlob, long HasLive)
{
    /// <summary>The number of blobs that are anchored and live.</summary>
    public long LiveBlobs => HasLive == 0 ? 0 : EndBlob - FirstLiveBlob;
}
