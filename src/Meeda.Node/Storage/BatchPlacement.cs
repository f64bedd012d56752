using System.Collections.Concurrent;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Storage;

/// <summary>
/// Brings what was promised to the providers: rows of each batch that the ledger holds, oldest first, until they are there. What cannot be placed now waits in the
/// ledger, which is as durable, only less redundant. Where rows are packed, batches wait there for others to share objects with. Once placed, payloads are held for reading until
/// newer ones need the room.
/// </summary>
internal sealed class BatchPlacement(
    IOptions<StorageOptions> options, Ledger ledger, RowPlacement rows, BatchSignal signal, Leadership leadership, TimeProvider time, ILogger<BatchPlacement> logger)
    : LeaderService(leadership)
{
    // Placing is encoding and waiting for disks or nodes: two at a time keep both busy.
    private const int AtOnce = 2;
    private const int PageLength = 32;

    // So much is worth placing at once: 200 rows at six providers, which is three full MEFS stripes and a part of a fourth at each.
    private const long EnoughBytes = 16L << 20;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<BatchId, bool> _refused = new();
    private long _failingSince;

    /// <summary>How long the providers have been refusing batches, without taking one; zero while they take them.</summary>
    public TimeSpan FailingFor => Interlocked.Read(ref _failingSince) is not 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Whether the providers refused a batch when it was last brought to them.</summary>
    public bool IsRefused(BatchId id) => _refused.ContainsKey(id);

    /// <inheritdoc/>
    protected override async Task LeadAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            Task changed = signal.Stored;
            try
            {
                if (await IsTimeAsync(stoppingToken) && await PlaceAllAsync(stoppingToken))
                {
                    continue;
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException and not LeaseLostException)
            {
                logger.PlacingFailed(failure.Message);
            }

            // Another operator on the same database may have stored something without a signal here, and refused batches are tried again.
            await Task.WhenAny(changed, Task.Delay(Look, time, stoppingToken));
            stoppingToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Whether what waits has waited long enough, or is enough.</summary>
    internal async Task<bool> IsTimeAsync(CancellationToken cancellationToken)
    {
        if (options.Value.EffectivePackDelay == TimeSpan.Zero)
        {
            return true;
        }

        Backlog backlog = await ledger.BacklogAsync(cancellationToken);
        return backlog.Bytes >= EnoughBytes || Stamp.IsOlder(backlog.Oldest, options.Value.EffectivePackDelay, time.GetUtcNow());
    }

    /// <summary>Tries each batch that waits, until some are refused.</summary>
    /// <returns>Whether any was placed.</returns>
    internal async Task<bool> PlaceAllAsync(CancellationToken cancellationToken)
    {
        for (bool isAny = false; ; isAny = true)
        {
            IReadOnlyList<StoredBatch> page = await ledger.UnplacedBatchesAsync(PageLength, cancellationToken);
            int placed = await PlaceAsync(page, cancellationToken);
            if (placed < page.Count || page.Count < PageLength)
            {
                return placed > 0 || isAny;
            }
        }
    }

    /// <summary>Tries each of these batches once.</summary>
    /// <returns>How many were placed.</returns>
    private async Task<int> PlaceAsync(IReadOnlyList<StoredBatch> page, CancellationToken cancellationToken)
    {
        var written = new ConcurrentBag<BatchId>();
        using IDisposable turn = await rows.TakeTurnAsync(cancellationToken);
        await Parallel.ForEachAsync(
            page,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (batch, stop) =>
            {
                if (await TryWriteAsync(batch, stop))
                {
                    written.Add(batch.Id);
                }
            });
        if (written.IsEmpty)
        {
            return 0;
        }

        try
        {
            await rows.FlushAsync(cancellationToken);
        }
        catch (IOException refused)
        {
            Refuse([.. written], refused);
            return 0;
        }

        await ledger.MarkPlacedAsync([.. written], time.GetUtcNow(), cancellationToken);
        foreach (BatchId id in written)
        {
            _refused.TryRemove(id, out _);
        }

        Interlocked.Exchange(ref _failingSince, 0);
        await ledger.TrimPayloadsAsync(options.Value.LocalCopyBytes, cancellationToken);
        signal.PulseChanged();
        return written.Count;
    }

    private async Task<bool> TryWriteAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        if (await ledger.FindPayloadAsync(batch.Id, cancellationToken) is not { } payload || Keccak256.Hash(payload) != batch.PayloadHash)
        {
            // Rows of other bytes would take the place of good ones. It stops none behind it, and is stored anew when it is put again.
            logger.PayloadLost(batch.Id.ToString());
            await ledger.MarkDamagedAsync(batch.Id, cancellationToken);
            return false;
        }

        using var blobs = new RowBuffer(batch.BlobCount * Blob.ByteLength);
        try
        {
            for (int i = 0; i < batch.BlobCount; i++)
            {
                BlobEncoding.EncodeBlob(payload, i, blobs.Memory.Span.Slice(i * Blob.ByteLength, Blob.ByteLength));
            }

            await rows.WriteAsync(batch.Id, blobs.Memory, cancellationToken);
            return true;
        }
        catch (IOException refused)
        {
            Refuse([batch.Id], refused);
            return false;
        }
    }

    private void Refuse(IReadOnlyList<BatchId> batches, IOException refused)
    {
        Interlocked.CompareExchange(ref _failingSince, time.GetTimestamp(), 0);
        bool isNew = false;
        foreach (BatchId id in batches)
        {
            if (_refused.TryAdd(id, true))
            {
                logger.PlacingRefused(id.ToString(), refused.Message);
                isNew = true;
            }
        }

        if (isNew)
        {
            signal.PulseChanged();
        }
    }
}
