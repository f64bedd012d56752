using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Persistence;

/// <summary>A batch that the operator has promised to keep.</summary>
/// <param name="Id">Its batch id.</param>
/// <param name="PayloadHash">Keccak-256 of the payload; the batch id where the batch is known from L1 alone and was
/// not read yet.</param>
/// <param name="PayloadLength">The payload's length in bytes.</param>
/// <param name="Commitments">Its blobs' compressed commitments, 48 bytes each, in order.</param>
/// <param name="StoredAt">When it was taken in.</param>
internal sealed record StoredBatch(
    BatchId Id,
    Bytes32 PayloadHash,
    uint PayloadLength,
    byte[] Commitments,
    DateTimeOffset StoredAt
)
{
    /// <summary>When all its rows were durable at their providers; null before.</summary>
    public DateTimeOffset? PlacedAt { get; init; }

    /// <summary>When it had expired and was given up; null while it is kept.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Since when an anchor is owed; null where none is.</summary>
    public DateTimeOffset? OwedSince { get; init; }

    /// <summary>Whether what is stored of it did not give it back when it was last read.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>The tenant that put it, by number; null where no key was required.</summary>
    public long? Tenant { get; init; }

    /// <summary>The rollup that pays for its next anchor; null where none does.</summary>
    public Address? Payer { get; init; }

    /// <summary>The order by which the rollup pays; null where it pays by its standing limit.</summary>
    public SignedOrder? Order { get; init; }

    /// <summary>The number of blobs.</summary>
    public int BlobCount => Commitments.Length / KzgCommitment.Length;
}

/// <summary>How many batches are in which state (docs/architecture.md, "States of a batch").</summary>
internal sealed record StateCounts(long Stored, long Placed, long Anchored, long Final, long Expired);

/// <summary>Batches that are not at their providers yet.</summary>
/// <param name="Bytes">Their payload bytes.</param>
/// <param name="Count">Their number.</param>
/// <param name="Oldest">When the first of them was taken in; null where there is none.</param>
internal readonly record struct Backlog(long Bytes, long Count, DateTimeOffset? Oldest);

/// <summary>How far an object with rows has come.</summary>
internal enum PackState
{
    /// <summary>Its name is noted; the object may or may not be there.</summary>
    OnItsWay = 0,

    /// <summary>The store has it.</summary>
    Stored = 1,

    /// <summary>Replicated to every holder that the store's durability policy requires.</summary>
    Confirmed = 2,

    /// <summary>Nothing of it is needed any more, and nothing is ever added.</summary>
    GivenUp = 3,
}

/// <summary>The cost and the remaining work of packing.</summary>
/// <param name="WaitingBytes">Payload bytes of batches that are not at their providers yet.</param>
/// <param name="KeptBytes">Payload bytes of all batches that are kept.</param>
/// <param name="OccupiedBytes">Bytes that stores occupy for packs, their own copies and padding included.</param>
/// <param name="RowBytes">Bytes of the rows in them.</param>
/// <param name="Unconfirmed">Packs that are stored and not confirmed.</param>
internal sealed record PackingCosts(
    long WaitingBytes,
    long KeptBytes,
    long OccupiedBytes,
    long RowBytes,
    long Unconfirmed
);

/// <summary>What the stake must carry, anchored or not.</summary>
/// <param name="Count">The batches that an anchor is owed for.</param>
/// <param name="Blobs">Their blobs.</param>
/// <param name="EndBlob">One past the last anchored blob's position.</param>
/// <param name="FirstLiveBlob">The position of the first live blob, where there is one.</param>
/// <param name="HasLive">Whether an anchored blob is live: 0 or 1.</param>
internal sealed record UnanchoredBatches(long Count, long Blobs, long EndBlob, long FirstLiveBlob, long HasLive)
{
    /// <summary>The blobs that are anchored and live.</summary>
    public long LiveBlobs => HasLive == 0 ? 0 : EndBlob - FirstLiveBlob;
}
