using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Chain.Verification;

/// <summary>A statement that was checked, and whether it holds.</summary>
internal sealed record Check(string What, bool Holds);

/// <summary>
/// Checks a batch against L1 alone: no operator, ledger or memory is trusted. Everything is recomputed from the
/// payload, L1's logs and the ceremony's setup.
/// </summary>
internal sealed class BatchVerification(SystemContract system, IAnchorRecord record, CommitmentKey key)
{
    /// <summary>The id that a payload has, from its blobs' commitments.</summary>
    /// <param name="key">The ceremony's commitment key.</param>
    /// <param name="payload">At least 1 byte.</param>
    public static BatchId IdOf(CommitmentKey key, ReadOnlySpan<byte> payload)
    {
        byte[] blobs = BlobEncoding.Encode(payload);
        var commitments = new byte[blobs.Length / Blob.ByteLength * KzgCommitment.Length];
        for (int i = 0; i * Blob.ByteLength < blobs.Length; i++)
        {
            key.Commit(blobs.AsSpan(i * Blob.ByteLength, Blob.ByteLength))
                .Encode(commitments.AsSpan(i * KzgCommitment.Length));
        }

        return BatchId.Compute((uint)payload.Length, commitments);
    }

    /// <summary>Whether a payload is the batch of that id.</summary>
    public Check CheckPayload(BatchId id, ReadOnlySpan<byte> payload) =>
        new("the payload's commitments, recomputed, give the batch id", IdOf(key, payload) == id);

    /// <summary>
    /// Checks that the anchor in the log contains the batch, and that the contract stores that anchor.
    /// </summary>
    public async Task<IReadOnlyList<Check>> CheckAnchorAsync(
        BatchAnchoring anchoring,
        CancellationToken cancellationToken
    )
    {
        Anchor onChain = await system.Anchors.GetAnchorAsync(
            anchoring.Operator,
            anchoring.Anchor.Index,
            cancellationToken
        );
        var anchored = new AnchoredCommitments(record, anchoring.Operator);
        ulong[] positions =
        [
            .. Enumerable
                .Range(0, (int)anchoring.Batch.BlobCount)
                .Select(blob => anchoring.Batch.FirstBlob + (ulong)blob),
        ];
        IReadOnlyList<AnchoredLeaf> leaves = await anchored.LeavesAsync(positions, cancellationToken);
        return
        [
            new(
                "the anchor's Merkle root, rebuilt from the log, is the one the contract keeps",
                leaves[0].Roots.Root == onChain.Root && onChain == anchoring.Anchor
            ),
            new(
                "every blob's commitment is a leaf of that root at the batch's position",
                positions
                    .Zip(leaves)
                    .All(each =>
                        MerkleTree.Verify(
                            each.Second.Roots.LeafRoot,
                            (int)onChain.BlobCount,
                            (int)(each.First - onChain.FirstBlob),
                            each.Second.Commitment,
                            [.. each.Second.Path]
                        )
                    )
            ),
        ];
    }
}
