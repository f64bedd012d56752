using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Buckets;
using Meeda.Storage.Folders;
using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Restoration;

/// <summary>The result of a search of the providers.</summary>
/// <param name="Batches">The number of batches that the ledger did not know and that can be read.</param>
/// <param name="Unreadable">The number of batches that it did not know and that cannot be read now.</param>
/// <param name="Objects">The number of bucket objects added to the index.</param>
internal readonly record struct InventoryReport(int Batches, int Unreadable, int Objects);

/// <summary>
/// Searches the providers for batches that the ledger does not know: bucket objects list the rows in them, and each
/// batch has a sealed label beside its rows (<see cref="BatchLabel"/>). Nothing found is trusted: a label must bear
/// this ledger's seal, and a batch counts as readable only after it was read and matches its commitments.
/// </summary>
internal sealed class ProviderInventory(
    IOptions<StorageOptions> options,
    Ledger ledger,
    RowProviders providers,
    RowPlacement rows,
    TimeProvider time,
    ILogger<ProviderInventory> logger
)
{
    /// <summary>Searches all providers, and adds to the ledger what belongs there.</summary>
    /// <exception cref="IOException">More providers than the tolerated losses cannot be searched now.</exception>
    /// <exception cref="Hosting.LeaseLostException">Another operator leads by now.</exception>
    public async Task<InventoryReport> RunAsync(CancellationToken cancellationToken)
    {
        var found = new Dictionary<BatchId, FoundBatch>();
        var failures = new List<IOException>();
        int objects = 0;
        foreach (IRowProvider provider in providers.All)
        {
            try
            {
                switch (provider)
                {
                    case PackedProvider bucket:
                        objects += await SearchAsync(bucket, found, cancellationToken);
                        break;
                    case FolderProvider folder:
                        await SearchAsync(folder, found, cancellationToken);
                        break;
                }
            }
            catch (IOException failure)
            {
                logger.ProviderNotSearched(provider.Name, failure.Message);
                failures.Add(failure);
            }
        }

        // Whatever is at that many providers is also at one of the others.
        if (failures.Count > options.Value.ToleratedLosses)
        {
            throw new IOException(
                $"{failures.Count} providers cannot be searched for batches stored after the backup, and "
                    + $"{options.Value.ToleratedLosses} may be lost: "
                    + string.Join("; ", failures.Select(failure => failure.Message)),
                failures[0]
            );
        }

        int unreadable = 0;
        foreach ((StoredBatch batch, bool isAnchored) in found.Values.OrderBy(each => each.Batch.StoredAt))
        {
            // For a batch that is anchored on L1, the label's data are enough; the scrubber reads it like any other.
            bool isWhole = isAnchored || await FoundBatchReview.IsWholeAsync(rows, batch, cancellationToken);
            unreadable += isWhole ? 0 : 1;
            if (!isWhole)
            {
                logger.FoundBatchUnreadable(batch.Id.ToString());
            }

            await ledger.AdoptBatchAsync(batch, isWhole, time.GetUtcNow(), cancellationToken);
        }

        return new InventoryReport(found.Count - unreadable, unreadable, objects);
    }

    private async Task<int> SearchAsync(
        PackedProvider bucket,
        Dictionary<BatchId, FoundBatch> found,
        CancellationToken cancellationToken
    )
    {
        int adopted = 0;
        await foreach (FoundPack pack in bucket.UnknownPacksAsync(cancellationToken))
        {
            if (pack.Contents is null)
            {
                logger.ObjectNotUsed(bucket.Name, pack.Name, pack.Problem!);
                continue;
            }

            var meant = new HashSet<BatchId>();
            foreach (BatchId id in pack.Contents.Rows.Select(row => row.Batch).Distinct())
            {
                byte[]? label = pack.Contents.Labels.GetValueOrDefault(id);
                if (await IsOursAsync(id, label, $"{bucket.Name}: {pack.Name}", found, cancellationToken))
                {
                    meant.Add(id);
                }
            }

            adopted += await bucket.AdoptAsync(pack, meant, cancellationToken) > 0 ? 1 : 0;
        }

        return adopted;
    }

    private async Task SearchAsync(
        FolderProvider folder,
        Dictionary<BatchId, FoundBatch> found,
        CancellationToken cancellationToken
    )
    {
        try
        {
            // On a separate thread, since listing a disk with millions of rows takes long.
            BatchId[] labelled = await Task.Run(() => folder.Labelled().ToArray(), cancellationToken);
            foreach (BatchId id in labelled)
            {
                if (found.ContainsKey(id))
                {
                    continue;
                }

                StoredBatch? known = await ledger.FindBatchAsync(id, cancellationToken);
                if (known is null or { DeletedAt: not null } || known.PayloadHash == id.Value)
                {
                    byte[]? label = await folder.ReadLabelAsync(id);
                    await IsOursAsync(id, label, $"{folder.Name}: {id}", found, cancellationToken);
                }
            }
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new IOException(refused.Message, refused);
        }
    }

    /// <summary>
    /// Whether rows that claim to belong to a batch are needed: the ledger keeps the batch, or the batch's label says
    /// that it was acknowledged. In that case the batch is recorded.
    /// </summary>
    private async Task<bool> IsOursAsync(
        BatchId id,
        byte[]? label,
        string where,
        Dictionary<BatchId, FoundBatch> found,
        CancellationToken cancellationToken
    )
    {
        if (found.ContainsKey(id))
        {
            return true;
        }

        StoredBatch? known = await ledger.FindBatchAsync(id, cancellationToken);
        StoredBatch? told = label is null ? null : ledger.ReadLabel(id, label);
        bool isNews = known is null || known.DeletedAt < told?.StoredAt || known.PayloadHash == id.Value;
        if (told is not null && isNews)
        {
            found[id] = new FoundBatch(told, IsAnchored: known is { DeletedAt: null });
            return true;
        }

        if (known is null)
        {
            logger.FoundBatchNotOurs(where, id.ToString());
        }

        return known is { DeletedAt: null };
    }

    /// <summary>A batch that the ledger does not know, or knows only from L1.</summary>
    private readonly record struct FoundBatch(StoredBatch Batch, bool IsAnchored);
}
