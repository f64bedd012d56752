using System.Buffers;
using System.Collections.Concurrent;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Payments;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Batches;

/// <summary>
/// Accepts batches. Once <see cref="AcceptAsync(byte[], IDisposable?, CancellationToken)"/> has returned, the batch is
/// durable and survives a crash of this process.
/// </summary>
internal sealed class BatchIntake(
    IOptions<BatchOptions> options,
    CommitmentKey key,
    Ledger ledger,
    BatchStates states,
    Terms terms,
    BatchSignal signal,
    IntakePressure pressure,
    IntakeWork work,
    TenantCosts costs,
    RollupEscrows escrows,
    TimeProvider time,
    ILogger<BatchIntake> logger
) : IDisposable
{
    // Equal payloads of a tenant that arrive together share one job. No caller owns the job: a client that disconnects
    // must not cancel the work for another client that waits for the same bytes.
    private readonly ConcurrentDictionary<(Bytes32 Payload, long? Tenant), Job> _running = new();

    // Committing is pure computation: more jobs than processors would only delay all of them.
    private readonly SemaphoreSlim _committing = new(Environment.ProcessorCount);

    /// <summary>
    /// Accepts a payload:
    /// (1) reject an invalid length, (2) join a running job for the same bytes, or find the batch in the ledger,
    /// (3) encode the payload into blobs and commit to each, (4) compute the batch id, (5) write payload and promise to
    /// the ledger in one transaction, (6) wait for the configured acknowledgement level. Bytes that the ledger already
    /// knows get a new promise for a whole term from now, also where the earlier batch has expired.
    /// </summary>
    /// <param name="payload">1 to <see cref="BatchOptions.MaxBatchBytes"/> bytes; not changed afterwards.</param>
    /// <param name="room">The share of the body budget that the payload holds; disposed of once the payload is durable
    /// and no longer needed in memory. Null where none was reserved.</param>
    /// <param name="cancellationToken">Ends the wait for the acknowledgement level, never the storing: after a
    /// disconnect the payload keeps its share of the budget until it is stored.</param>
    /// <exception cref="DaException">The payload is empty or too long, it cannot be stored now, or it did not reach
    /// the acknowledgement level in time.</exception>
    public Task<StoredBatch> AcceptAsync(byte[] payload, IDisposable? room, CancellationToken cancellationToken) =>
        // The method that waits for the state must not keep the payload in memory.
        WaitForStateAsync(TakeInAsync(payload, cancellationToken), room, cancellationToken);

    /// <summary>Accepts a payload that holds no share of the body budget.</summary>
    public Task<StoredBatch> AcceptAsync(byte[] payload, CancellationToken cancellationToken) =>
        AcceptAsync(payload, room: null, cancellationToken);

    private async Task<StoredBatch> TakeInAsync(byte[] payload, CancellationToken cancellationToken)
    {
        CheckLength(payload.Length); // 1
        Tenant? tenant = costs.Current;
        await pressure.EnsureAcceptingAsync(
            BlobEncoding.BlobCount(payload.Length),
            isPaid: tenant?.Payer is not null,
            cancellationToken
        );
        Bytes32 payloadHash = Keccak256.Hash(payload);
        SignedOrder? order = costs.Order;
        while (true)
        {
            Job job = _running.GetOrAdd(
                (payloadHash, tenant?.Id),
                _ => new(order, new(() => StoreAsync(payload, payloadHash, tenant, order)))
            );
            try
            {
                return await job.Storing.Value; // 2
            }
            catch (DaException) when (job.Order != order)
            {
                // It may have failed by the order that came with the other put: this one is judged by its own.
            }
            finally
            {
                if (job.Storing.Value.IsCompleted)
                {
                    _running.TryRemove(new((payloadHash, tenant?.Id), job));
                }
            }
        }
    }

    private async Task<StoredBatch> WaitForStateAsync(
        Task<StoredBatch> storing,
        IDisposable? room,
        CancellationToken cancellationToken
    )
    {
        StoredBatch batch = await storing;
        room?.Dispose();
        if (options.Value.AckLevel != BatchState.Stored)
        {
            await WaitAsync(batch, cancellationToken); // 6
        }

        return batch;
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
            throw new DaException(
                DaError.TooLarge,
                $"body: {length} bytes are more than the limit of {options.Value.MaxBatchBytes} bytes (MaxBatchBytes)"
            );
        }
    }

    private async Task<StoredBatch> StoreAsync(byte[] payload, Bytes32 payloadHash, Tenant? tenant, SignedOrder? order)
    {
        TenantUsage cost = TenantUsage.None;
        try
        {
            long? anchorFrom = terms.AnchorFrom; // one for both: what is found to need no anchor is then owed none
            StoredBatch? known = await ledger.FindBatchByPayloadAsync(payloadHash, CancellationToken.None); // 2
            bool isNew = known is null or { DeletedAt: not null };
            TenantUsage most =
                isNew ? costs.OfBatch(BlobEncoding.BlobCount(payload.Length))
                : await ledger.NeedsAnchorAsync(known!, anchorFrom, CancellationToken.None)
                    ? TenantCosts.OfRenewal(known!.BlobCount)
                : TenantUsage.None;
            using IDisposable? reserved =
                most == TenantUsage.None
                    ? null
                    : await escrows.ReserveAsync(tenant, payload.Length, order, CancellationToken.None);

            costs.Charge(tenant, most);
            cost = most;
            StoredBatch batch = known is not null
                ? known with
                {
                    StoredAt = time.GetUtcNow(),
                }
                : await NameAsync(payload, payloadHash); // 3, 4
            batch = (isNew ? batch with { Tenant = tenant?.Id } : batch) with { Payer = tenant?.Payer, Order = order };
            if (reserved is not null)
            {
                await escrows.EnsureSignedAsync(tenant, batch, CancellationToken.None);
            }

            await ledger.AddBatchAsync(batch, payload, anchorFrom, CancellationToken.None); // 5
            cost = TenantUsage.None;
            if (
                !isNew
                && most != TenantUsage.None
                && await ledger.FindBatchAsync(batch.Id, CancellationToken.None) is { OwedSince: null }
            )
            {
                cost = most; // Its last anchor is recent enough: no other one is owed.
            }

            pressure.RecordSuccess();
            signal.PulseStored();
            logger.BatchStored(batch.Id.ToString(), payload.Length, batch.BlobCount);
            return batch;
        }
        catch (Exception failure) when (failure is IOException or TimeoutException or System.Data.Common.DbException)
        {
            logger.RecordFailure(failure);
            throw pressure.RecordFailure(failure);
        }
        finally
        {
            costs.GiveBack(tenant, cost);
        }
    }

    /// <summary>The storing of a payload, and the order that came with it.</summary>
    private sealed record Job(SignedOrder? Order, Lazy<Task<StoredBatch>> Storing);

    private async Task<StoredBatch> NameAsync(byte[] payload, Bytes32 payloadHash)
    {
        long started = time.GetTimestamp();
        byte[] commitments = await CommitAsync(payload);
        OperatorMetrics.CommitTime.Record(
            (time.GetElapsedTime(started) / (commitments.Length / KzgCommitment.Length)).TotalMilliseconds
        );
        return new StoredBatch(
            BatchId.Compute((uint)payload.Length, commitments),
            payloadHash,
            (uint)payload.Length,
            commitments,
            time.GetUtcNow()
        );
    }

    private async Task WaitAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.AckTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await states.WaitForStateAsync(batch.Id, options.Value.AckLevel, both.Token);
        }
        catch (OperationCanceledException late)
            when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new DaException(
                DaError.Unavailable,
                $"state: batch {batch.Id} is stored, but not "
                    + $"{options.Value.AckLevel.ToString().ToLowerInvariant()} within "
                    + $"{options.Value.AckTimeout} (AckTimeout); the same put again goes on waiting",
                late
            );
        }
    }

    private async Task<byte[]> CommitAsync(byte[] payload)
    {
        using IDisposable running = work.Begin();
        int count = BlobEncoding.BlobCount(payload.Length);
        var commitments = new byte[count * KzgCommitment.Length];
        await Parallel.ForAsync(
            0,
            count,
            async (i, _) =>
            {
                await _committing.WaitAsync(CancellationToken.None);
                byte[] blob = ArrayPool<byte>.Shared.Rent(Blob.ByteLength);
                try
                {
                    BlobEncoding.EncodeBlob(payload, i, blob.AsSpan(0, Blob.ByteLength));
                    key.Commit(blob.AsSpan(0, Blob.ByteLength))
                        .Encode(commitments.AsSpan(i * KzgCommitment.Length, KzgCommitment.Length));
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(blob);
                    _committing.Release();
                }
            }
        );
        return commitments;
    }
}
