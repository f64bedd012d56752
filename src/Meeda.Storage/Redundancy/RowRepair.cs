using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>The result of a check of all rows of a batch.</summary>
/// <param name="Rows">The expected number of data and parity rows.</param>
/// <param name="Missing">Rows that were not at their assigned provider.</param>
/// <param name="Wrong">Rows that do not match their commitments.</param>
/// <param name="Repaired">Rows that were recomputed and are durable again.</param>
internal readonly record struct RepairReport(int Rows, int Missing, int Wrong, int Repaired);

/// <summary>Finds and repairs missing or corrupt rows of a batch.</summary>
/// <param name="layout">The assignment of rows to providers.</param>
/// <param name="search">Finds the valid rows.</param>
/// <param name="key">The ceremony's commitment key.</param>
/// <param name="logger">The log.</param>
internal sealed class RowRepair(RowLayout layout, RowSearch search, CommitmentKey key, ILogger logger)
{
    /// <summary>
    /// Checks every row of a batch at its assigned provider, all at the price of one if all are valid, and rewrites
    /// those that are missing or corrupt. Rows that cannot be written now stay missing until the next pass. The caller
    /// must have claimed the batch.
    /// </summary>
    public async Task<RepairReport> RepairAsync(
        BatchId id,
        ReadOnlyMemory<byte> commitments,
        ReadOnlyMemory<byte> label,
        CancellationToken cancellationToken
    )
    {
        int n = commitments.Length / KzgCommitment.Length;
        byte[] all = await search.AllCommitmentsAsync(commitments, cancellationToken);
        int rows = all.Length / KzgCommitment.Length;
        if (await IsWholeAsync(id, all, cancellationToken))
        {
            return new RepairReport(rows, 0, 0, 0);
        }

        RowSet good = await CollectAsync(id, all, cancellationToken);

        if (await search.RecoverAsync(good.Blobs, n, commitments, cancellationToken) is not { } data)
        {
            return new RepairReport(rows, good.Missing, good.Wrong, 0);
        }

        var parity = new byte[(long)(rows - n) * Blob.ByteLength];
        await Task.Run(() => ParityRows.Encode(data, parity), cancellationToken);
        var written = new WrittenRows(id, rows) { Label = label };
        foreach (
            int row in Enumerable
                .Range(0, rows)
                .Where(row => !good.Blobs.ContainsKey(row) || good.Misplaced.ContainsKey(row))
        )
        {
            try
            {
                written[row] = await layout
                    .AssignedProvider(id, row)
                    .WriteAsync(
                        id,
                        row,
                        row < n ? RowLayout.Row(data, row) : RowLayout.Row(parity, row - n),
                        label,
                        cancellationToken
                    );
            }
            catch (IOException refused)
            {
                logger.ProviderRefused(layout.AssignedProvider(id, row), refused);
            }
        }

        await written.FlushAsync(cancellationToken);
        int repaired = Enumerable.Range(0, rows).Count(row => written[row] is not null);
        return new RepairReport(rows, good.Missing, good.Wrong, repaired);
    }

    /// <summary>Whether every row is at its assigned provider and matches its commitment.</summary>
    private async Task<bool> IsWholeAsync(BatchId id, byte[] commitments, CancellationToken cancellationToken)
    {
        int rows = commitments.Length / KzgCommitment.Length;
        var blobs = new byte[(long)rows * Blob.ByteLength];
        bool[] present = await Task.WhenAll(
            Enumerable
                .Range(0, rows)
                .Select(row =>
                    search.ReadFromAsync(
                        layout.AssignedProvider(id, row),
                        id,
                        row,
                        RowLayout.Row(blobs, row),
                        cancellationToken
                    )
                )
        );
        return Array.TrueForAll(present, isPresent => isPresent)
            && await Task.Run(() => RowVerification.Matches(key, blobs, commitments), cancellationToken);
    }

    /// <summary>Reads every row and keeps those that match their commitments.</summary>
    private async Task<RowSet> CollectAsync(BatchId id, byte[] commitments, CancellationToken cancellationToken)
    {
        var set = new RowSet();
        for (int row = 0; row < commitments.Length / KzgCommitment.Length; row++)
        {
            var blob = new byte[Blob.ByteLength];
            if (await search.FindGoodRowAsync(id, row, commitments, blob, set, cancellationToken))
            {
                set.Blobs[row] = blob;
            }
        }

        return set;
    }
}
