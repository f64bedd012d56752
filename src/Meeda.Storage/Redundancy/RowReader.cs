using System.Collections.Concurrent;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>Reads batches and single rows, from as few providers as the fastest answer needs.</summary>
/// <param name="layout">The assignment of rows to providers.</param>
/// <param name="search">Finds other rows where assigned ones are missing or corrupt.</param>
/// <param name="logger">The log.</param>
/// <param name="held">Data rows of payloads that are held here; null for none.</param>
/// <param name="time">The clock.</param>
internal sealed class RowReader(RowLayout layout, RowSearch search, ILogger logger, IRowSource? held, TimeProvider time)
{
    // Rows that take longer than the 95th percentile are requested elsewhere, too.
    private const double HedgePercentile = 0.95;

    // The ledger has to read a whole payload for one row. For longer payloads it is used only if the provider does not
    // answer.
    private const int MaxBlobsHeldFirst = 8;

    // More than this at once means a lost provider, and then the scrub's ordinary pass covers all of them.
    private const int MaxDamaged = 1024;

    // Batches whose readers met a missing or corrupt row; the scrub checks them first.
    private readonly ConcurrentQueue<BatchId> _damaged = new();

    /// <summary>
    /// A batch's data rows, checked: read directly if all are valid, otherwise computed from any <c>n</c> valid rows.
    /// Null where fewer are left.
    /// </summary>
    /// <param name="id">The batch.</param>
    /// <param name="commitments">The data rows' commitments, 48 bytes each.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<byte[]?> ReadAsync(
        BatchId id,
        ReadOnlyMemory<byte> commitments,
        CancellationToken cancellationToken
    )
    {
        int n = commitments.Length / KzgCommitment.Length;
        int rows = layout.CountOf(n);
        SortedDictionary<int, byte[]> come = await HedgedRowReader.ReadAsync(
            n,
            rows,
            HedgeAfter(id, n),
            (row, blob, stop) => search.ReadFromAsync(layout.AssignedProvider(id, row), id, row, blob, stop),
            time,
            cancellationToken
        );
        if (await search.RecoverAsync(come, n, commitments, cancellationToken) is { } blobs)
        {
            if (come.Keys.Last() >= n)
            {
                NoteDamaged(id); // Missing, or only slow: the scrub determines which.
            }

            return blobs;
        }

        // Some rows are corrupt or missing: search all places, and check each row on its own.
        NoteDamaged(id);
        byte[] all = await search.AllCommitmentsAsync(commitments, cancellationToken);
        var found = new RowSet();
        come = await HedgedRowReader.ReadAsync(
            n,
            rows,
            HedgeAfter(id, n),
            (row, blob, stop) => search.FindGoodRowAsync(id, row, all, blob, found, stop),
            time,
            cancellationToken
        );
        logger.RowsReconstructed(id.ToString(), found.Missing, found.Wrong);
        return await search.RecoverAsync(come, n, commitments, cancellationToken);
    }

    /// <summary>
    /// One data row of a batch, from the fastest source: the ledger, its provider, another provider, or recomputed from
    /// the batch's other rows. It is not checked. False where it is unavailable.
    /// </summary>
    public async Task<bool> ReadRowAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> commitments,
        Memory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        bool isHeldFirst = commitments.Length / KzgCommitment.Length <= MaxBlobsHeldFirst;
        if (held is not null && isHeldFirst && await search.ReadFromAsync(held, id, row, blob, cancellationToken))
        {
            return true;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan hedge = layout.AssignedProvider(id, row).Record.Latency(HedgePercentile);
        hedge = hedge > RowSearch.RowHedge ? hedge : RowSearch.RowHedge;
        Task<bool> home = search.ReadFromAsync(layout.AssignedProvider(id, row), id, row, blob, over.Token);
        if (await Task.WhenAny(home, Task.Delay(hedge, time, over.Token)) == home && await home)
        {
            await over.CancelAsync();
            return true;
        }

        IEnumerable<IRowSource> neighbours = layout.LanesFor(id, row).Skip(1);
        IRowSource[] others = held is null || isHeldFirst ? [.. neighbours] : [held, .. neighbours];
        SortedDictionary<int, byte[]> come = await HedgedRowReader.ReadAsync(
            1,
            others.Length + 1,
            hedge,
            (i, found, stop) =>
                i < others.Length
                    ? search.ReadFromAsync(others[i], id, row, found, stop)
                    : ComputeRowAsync(id, row, commitments, found, stop),
            time,
            cancellationToken
        );
        if (come.Count == 0)
        {
            return await home;
        }

        await over.CancelAsync();
        // Wait until the reader can no longer write to the blob.
        await ((Task)home).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        come.Values.First().CopyTo(blob);
        return true;
    }

    /// <summary>Dequeues the next batch whose readers met a missing or corrupt row.</summary>
    public bool TryTakeDamaged(out BatchId id) => _damaged.TryDequeue(out id);

    /// <summary>The usual latency of the slowest of the data rows' providers.</summary>
    private TimeSpan HedgeAfter(BatchId id, int n) =>
        Enumerable
            .Range(0, Math.Min(n, layout.Lanes.Count))
            .Select(row => layout.AssignedProvider(id, row).Record.Latency(HedgePercentile))
            .Max();

    /// <summary>A data row computed from the others of its batch.</summary>
    private async Task<bool> ComputeRowAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> commitments,
        Memory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        if (await ReadAsync(id, commitments, cancellationToken) is not { } blobs)
        {
            return false;
        }

        RowLayout.Row(blobs, row).CopyTo(blob);
        return true;
    }

    private void NoteDamaged(BatchId id)
    {
        if (_damaged.Count < MaxDamaged)
        {
            _damaged.Enqueue(id);
        }
    }
}
