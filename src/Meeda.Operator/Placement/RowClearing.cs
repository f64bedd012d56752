using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Storage.Redundancy;

namespace Meeda.Operator.Placement;

/// <summary>
/// Deletes the rows of expired batches, batch by batch and provider by provider. Rows that a provider does not delete
/// are recorded in the ledger and retried later, without delaying the others. A batch that was put again meanwhile
/// keeps its rows, because equal bytes have equal rows.
/// </summary>
internal sealed class RowClearing(Ledger ledger, RowPlacement rows, TimeProvider time, ILogger logger)
{
    private const int PageLength = 64;

    private static readonly TimeSpan RoundLimit = TimeSpan.FromMinutes(1);

    /// <summary>Deletes the rows of expired batches, and retries earlier leftovers.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        bool isAny = true;
        while (isAny)
        {
            using RoundWatch watch = RoundWatch.Begin("clearing", RoundLimit, () => rows.Troubles, time, logger);
            isAny = false;
            foreach (StoredBatch batch in await ledger.UnclearedBatchesAsync(PageLength, cancellationToken))
            {
                isAny |= await TryClearAsync(batch.Id, cancellationToken);
            }
        }

        foreach (string provider in rows.Names)
        {
            await ClearLeftoversAsync(provider, cancellationToken);
        }
    }

    private async Task<bool> TryClearAsync(BatchId id, CancellationToken cancellationToken)
    {
        using IDisposable? claim = rows.TryClaim(id);
        if (claim is null)
        {
            return false; // Another task is about to write its rows, or reads them for a repair.
        }

        IReadOnlyList<string> left = [];
        if (await ledger.FindBatchAsync(id, cancellationToken) is { DeletedAt: not null } batch)
        {
            left = await rows.DeleteAsync(id, batch.BlobCount, cancellationToken);
            if (left.Count > 0)
            {
                logger.RowsLeftOver(id.ToString(), string.Join(", ", left));
            }
        }

        await ledger.MarkRowsDeletedAsync(id, left, cancellationToken);
        return true;
    }

    /// <summary>Retries the leftovers of one provider, until it fails or none is left.</summary>
    private async Task ClearLeftoversAsync(string provider, CancellationToken cancellationToken)
    {
        using RoundWatch watch = RoundWatch.Begin("clearing", RoundLimit, () => rows.Troubles, time, logger);
        BatchId? last = null;
        while (await ledger.LeftoversAsync(provider, last, PageLength, cancellationToken) is { Count: > 0 } page)
        {
            foreach (BatchId id in page)
            {
                last = id;
                using IDisposable? claim = rows.TryClaim(id);
                if (claim is null)
                {
                    continue;
                }

                if (
                    await ledger.FindBatchAsync(id, cancellationToken) is { DeletedAt: not null } batch
                    && !await rows.TryDeleteAsync(provider, id, batch.BlobCount, cancellationToken)
                )
                {
                    return;
                }

                await ledger.ForgetLeftoverAsync(provider, id, cancellationToken);
            }
        }
    }
}
