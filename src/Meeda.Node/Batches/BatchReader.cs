using Meeda.Ethereum;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Batches;

/// <summary>Gives batches back. Nothing leaves that was not checked against the batch's commitments: rows may rot, disks may lie.</summary>
internal sealed class BatchReader(RowPlacement rows, Ledger ledger, Absence absence, ILogger<BatchReader> logger)
{
    private const string NeverStored = "commitment: no batch of this commitment was ever stored here";

    /// <summary>Reads the payload of a batch by its id.</summary>
    /// <exception cref="DaException">It was never stored here, or its rows cannot be read whole and right now.</exception>
    public async Task<byte[]> ReadAsync(BatchId id, CancellationToken cancellationToken) => await ReadAsync(
        await ledger.FindBatchAsync(id, cancellationToken) ?? throw await absence.OfAsync(NeverStored, cancellationToken),
        cancellationToken);

    /// <summary>Reads the payload with that Keccak-256.</summary>
    /// <exception cref="DaException">It was never stored here, or its rows cannot be read whole and right now.</exception>
    public async Task<byte[]> ReadByPayloadHashAsync(Bytes32 payloadHash, CancellationToken cancellationToken)
    {
        if (await ledger.FindBatchByPayloadAsync(payloadHash, cancellationToken) is { } batch)
        {
            return await ReadAsync(batch, cancellationToken);
        }

        throw await ledger.HasUnknownPayloadsAsync(cancellationToken)
            ? new DaException(DaError.Unavailable, "commitment: batches that are known from L1 alone have not been read yet; this may be one of them")
            : await absence.OfAsync(NeverStored, cancellationToken);
    }

    private async Task<byte[]> ReadAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
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
            if (batch.PayloadHash == batch.Id.Value && !await ledger.IsOwedAsync(batch.Id, cancellationToken))
            {
                throw new DaException(DaError.Absent, "commitment: the batch had expired and is no longer kept"); // Known from L1 alone, and given up before this ledger began.
            }

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

        if (batch.PayloadHash == batch.Id.Value)
        {
            logger.BatchRebuilt(batch.Id.ToString());
            await ledger.SetPayloadHashAsync(batch.Id, Keccak256.Hash(payload), cancellationToken);
        }

        return payload;
    }

    /// <summary>Then the next put of these bytes stores them again.</summary>
    private Task NoteDamagedAsync(StoredBatch batch, CancellationToken cancellationToken) =>
        batch.IsDamaged ? Task.CompletedTask : ledger.MarkDamagedAsync(batch.Id, cancellationToken);
}
