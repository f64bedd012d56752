using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Storage.Redundancy;

namespace Meeda.Operator.Proofs;

/// <summary>
/// Single blobs by the position under which the operator anchored them, checked against their commitments.
/// </summary>
internal sealed class BlobSource(
    Ledger ledger,
    RowPlacement rows,
    Absence absence,
    CommitmentKey key,
    ILogger<BlobSource> logger
)
{
    /// <summary>Reads a blob; a row that is missing or wrong is recomputed from the batch's other rows.</summary>
    /// <param name="position">The operator's position of the blob.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The blob, 131072 bytes, and its commitment, 48.</returns>
    /// <exception cref="DaException">Nothing was anchored there, or the blob is unavailable at the moment.</exception>
    public async Task<(byte[] Blob, byte[] Commitment)> ReadAsync(ulong position, CancellationToken cancellationToken)
    {
        (StoredBatch batch, int index, _) = await FindAsync(position, cancellationToken);
        return await ReadAsync(batch, index, cancellationToken);
    }

    /// <summary>Reads a blob of a batch, as <see cref="ReadAsync(ulong, CancellationToken)"/> does.</summary>
    /// <param name="batch">The batch, which is kept.</param>
    /// <param name="index">The blob's place in it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The blob, 131072 bytes, and its commitment, 48.</returns>
    /// <exception cref="DaException">The blob is unavailable at the moment.</exception>
    public async Task<(byte[] Blob, byte[] Commitment)> ReadAsync(
        StoredBatch batch,
        int index,
        CancellationToken cancellationToken
    )
    {
        byte[] commitment = CommitmentOf(batch, index);
        var blob = new byte[Blob.ByteLength];
        if (
            await rows.ReadRowAsync(batch.Id, index, batch.Commitments, blob, cancellationToken)
            && RowVerification.Matches(key, blob, commitment)
        )
        {
            return (blob, commitment);
        }

        // The stored row is corrupt: reading the whole batch recovers it from the other rows.
        if (await rows.ReadAsync(batch.Id, batch.Commitments, cancellationToken) is { } blobs)
        {
            return (blobs.AsSpan(index * Blob.ByteLength, Blob.ByteLength).ToArray(), commitment);
        }

        logger.RowsMissing(batch.Id.ToString());
        throw new DaException(
            DaError.Unavailable,
            "store: too few rows of this blob's batch can be read whole at the moment"
        );
    }

    /// <summary>A blob's commitment, 48 bytes, without reading the blob.</summary>
    /// <exception cref="DaException">Nothing was anchored there.</exception>
    public async Task<byte[]> FindCommitmentAsync(ulong position, CancellationToken cancellationToken) =>
        (await FindAsync(position, cancellationToken)).Commitment;

    private async Task<(StoredBatch Batch, int Index, byte[] Commitment)> FindAsync(
        ulong position,
        CancellationToken cancellationToken
    )
    {
        if (
            await ledger.FindBatchAtAsync(position, cancellationToken) is not { } anchored
            || await ledger.FindBatchAsync(anchored.Batch, cancellationToken) is not { } batch
        )
        {
            throw await absence.OfAsync(
                ErrorCode.BlobNotFound,
                $"position: this operator has anchored no blob at {position}",
                cancellationToken
            );
        }

        if (batch.DeletedAt is not null)
        {
            throw new DaException(
                ErrorCode.BatchExpired,
                $"position: the batch of the blob at {position} had expired and is no longer kept"
            );
        }

        var index = (int)(position - anchored.FirstBlob);
        return (batch, index, CommitmentOf(batch, index));
    }

    private static byte[] CommitmentOf(StoredBatch batch, int index) =>
        batch.Commitments.AsSpan(index * KzgCommitment.Length, KzgCommitment.Length).ToArray();
}
