namespace Meeda.Client;

/// <summary>Where a batch is on L1.</summary>
/// <param name="Index">The index of the operator's anchor that contains it.</param>
/// <param name="FirstBlob">The operator's position of its first blob.</param>
/// <param name="BlockNumber">The L1 block of the anchor.</param>
/// <param name="Expiry">The L1 block from which the operator no longer has to keep it.</param>
/// <param name="Transaction">The anchoring transaction's hash.</param>
/// <param name="Depth">The number of L1 blocks on top of the anchor's, as far as the operator has read them.</param>
public sealed record AnchorBody(
    uint Index,
    ulong FirstBlob,
    ulong BlockNumber,
    ulong Expiry,
    string Transaction,
    ulong Depth
);

/// <summary>The operator's description of a batch.</summary>
/// <param name="BatchId">Its id, 0x and 64 hex digits.</param>
/// <param name="State">
/// <c>stored</c>, <c>placed</c>, <c>anchored</c>, <c>final</c> or <c>expired</c>, in this order; <c>deleted</c> once it
/// has expired and is no longer kept.
/// </param>
/// <param name="Bytes">The payload's length in bytes.</param>
/// <param name="Blobs">The number of its blobs.</param>
/// <param name="Commitments">The blobs' compressed KZG commitments, hex, in order.</param>
/// <param name="Anchor">Its latest anchor, or null.</param>
public sealed record BatchBody(
    string BatchId,
    string State,
    uint Bytes,
    int Blobs,
    IReadOnlyList<string> Commitments,
    AnchorBody? Anchor
);

/// <summary>The number of batches in each state.</summary>
/// <param name="Stored">Durable in the ledger.</param>
/// <param name="Placed">Durable at their providers too.</param>
/// <param name="Anchored">In an L1 block that is not final yet.</param>
/// <param name="Final">In a final L1 block.</param>
/// <param name="Expired">Past their anchors' expiry.</param>
public sealed record StatesBody(long Stored, long Placed, long Anchored, long Final, long Expired);

/// <summary>The load on the intake.</summary>
/// <param name="BacklogBatches">Batches that are not at their providers yet.</param>
/// <param name="BacklogBytes">The bytes of their payloads.</param>
/// <param name="FailingSeconds">
/// For how long the ledger or the providers have rejected everything; 0 while they work.
/// </param>
/// <param name="FailingOver">Whether the failover policy answers puts with 503.</param>
/// <param name="Failovers">The number of puts answered so since the process started.</param>
public sealed record IntakeBody(
    long BacklogBatches,
    long BacklogBytes,
    double FailingSeconds,
    bool FailingOver,
    long Failovers
);

/// <summary>The operator's status.</summary>
/// <param name="Operator">Its L1 account.</param>
/// <param name="Contract">The MeedaSystem contract that it uses.</param>
/// <param name="Leads">
/// Whether this process is the leader, which follows L1, anchors and proves; of several on one database one is.
/// </param>
/// <param name="L1Block">The last L1 block read, or null.</param>
/// <param name="FinalBlock">The last block that L1 reported as final.</param>
/// <param name="L1CaughtUp">Whether L1 answered at the last poll.</param>
/// <param name="Batches">Its batches by state.</param>
/// <param name="Intake">The load on its intake.</param>
public sealed record StatusBody(
    string Operator,
    string Contract,
    bool Leads,
    ulong? L1Block,
    ulong FinalBlock,
    bool L1CaughtUp,
    StatesBody Batches,
    IntakeBody Intake
)
{
    /// <summary>What the operator's stake covers; null while that is unknown.</summary>
    public StakeBody? Stake { get; init; }

    /// <summary>The escrows of rollups that pay for their batches; a tenant sees only its own.</summary>
    public IReadOnlyList<EscrowBody> Escrows { get; init; } = [];
}

/// <summary>What an operator's stake covers.</summary>
/// <param name="CarriedBlobs">The maximum number of live blobs that it may have.</param>
/// <param name="LiveBlobs">The number of its live blobs, as the contract counts them.</param>
public sealed record StakeBody(ulong CarriedBlobs, ulong LiveBlobs);

/// <summary>What a rollup prepaid the operator, as of an L1 block. Amounts are wei, decimal.</summary>
/// <param name="Rollup">The rollup's L1 address.</param>
/// <param name="Block">The block.</param>
/// <param name="Balance">What is prepaid and not charged.</param>
/// <param name="Available">What anchors may still charge in this epoch: the balance within the rollup's limit.</param>
/// <param name="Price">The operator's price, for each byte of payload and block of retention.</param>
/// <param name="PaidUntil">The block until which the balance lasts at the rate of this epoch so far; null where
/// nothing was charged.</param>
public sealed record EscrowBody(
    string Rollup,
    ulong Block,
    string Balance,
    string Available,
    string Price,
    ulong? PaidUntil
);

/// <summary>The body of every error: one message that names the field and the limit, if any.</summary>
/// <param name="Error">The message.</param>
public sealed record ErrorBody(string Error);
