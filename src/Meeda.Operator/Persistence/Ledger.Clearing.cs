using System.Data.Common;
using Meeda.Hosting.Persistence;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Persistence;

/// <content>Rows of expired batches that are still to be deleted, and the ledger's write check.</content>
internal sealed partial class Ledger
{
    /// <summary>
    /// Records that the rows of an expired batch were deleted, and at which providers rows remain.
    /// </summary>
    public Task MarkRowsDeletedAsync(BatchId id, IReadOnlyList<string> left, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                await connection.ExecuteAsync(
                    "UPDATE batch SET uncleared = 0 WHERE id = @id",
                    new { id },
                    transaction,
                    cancellationToken
                );
                await connection.ExecuteAsync(
                    "INSERT INTO leftover_rows (provider, batch_id) VALUES (@provider, @id) ON CONFLICT DO NOTHING",
                    left.Select(provider => new { provider, id }),
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );

    /// <summary>Expired batches that a provider may still have rows of, ordered by id.</summary>
    /// <param name="provider">The provider's name.</param>
    /// <param name="after">The id to start after; null to start with the first.</param>
    /// <param name="count">The maximum number of results.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<BatchId>> LeftoversAsync(
        string provider,
        BatchId? after,
        int count,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<BatchId> ids = await connection.QueryAsync<BatchId>(
            "SELECT batch_id FROM leftover_rows WHERE provider = @provider AND batch_id > @after ORDER BY "
                + "batch_id LIMIT @count",
            new
            {
                provider,
                after = after?.Value.ToArray() ?? [],
                count,
            },
            cancellationToken
        );
        return [.. ids];
    }

    /// <summary>Records that a provider no longer has rows of a batch, or should have them again.</summary>
    public Task ForgetLeftoverAsync(string provider, BatchId id, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "DELETE FROM leftover_rows WHERE provider = @provider AND batch_id = @id",
                    new { provider, id },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>
    /// Overwrites a few bytes, to check that the ledger is writable.
    /// </summary>
    /// <exception cref="DbException">The ledger is not writable.</exception>
    public Task ProbeAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "INSERT INTO write_probe (id, probed_at) VALUES (1, @now) ON CONFLICT (id) DO UPDATE SET "
                        + "probed_at = excluded.probed_at",
                    new { now },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>The names of all buckets that the index knows rows in.</summary>
    public async Task<IReadOnlyList<string>> PackStoresAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return
        [
            .. await connection.QueryAsync<string>(
                "SELECT DISTINCT store FROM pack WHERE state IN (1, 2)",
                cancellationToken
            ),
        ];
    }

    /// <summary>
    /// Renames a bucket in the index, if the same bucket is reached under another host or port; removes all its entries
    /// if the new name is empty.
    /// </summary>
    public Task RenamePackStoreAsync(string from, string to, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction) =>
            {
                await connection.ExecuteAsync(
                    """
                    DELETE FROM packed_row WHERE store = @from AND @to = '';
                    DELETE FROM pack WHERE store = @from AND @to = '';
                    DELETE FROM packed_row WHERE store = @from AND EXISTS
                        (SELECT 1 FROM packed_row newer WHERE newer.batch_id = packed_row.batch_id AND newer.row_number = packed_row.row_number AND newer.store = @to);
                    UPDATE packed_row SET store = @to WHERE store = @from;
                    UPDATE pack SET store = @to WHERE store = @from;
                    """,
                    new { from, to },
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );
}
