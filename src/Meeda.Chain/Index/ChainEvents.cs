using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Chain.Index;

/// <summary>The place of a batch on L1.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="AnchorIndex">The operator's anchor that holds it.</param>
/// <param name="FirstBlob">The operator's position of the batch's first blob.</param>
/// <param name="BlobCount">Its blobs.</param>
internal sealed record AnchoredBatch(BatchId Batch, uint AnchorIndex, ulong FirstBlob, uint BlobCount)
{
    /// <summary>The payload's length in bytes, where L1's log has it; null otherwise.</summary>
    public uint? PayloadLength { get; init; }
}

/// <summary>An anchor on L1 with its batches.</summary>
internal sealed record AnchorEvent(
    Anchor Anchor,
    Bytes32 TransactionHash,
    byte[] Commitments,
    IReadOnlyList<AnchoredBatch> Batches
)
{
    /// <summary>
    /// Whether the batches follow one another from the anchor's first blob to its last, each with the id of its
    /// commitments, and give its root: then neither places nor lengths are other than the anchored ones.
    /// </summary>
    public bool IsWhole()
    {
        ulong next = Anchor.FirstBlob;
        foreach (AnchoredBatch batch in Batches)
        {
            if (batch.FirstBlob != next || batch.BlobCount > Anchor.EndBlob - next)
            {
                return false;
            }

            ReadOnlySpan<byte> own = Commitments.AsSpan(
                (int)(next - Anchor.FirstBlob) * KzgCommitment.Length,
                (int)batch.BlobCount * KzgCommitment.Length
            );
            if (BatchId.Compute(batch.PayloadLength ?? 0, own) != batch.Batch)
            {
                return false;
            }

            next += batch.BlobCount;
        }

        return Batches.Count > 0
            && next == Anchor.EndBlob
            && AnchorRoots.Of(Commitments, [.. Batches.Select(batch => batch.Batch)]).Root == Anchor.Root;
    }
}

/// <summary>A proof of an epoch on L1, with the seed that the contract used.</summary>
internal sealed record ProofEvent(ulong Epoch, ulong BlockNumber, Bytes32 TransactionHash, Bytes32 Seed);

/// <summary>A demand on L1.</summary>
/// <param name="Id">Its number in the contract.</param>
/// <param name="Operator">The operator that must answer.</param>
/// <param name="Position">The operator's position of the blob.</param>
/// <param name="Demander">The account that demanded the blob, and is paid if the operator does not publish it.</param>
/// <param name="VersionedHash">The versioned hash of the blob to publish (EIP-4844).</param>
/// <param name="Deadline">The last block in which the operator may publish it.</param>
/// <param name="BlockNumber">The block of the demand.</param>
internal sealed record DemandEvent(
    ulong Id,
    Address Operator,
    ulong Position,
    Address Demander,
    Bytes32 VersionedHash,
    ulong Deadline,
    ulong BlockNumber
);

/// <summary>A block that the follower has read up to.</summary>
internal readonly record struct BlockPoint(ulong Number, Bytes32 Hash);

/// <summary>An operator's anchor.</summary>
/// <param name="Operator">The operator.</param>
/// <param name="Seen">The anchor with its leaves and batches.</param>
internal sealed record OperatorAnchor(Address Operator, AnchorEvent Seen);

/// <summary>The valid events of a range of blocks.</summary>
/// <param name="Anchors">Anchors, those of one operator in their order.</param>
/// <param name="Proofs">Proofs, each with its operator.</param>
/// <param name="Demands">Demands, by all accounts.</param>
internal sealed record ChainEvents(
    IReadOnlyList<OperatorAnchor> Anchors,
    IReadOnlyList<(Address Operator, ProofEvent Proof)> Proofs,
    IReadOnlyList<DemandEvent> Demands
);
