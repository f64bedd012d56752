using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>What a check of all rows of a batch found.</summary>
/// <param name="Rows">Data and parity rows that there should be.</param>
/// <param name="Missing">Rows that were not where they belong.</param>
/// <param name="Wrong">Rows that are not those committed to.</param>
/// <param name="Repaired">Rows that were recomputed and are durable again.</param>
internal readonly record struct RepairReport(int Rows, int Missing, int Wrong, int Repaired);

/// <summary>Finds and mends what is missing or wrong of a batch's rows.</summary>
/// <param name="layout">Which row belongs where.</param>
/// <param name="search">Finds the rows that are as they should be.</param>
/// <param name="key">The ceremony's commitment key.</param>
/// <param name="logger">The log.</param>
internal sealed class RowRepair(RowLayout layout, RowSearch search, CommitmentKey key, ILogger logger)
{
    /// <summary>
    /// Checks every row of a batch where it belongs, all at the price of one where all are well, and writes those
    /// again that are missing or wrong. Rows that
    /// cannot be written now stay missing until the next poll. Whoever asks has claimed the batch.
    /// </summary>
    public async Task<RepairReport> RepairAsync(
        BatchId id,
        ReadOnlyMemory<byte> commitments,
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
        var written = new WrittenRows(id, rows);
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

    /// <summary>Whether every row is where it belongs and is the one committed to.</summary>
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
