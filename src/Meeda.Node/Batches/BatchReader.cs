using System.Diagnostics.CodeAnalysis;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Batches;

/// <summary>Gives batches back. Nothing leaves that was not checked against the batch's commitments: rows may rot, disks may lie.</summary>
internal sealed class BatchReader(RowPlacement rows, Ledger ledger, BatchCopies copies, ILogger<BatchReader> logger)
{
    /// <summary>Reads the payload of a batch by its id.</summary>
    /// <exception cref="DaException">It was never stored here, or its rows cannot be read whole and right now.</exception>
    public async Task<byte[]> ReadAsync(BatchId id, CancellationToken cancellationToken) =>
        await ReadAsync(await ledger.FindBatchAsync(id, cancellationToken), cancellationToken);

    /// <summary>Reads the payload with that Keccak-256.</summary>
    /// <exception cref="DaException">It was never stored here, or its rows cannot be read whole and right now.</exception>
    public async Task<byte[]> ReadByPayloadHashAsync(Bytes32 payloadHash, CancellationToken cancellationToken) =>
        await ReadAsync(await ledger.FindBatchByPayloadAsync(payloadHash, cancellationToken), cancellationToken);

    /// <summary>Opens a batch for a client, by its id: within the memory for answers, and shared with who else reads it.</summary>
    /// <param name="id">The batch's id.</param>
    /// <param name="client">Whose reading it is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DaException">It was never stored here, its rows cannot be read whole and right now, or too much is being read.</exception>
    public async Task<BatchReading> OpenAsync(BatchId id, string client, CancellationToken cancellationToken) =>
        await OpenAsync(await ledger.FindBatchAsync(id, cancellationToken), client, cancellationToken);

    /// <summary>Opens the batch whose payload has that Keccak-256 for a client.</summary>
    /// <exception cref="DaException">It was never stored here, its rows cannot be read whole and right now, or too much is being read.</exception>
    public async Task<BatchReading> OpenByPayloadHashAsync(Bytes32 payloadHash, string client, CancellationToken cancellationToken) =>
        await OpenAsync(await ledger.FindBatchByPayloadAsync(payloadHash, cancellationToken), client, cancellationToken);

    private async Task<BatchReading> OpenAsync(StoredBatch? batch, string client, CancellationToken cancellationToken)
    {
        EnsureKept(batch);

        // The rows, the same one behind the other, and the payload are in memory at once.
        long loading = (2L * batch.BlobCount * Blob.ByteLength) + batch.PayloadLength;
        return await copies.OpenAsync(client, batch.Id, batch.PayloadLength, loading, stop => ReadAsync(batch, stop), cancellationToken);
    }

    private static void EnsureKept([NotNull] StoredBatch? batch)
    {
        if (batch is null)
        {
            throw new DaException(DaError.Absent, "commitment: no batch of this commitment was ever stored here");
        }

        if (batch.DeletedAt is not null)
        {
            throw new DaException(DaError.Absent, "commitment: the batch had expired and is no longer kept");
        }
    }

    private async Task<byte[]> ReadAsync(StoredBatch? batch, CancellationToken cancellationToken)
    {
        EnsureKept(batch);
        if (await ledger.FindPayloadAsync(batch.Id, cancellationToken) is { } held)
        {
            if (Keccak256.Hash(held) == batch.PayloadHash)
            {
                return held;
            }

            logger.HeldPayloadCorrupt(batch.Id.ToString());
        }

        byte[]? blobs = await rows.ReadAsync(batch.Id, batch.Commitments, cancellationToken);
        if (blobs is null)
        {
            logger.RowsMissing(batch.Id.ToString());
            throw new DaException(DaError.Unavailable, "store: too few rows of this batch can be read whole at the moment");
        }

        if (!BlobEncoding.TryDecode(blobs, out byte[] payload, out _) || payload.Length != batch.PayloadLength)
        {
            logger.RowsCorrupt(batch.Id.ToString());
            throw new DaException(DaError.Unavailable, "store: rows of this batch do not match its commitments; they are not given out");
        }

        if (blobs.Length > Pace.LongLength)
        {
            LongGarbage.Left(2L * blobs.Length);
        }

        return payload;
    }
}
