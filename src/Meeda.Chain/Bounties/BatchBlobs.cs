using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Batches;

namespace Meeda.Chain.Bounties;

/// <summary>The blobs of a batch as L1's logs name them.</summary>
/// <param name="Id">The batch.</param>
/// <param name="Commitments">Its commitments, 48 bytes each, which give its id.</param>
internal sealed record BatchBlobs(BatchId Id, byte[] Commitments)
{
    /// <summary>The versioned hashes of its blobs, in order.</summary>
    public IReadOnlyList<Bytes32> VersionedHashes() => VersionedHashes(Commitments);

    /// <summary>The versioned hashes of commitments, 48 bytes each.</summary>
    public static IReadOnlyList<Bytes32> VersionedHashes(byte[] commitments) =>
        [.. commitments.Chunk(KzgCommitment.Length).Select(each => BlobSidecar.VersionedHashOf(each))];

    /// <summary>Finds a batch in L1's logs: its id binds the commitments, whichever operator anchored it.</summary>
    /// <param name="client">L1.</param>
    /// <param name="system">The contracts.</param>
    /// <param name="id">The batch.</param>
    /// <param name="hint">The block of the contracts' deployment, or 0 where it is not known; it is checked.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Null where no operator ever anchored it.</returns>
    public static async Task<BatchBlobs?> FindAsync(
        EthereumClient client,
        SystemContract system,
        BatchId id,
        ulong hint,
        CancellationToken cancellationToken
    )
    {
        ulong first = (await ContractDeployment.FindAsync(client, system.Address, hint, cancellationToken)).Block;
        foreach (Address holder in await LogRecord.HoldersAsync(client, system, id, first, cancellationToken))
        {
            LogRecord record = await LogRecord.ReadAsync(client, system, holder, first, cancellationToken);
            if (await record.AnchoringsAsync(id, cancellationToken) is not [{ } anchoring, ..])
            {
                continue;
            }

            byte[] all = await record.CommitmentsAsync(holder, anchoring.Anchor.Index, cancellationToken);
            AnchoredBatch batch = anchoring.Batch;
            byte[] own = all.AsSpan(
                    (int)(batch.FirstBlob - anchoring.Anchor.FirstBlob) * KzgCommitment.Length,
                    (int)batch.BlobCount * KzgCommitment.Length
                )
                .ToArray();
            if (batch.PayloadLength is { } length && BatchId.Compute(length, own) == id)
            {
                return new BatchBlobs(id, own);
            }
        }

        return null;
    }
}
