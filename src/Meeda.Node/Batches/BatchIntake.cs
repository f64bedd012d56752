using System.Collections.Concurrent;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Batches;

/// <summary>Takes batches in: after <see cref="AcceptAsync"/> has returned, a batch survives whatever happens to this process.</summary>
internal sealed class BatchIntake(
    IOptions<BatchOptions> options, CommitmentKey key, RowPlacement rows, Ledger ledger, BlobFailover failover, TimeProvider time, ILogger<BatchIntake> logger)
    : IDisposable
{
    // Equal payloads that arrive together share one job. The job is not the caller's: a client that hangs up must not undo the work of
    // another that waits for the same bytes.
    private readonly ConcurrentDictionary<Bytes32, Lazy<Task<StoredBatch>>> _running = new();

    // Committing is pure computation: more at once than there are processors would only make every one of them later.
    private readonly SemaphoreSlim _committing = new(Environment.ProcessorCount);

    /// <summary>
    /// Takes a payload in:
    /// (1) refuse what can never be taken, (2) join the same bytes in work, or answer for the same bytes stored, (3) encode into blobs,
    /// (4) commit to each, (5) name the batch, (6) make its rows durable, (7) make the promise durable in the ledger.
    /// </summary>
    /// <param name="payload">1 to <see cref="BatchOptions.MaxBatchBytes"/> bytes.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work: the batch may be stored all the same.</param>
    /// <exception cref="DaException">The payload is empty or too long, or it cannot be stored now.</exception>
    public async Task<StoredBatch> AcceptAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        CheckLength(payload.Length);                                                                            // 1
        Bytes32 payloadHash = Keccak256.Hash(payload.Span);
        Lazy<Task<StoredBatch>> job = _running.GetOrAdd(payloadHash, _ => new(() => StoreAsync(payload, payloadHash)));
        try
        {
            return await job.Value.WaitAsync(cancellationToken);                                                // 2
        }
        finally
        {
            if (job.Value.IsCompleted)
            {
                _running.TryRemove(new(payloadHash, job));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _committing.Dispose();

    private void CheckLength(int length)
    {
        if (length == 0)
        {
            throw new DaException(DaError.MalformedRequest, "body: it is empty; a batch has at least 1 byte");
        }

        if (length > options.Value.MaxBatchBytes)
        {
            throw new DaException(DaError.TooLarge, $"body: {length} bytes are more than the limit of {options.Value.MaxBatchBytes} bytes (MaxBatchBytes)");
        }
    }

    private async Task<StoredBatch> StoreAsync(ReadOnlyMemory<byte> payload, Bytes32 payloadHash)
    {
        if (await ledger.FindBatchByPayloadAsync(payloadHash, CancellationToken.None) is { } known)             // 2
        {
            return known;
        }

        byte[] blobs = BlobEncoding.Encode(payload.Span);                                                       // 3
        byte[] commitments = await CommitAsync(blobs);                                                          // 4
        BatchId id = BatchId.Compute((uint)payload.Length, commitments);                                        // 5
        var batch = new StoredBatch(id, payloadHash, (uint)payload.Length, commitments, time.GetUtcNow());
        try
        {
            bool isSheltered = await WriteAsync(batch, blobs);                                                  // 6
            await ledger.AddBatchAsync(batch, CancellationToken.None);                                          // 7
            if (isSheltered)
            {
                await failover.AnchoredAsync(id, CancellationToken.None);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            logger.StoreFailed(id.ToString(), failure);
            throw new DaException(DaError.Unavailable, "store: the batch could not be made durable; nothing of it is promised, try again", failure);
        }

        logger.BatchStored(id.ToString(), payload.Length, batch.BlobCount);
        return batch;
    }

    /// <summary>Makes the rows durable: at the providers, or on this machine until the blobs stand on L1.</summary>
    /// <returns>Whether it is the latter.</returns>
    private async Task<bool> WriteAsync(StoredBatch batch, byte[] blobs)
    {
        try
        {
            await rows.WriteAsync(batch.Id, blobs, CancellationToken.None);
            return false;
        }
        catch (IOException down) when (failover.Takes(batch.BlobCount))
        {
            logger.FailingOver(batch.Id.ToString(), down.Message);
            await rows.ShelterAsync(batch.Id, blobs, CancellationToken.None);
            return true;
        }
    }

    private async Task<byte[]> CommitAsync(byte[] blobs)
    {
        int count = blobs.Length / Blob.ByteLength;
        var commitments = new byte[count * KzgCommitment.Length];
        await Parallel.ForAsync(0, count, async (i, _) =>
        {
            await _committing.WaitAsync(CancellationToken.None);
            try
            {
                key.Commit(blobs.AsSpan(i * Blob.ByteLength, Blob.ByteLength)).Encode(commitments.AsSpan(i * KzgCommitment.Length, KzgCommitment.Length));
            }
            finally
            {
                _committing.Release();
            }
        });
        return commitments;
    }
}
