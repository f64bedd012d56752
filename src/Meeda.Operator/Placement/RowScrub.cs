using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Placement;

/// <summary>
/// Reads stored rows in the background at a bounded rate, checks them against their commitments, and repairs missing or
/// corrupt rows before they are needed. Each pass begins with the batches whose readers met a bad row, continues with
/// those that the last pass could not repair, fewest spare rows first, and ends with all others, newest last.
/// </summary>
internal sealed class RowScrub(
    IOptions<StorageOptions> options,
    RowPlacement rows,
    Ledger ledger,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<RowScrub> logger
) : PeriodicLeaderService("Scrubbing", options.Value.ScrubInterval, leadership, time, logger)
{
    private const int PageLength = 64;

    // More than this means a lost provider, and then the ordinary pass covers all of them.
    private const int MaxAtRisk = 4096;

    // The longest batch is read and recomputed within seconds.
    private static readonly TimeSpan CheckLimit = TimeSpan.FromMinutes(5);

    // Batches that are incomplete after a repair, with the number of rows that they could still lose.
    private readonly Dictionary<BatchId, int> _atRisk = [];

    /// <inheritdoc/>
    protected override bool WaitsFirst => true;

    /// <inheritdoc/>
    protected override Task RunOnceAsync(CancellationToken stoppingToken) => PassAsync(stoppingToken);

    /// <summary>Checks every stored batch once.</summary>
    internal async Task PassAsync(CancellationToken cancellationToken)
    {
        var damaged = new HashSet<BatchId>();
        await AtRiskFirstAsync(cancellationToken);
        long last = 0;
        while (true)
        {
            IReadOnlyList<(long Sequence, StoredBatch Batch)> page = await ledger.BatchesAfterAsync(
                last,
                PageLength,
                cancellationToken
            );
            if (page.Count == 0)
            {
                await DamagedFirstAsync(damaged, cancellationToken);
                return;
            }

            foreach ((long sequence, StoredBatch batch) in page)
            {
                await DamagedFirstAsync(damaged, cancellationToken);
                await CheckAsync(batch, cancellationToken);
                last = sequence;
            }
        }
    }

    /// <summary>
    /// Checks the batches whose readers met a bad row, each once per pass: a batch that cannot be repaired, and is read
    /// repeatedly, must not keep the scrub from all others.
    /// </summary>
    private async Task DamagedFirstAsync(HashSet<BatchId> seen, CancellationToken cancellationToken)
    {
        while (rows.TryTakeDamaged(out BatchId id))
        {
            if (seen.Add(id) && await ledger.FindBatchAsync(id, cancellationToken) is { DeletedAt: null } batch)
            {
                await CheckAsync(batch, cancellationToken);
            }
        }
    }

    private async Task AtRiskFirstAsync(CancellationToken cancellationToken)
    {
        BatchId[] now = [.. _atRisk.OrderBy(batch => batch.Value).Select(batch => batch.Key)];
        _atRisk.Clear();
        foreach (BatchId id in now)
        {
            if (await ledger.FindBatchAsync(id, cancellationToken) is { PlacedAt: not null, DeletedAt: null } batch)
            {
                await CheckAsync(batch, cancellationToken);
            }
        }
    }

    internal async Task CheckAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        long started = Time.GetTimestamp();
        if (
            await RepairAsync(batch, cancellationToken) is not { } report
            // The batch may have expired meanwhile and then needs no rows.
            || await ledger.FindBatchAsync(batch.Id, cancellationToken) is not { DeletedAt: null } now
        )
        {
            _atRisk.Remove(batch.Id);
            return;
        }

        if (
            now.PayloadHash == batch.Id.Value
            && report.Rows - report.Missing - report.Wrong + report.Repaired >= batch.BlobCount
        )
        {
            await LearnPayloadHashAsync(now, cancellationToken);
        }

        await NoteAsync(batch, report, cancellationToken);
        TimeSpan due =
            TimeSpan.FromSeconds((double)report.Rows * Blob.ByteLength / options.Value.ScrubBytesPerSecond)
            - Time.GetElapsedTime(started);
        if (due > TimeSpan.Zero)
        {
            await Task.Delay(due, Time, cancellationToken);
        }
    }

    /// <summary>Checks and repairs the rows of a batch; null where it is claimed, or no longer kept.</summary>
    private async Task<RepairReport?> RepairAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        using (RoundWatch.Begin("the scrub of a batch", CheckLimit, () => rows.Troubles, Time, logger))
        using (IDisposable? claim = rows.TryClaim(batch.Id))
        {
            // The batch may have expired since it was read: rewritten rows would stay behind permanently.
            if (
                claim is null
                || await ledger.FindBatchAsync(batch.Id, cancellationToken)
                    is not { PlacedAt: not null, DeletedAt: null }
            )
            {
                return null;
            }

            return await rows.RepairAsync(batch.Id, batch.Commitments, ledger.LabelOf(batch), cancellationToken);
        }
    }

    /// <summary>Records the rows that a repair found and could not restore.</summary>
    private async Task NoteAsync(StoredBatch batch, RepairReport report, CancellationToken cancellationToken)
    {
        int bad = report.Missing + report.Wrong;
        _atRisk.Remove(batch.Id);
        if (bad > report.Repaired && _atRisk.Count < MaxAtRisk)
        {
            _atRisk[batch.Id] = report.Rows - batch.BlobCount - bad + report.Repaired;
        }

        if (
            report.Rows - report.Missing - report.Wrong < batch.BlobCount
            && await ledger.IsOwedAsync(batch.Id, cancellationToken)
        )
        {
            // The next put of these bytes stores them again.
            await ledger.MarkDamagedAsync(batch.Id, cancellationToken);
            logger.BatchLost(batch.Id.ToString(), report.Missing, report.Wrong, report.Rows);
        }
        else if (report.Missing + report.Wrong + report.Repaired > 0)
        {
            logger.RowsRepaired(batch.Id.ToString(), report.Missing, report.Wrong, report.Repaired);
        }

        if (batch.IsDamaged && bad <= report.Repaired)
        {
            await ledger.MarkWholeAsync(batch.Id, cancellationToken);
        }
    }

    /// <summary>
    /// Reads a batch that is known from L1 alone, so that clients can also request it by its payload's hash.
    /// </summary>
    private async Task LearnPayloadHashAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        if (
            await rows.ReadAsync(batch.Id, batch.Commitments, cancellationToken) is { } blobs
            && BlobEncoding.TryDecode(blobs, out byte[] payload, out _)
        )
        {
            await ledger.SetPayloadHashAsync(batch.Id, Keccak256.Hash(payload), cancellationToken);
        }
    }
}
