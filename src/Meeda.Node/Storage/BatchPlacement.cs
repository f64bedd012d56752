using System.Collections.Concurrent;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Storage;

/// <summary>
/// Brings what was promised to the providers: rows of each batch that the ledger holds, oldest first, until they are there. What cannot be placed now waits in the
/// ledger, which is as durable, only less redundant. Once placed, payloads are held for reading until newer ones need the room. Also clears what has expired.
/// </summary>
internal sealed class BatchPlacement(
    IOptions<StorageOptions> options, Ledger ledger, RowPlacement rows, BatchSignal signal, Leadership leadership, TimeProvider time, ILogger<BatchPlacement> logger)
    : LeaderService(leadership)
{
    // Placing is encoding and waiting for disks or nodes: two at a time keep both busy.
    private const int AtOnce = 2;
    private const int PageLength = 64;
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
                if (await PlaceAsync(stoppingToken) > 0)
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

    /// <summary>Tries each batch that waits once.</summary>
    /// <returns>How many were placed.</returns>
    private async Task<int> PlaceAsync(CancellationToken cancellationToken)
    {
        int placed = 0;
        await Parallel.ForEachAsync(
            await ledger.UnplacedBatchesAsync(PageLength, cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (batch, stop) =>
            {
                if (await TryPlaceAsync(batch, stop))
                {
                    Interlocked.Increment(ref placed);
                }
            });
        if (placed > 0)
        {
            await ledger.TrimPayloadsAsync(options.Value.LocalCopyBytes, cancellationToken);
            signal.PulseChanged();
        }

        return placed;
    }

    private async Task<bool> TryPlaceAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        byte[] payload = await ledger.FindPayloadAsync(batch.Id, cancellationToken)
            ?? throw new InvalidDataException($"the ledger holds no payload of batch {batch.Id}, which is not placed: it is damaged");
        try
        {
            byte[] blobs = BlobEncoding.Encode(payload);
            await rows.WriteAsync(batch.Id, blobs, cancellationToken);
        }
        catch (IOException refused)
        {
            Interlocked.CompareExchange(ref _failingSince, time.GetTimestamp(), 0);
            if (_refused.TryAdd(batch.Id, true))
            {
                logger.PlacingRefused(batch.Id.ToString(), refused.Message);
                signal.PulseChanged();
            }

            return false;
        }

        await ledger.MarkPlacedAsync(batch.Id, time.GetUtcNow(), cancellationToken);
        _refused.TryRemove(batch.Id, out _);
        Interlocked.Exchange(ref _failingSince, 0);
        return true;
    }
}
