using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Storage;

/// <summary>
/// What was read of operators' anchors and proofs from L1's logs: an operator keeps its own, a light node everybody's. Whoever verifies recomputes
/// everything from this and from L1.
/// </summary>
internal interface IAnchorRecord
{
    /// <summary>All anchors of an operator by index; empty for one that is not followed.</summary>
    Task<IReadOnlyList<Anchor>> AnchorsAsync(Address operatorAddress, CancellationToken cancellationToken);

    /// <summary>The leaves of an anchor, 48 bytes each.</summary>
    Task<byte[]> CommitmentsAsync(Address operatorAddress, uint anchorIndex, CancellationToken cancellationToken);

    /// <summary>Every anchoring of a batch, the newest of each operator last.</summary>
    Task<IReadOnlyList<BatchAnchoring>> AnchoringsAsync(BatchId id, CancellationToken cancellationToken);

    /// <summary>The proofs of an operator from epoch <paramref name="first"/> to <paramref name="last"/> that L1 records, by epoch.</summary>
    Task<IReadOnlyList<ProofSeen>> ProofsAsync(Address operatorAddress, ulong first, ulong last, CancellationToken cancellationToken);

    /// <summary>The last block that was read, or null before the first.</summary>
    Task<BlockPoint?> TipAsync(CancellationToken cancellationToken);
}

/// <summary>A batch in an operator's anchor.</summary>
/// <param name="Operator">The operator that promised to hold it.</param>
/// <param name="Batch">Its place among the operator's blobs.</param>
/// <param name="Anchor">The anchor.</param>
/// <param name="TransactionHash">The anchoring transaction.</param>
internal sealed record BatchAnchoring(Address Operator, AnchoredBatch Batch, Anchor Anchor, Bytes32 TransactionHash);
