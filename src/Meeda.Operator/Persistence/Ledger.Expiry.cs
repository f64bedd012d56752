using System.Data.Common;
using Meeda.Hosting.Persistence;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Persistence;

/// <content>Expired batches.</content>
internal sealed partial class Ledger
{
    // No anchor is owed, at least one exists, and all have expired by the block.
    private const string Expired = """
        deleted_at IS NULL AND waiting = 0 AND placed_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM anchored_batch b WHERE b.batch_id = batch.id)
        AND NOT EXISTS (SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE b.batch_id = batch.id AND a.expiry > @block)
        """;

    /// <summary>The kept batches with no anchor owed and all anchors expired at a block, oldest first.</summary>
    /// <param name="block">A final L1 block.</param>
    /// <param name="count">The maximum number of results.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<StoredBatch>> ExpiredBatchesAsync(
        ulong block,
        int count,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<BatchRow> rows = await connection.QueryAsync<BatchRow>(
            $"""
            SELECT {BatchRow.Columns} FROM batch
            WHERE {Expired} ORDER BY sequence LIMIT @count
            """,
            new { block, count },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToBatch())];
    }

    /// <summary>
    /// Marks a batch as expired: it is no longer served, and its rows may be deleted. Check and update are one step,
    /// because a put may have renewed the batch.
    /// </summary>
    /// <returns>Whether it was.</returns>
    public async Task<bool> ExpireAsync(
        BatchId id,
        ulong block,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        int count = 0;
        await WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                count = await connection.ExecuteAsync(
                    $"UPDATE batch SET deleted_at = @now, uncleared = 1 WHERE id = @id AND {Expired}",
                    new
                    {
                        id,
                        block,
                        now,
                    },
                    transaction,
                    cancellationToken
                );
                await connection.ExecuteAsync(
                    "DELETE FROM payload WHERE batch_id = @id AND EXISTS (SELECT 1 FROM batch WHERE id = @id AND "
                        + "deleted_at IS NOT NULL)",
                    new { id },
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );
        return count > 0;
    }

    /// <summary>The expired batches whose rows may still be at providers.</summary>
    public Task<IReadOnlyList<StoredBatch>> UnclearedBatchesAsync(int count, CancellationToken cancellationToken) =>
        QueryBatchesAsync("uncleared = 1", count, cancellationToken);
}
