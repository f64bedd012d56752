using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Redundancy;

namespace Meeda.Operator.Batches;

/// <summary>
/// Reads batches. Every byte is checked against the batch's commitments before it is served, because disks may return
/// corrupt rows.
/// </summary>
internal sealed class BatchReader(
    RowPlacement rows,
    Ledger ledger,
    BatchCopies copies,
    TenantCosts costs,
    Absence absence,
    ILogger<BatchReader> logger
)
{
    private const string NeverStored = "commitment: no batch of this commitment was ever stored here";

    /// <summary>Reads the payload of a batch by its id.</summary>
    /// <exception cref="DaException">It was never stored here, or too few valid rows are available at the
    /// moment.</exception>
    public async Task<byte[]> ReadAsync(BatchId id, CancellationToken cancellationToken)
    {
        StoredBatch batch =
            await ledger.FindBatchAsync(id, cancellationToken)
            ?? throw await absence.OfAsync(NeverStored, cancellationToken);
        costs.Charge(costs.Current, new TenantUsage(0, 0) { Reads = batch.PayloadLength });
        return await ReadAsync(batch, cancellationToken);
    }

    /// <summary>
    /// Opens a batch for a client by its id, within the memory for responses; concurrent readers share the copy.
    /// </summary>
    /// <param name="id">The batch's id.</param>
    /// <param name="client">The client.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DaException">It was never stored here, its rows cannot be read whole and right now, or too
    /// much is being read.</exception>
    public async Task<BatchReading> OpenAsync(BatchId id, string client, CancellationToken cancellationToken) =>
        await OpenAsync(await FindAsync(id, cancellationToken), client, cancellationToken);

    /// <summary>Opens the batch whose payload has that Keccak-256 for a client.</summary>
    /// <exception cref="DaException">It was never stored here, its rows cannot be read whole and right now, or too
    /// much is being read.</exception>
    public async Task<BatchReading> OpenByPayloadHashAsync(
        Bytes32 payloadHash,
        string client,
        CancellationToken cancellationToken
    ) => await OpenAsync(await FindByPayloadHashAsync(payloadHash, cancellationToken), client, cancellationToken);

    private async Task<StoredBatch> FindAsync(BatchId id, CancellationToken cancellationToken) =>
        await ledger.FindBatchAsync(id, cancellationToken)
        ?? throw await absence.OfAsync(NeverStored, cancellationToken);

    private async Task<StoredBatch> FindByPayloadHashAsync(Bytes32 payloadHash, CancellationToken cancellationToken)
    {
        if (await ledger.FindBatchByPayloadAsync(payloadHash, cancellationToken) is { } batch)
        {
            return batch;
        }

        throw await ledger.HasUnknownPayloadsAsync(cancellationToken)
            ? new DaException(
                DaError.Unavailable,
                "commitment: batches that are known from L1 alone have not been read yet; this may be one of them"
            )
            : await absence.OfAsync(NeverStored, cancellationToken);
    }

    private async Task<BatchReading> OpenAsync(StoredBatch batch, string client, CancellationToken cancellationToken)
    {
        EnsureKept(batch);
        costs.Charge(costs.Current, new TenantUsage(0, 0) { Reads = batch.PayloadLength });

        // The rows, their concatenation and the payload are in memory at once.
        long loading = (2L * batch.BlobCount * Blob.ByteLength) + batch.PayloadLength;
        return await copies.OpenAsync(
            client,
            batch.Id,
            batch.PayloadLength,
            loading,
            stop => ReadAsync(batch, stop),
            cancellationToken
        );
    }

    private static void EnsureKept(StoredBatch batch)
    {
        if (batch.DeletedAt is not null)
        {
            throw new DaException(DaError.NotFound, "commitment: the batch had expired and is no longer kept");
        }
    }

    private async Task<byte[]> ReadAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        EnsureKept(batch);

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
                // Known from L1 alone, and expired before this ledger began.
                throw new DaException(DaError.NotFound, "commitment: the batch had expired and is no longer kept");
            }

            logger.RowsMissing(batch.Id.ToString());
            await NoteDamagedAsync(batch, cancellationToken);
            throw new DaException(
                DaError.Unavailable,
                "store: too few rows of this batch can be read whole at the moment"
            );
        }

        if (!BlobEncoding.TryDecode(blobs, out byte[] payload, out _) || payload.Length != batch.PayloadLength)
        {
            logger.RowsCorrupt(batch.Id.ToString());
            await NoteDamagedAsync(batch, cancellationToken);
            throw new DaException(
                DaError.Unavailable,
                "store: rows of this batch do not match its commitments; they are not given out"
            );
        }

        if (batch.PayloadHash == batch.Id.Value)
        {
            logger.BatchRebuilt(batch.Id.ToString());
            await ledger.SetPayloadHashAsync(batch.Id, Keccak256.Hash(payload), cancellationToken);
        }

        if (blobs.Length > Pace.LongLength)
        {
            LargeObjectCollector.Released(2L * blobs.Length);
        }

        return payload;
    }

    /// <summary>Marks a batch as damaged, so that the next put of its bytes stores them again.</summary>
    private Task NoteDamagedAsync(StoredBatch batch, CancellationToken cancellationToken) =>
        batch.IsDamaged ? Task.CompletedTask : ledger.MarkDamagedAsync(batch.Id, cancellationToken);
}
