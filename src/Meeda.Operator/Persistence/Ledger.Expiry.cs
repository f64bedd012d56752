using System.Data.Common;
using Meeda.Hosting.Persistence;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Persistence;

/// <content>Batches whose anchors have expired, and how they are given up.</content>
internal sealed partial class Ledger
{
    // No anchor is owed, there is one, and none reaches beyond the block.
    private const string Expired = """
        deleted_at IS NULL AND waiting = 0 AND placed_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM anchored_batch b WHERE b.batch_id = batch.id)
        AND NOT EXISTS (SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE b.batch_id = batch.id AND a.expiry > @block)
        """;

    /// <summary>
    /// The kept batches whose every anchor had expired at a block, and that no anchor is owed; oldest first.
    /// </summary>
    /// <param name="block">An L1 block that no reorganisation takes back.</param>
    /// <param name="count">The most to give.</param>
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
    /// Gives an expired batch up: from here on it is not served, and its rows may be deleted. Checked and done in
    /// one step, since a put may have renewed it.
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

    /// <summary>The given-up batches whose rows may still be at providers.</summary>
    public Task<IReadOnlyList<StoredBatch>> UnclearedBatchesAsync(int count, CancellationToken cancellationToken) =>
        QueryBatchesAsync("uncleared = 1", count, cancellationToken);
}
