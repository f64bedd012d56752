using Meeda.Ethereum;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Batches;

/// <summary>Gives batches back. Nothing leaves that was not checked against the batch's commitments: rows may rot, disks may lie.</summary>
internal sealed class BatchReader(RowPlacement rows, Ledger ledger, ILogger<BatchReader> logger)
{
    /// <summary>Reads the payload of a batch by its id.</summary>
    /// <exception cref="DaException">It was never stored here, or its rows cannot be read whole and right now.</exception>
    public async Task<byte[]> ReadAsync(BatchId id, CancellationToken cancellationToken) =>
        await ReadAsync(await ledger.FindBatchAsync(id, cancellationToken), cancellationToken);

    /// <summary>Reads the payload with that Keccak-256.</summary>
    /// <exception cref="DaException">It was never stored here, or its rows cannot be read whole and right now.</exception>
    public async Task<byte[]> ReadByPayloadHashAsync(Bytes32 payloadHash, CancellationToken cancellationToken) =>
        await ReadAsync(await ledger.FindBatchByPayloadAsync(payloadHash, cancellationToken), cancellationToken);

    private async Task<byte[]> ReadAsync(StoredBatch? batch, CancellationToken cancellationToken)
    {
        if (batch is null)
        {
            throw new DaException(DaError.Absent, "commitment: no batch of this commitment was ever stored here");
        }

        if (batch.DeletedAt is not null)
        {
            throw new DaException(DaError.Absent, "commitment: the batch had expired and is no longer kept");
        }

        if (await ledger.FindPayloadAsync(batch.Id, cancellationToken) is { } held)
        {
            if (Keccak256.Hash(held) == batch.PayloadHash)
            {
                return held;
            }

            logger.HeldPayloadCorrupt(batch.Id.ToString());
            await NoteDamagedAsync(batch, cancellationToken);
        }

        byte[]? blobs = await rows.ReadAsync(batch.Id, batch.Commitments, cancellationToken);
        if (blobs is null)
        {
            logger.RowsMissing(batch.Id.ToString());
            await NoteDamagedAsync(batch, cancellationToken);
            throw new DaException(DaError.Unavailable, "store: too few rows of this batch can be read whole at the moment");
        }

        if (!BlobEncoding.TryDecode(blobs, out byte[] payload, out _) || payload.Length != batch.PayloadLength)
        {
            logger.RowsCorrupt(batch.Id.ToString());
            await NoteDamagedAsync(batch, cancellationToken);
            throw new DaException(DaError.Unavailable, "store: rows of this batch do not match its commitments; they are not given out");
        }

        return payload;
    }

    /// <summary>Then the next put of these bytes stores them again.</summary>
    private Task NoteDamagedAsync(StoredBatch batch, CancellationToken cancellationToken) =>
        batch.IsDamaged ? Task.CompletedTask : ledger.MarkDamagedAsync(batch.Id, cancellationToken);
}
