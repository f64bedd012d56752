using Meeda.Ethereum;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Restoration;

/// <summary>
/// Retries batches that could not be read when they were found, since an unavailable provider may be back. A batch that
/// can be read is anchored and scrubbed like any other.
/// </summary>
internal sealed class FoundBatchReview(
    IOptions<StorageOptions> options,
    Ledger ledger,
    RowPlacement rows,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<FoundBatchReview> logger
) : PeriodicLeaderService("Reading found batches again", PauseOf(options.Value), leadership, time, logger)
{
    private const int AtOnce = 256;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override bool WaitsFirst => true;

    /// <summary>Whether a batch's payload can be rebuilt from its rows.</summary>
    public static async Task<bool> IsWholeAsync(
        RowPlacement rows,
        StoredBatch batch,
        CancellationToken cancellationToken
    ) =>
        await rows.ReadAsync(batch.Id, batch.Commitments, cancellationToken) is { } blobs
        && BlobEncoding.TryDecode(blobs, out byte[] payload, out _)
        && payload.Length == batch.PayloadLength
        && Keccak256.Hash(payload) == batch.PayloadHash;

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        foreach (StoredBatch batch in await ledger.UnreadableBatchesAsync(AtOnce, stoppingToken))
        {
            if (await IsWholeAsync(rows, batch, stoppingToken))
            {
                await ledger.MarkPlacedAsync([batch.Id], Time.GetUtcNow(), stoppingToken);
                logger.FoundBatchWhole(batch.Id.ToString());
            }
        }
    }

    private static TimeSpan PauseOf(StorageOptions storage) =>
        storage.ScrubInterval < LongestPause ? storage.ScrubInterval : LongestPause;
}
