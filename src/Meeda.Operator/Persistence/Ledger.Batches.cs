using System.Data.Common;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Persistence;

/// <content>The accepted batches and their states.</content>
internal sealed partial class Ledger
{
    /// <summary>The batch with that id, or null if it was never stored here.</summary>
    public Task<StoredBatch?> FindBatchAsync(BatchId id, CancellationToken cancellationToken) =>
        FindAsync("id", id.Value, cancellationToken);

    /// <summary>The batch whose payload has that Keccak-256 hash, or null if none was stored here.</summary>
    public Task<StoredBatch?> FindBatchByPayloadAsync(Bytes32 payloadHash, CancellationToken cancellationToken) =>
        FindAsync("payload_hash", payloadHash, cancellationToken);

    /// <summary>
    /// Placed batches with their sequence numbers, those after <paramref name="sequence"/>, oldest first.
    /// </summary>
    public async Task<IReadOnlyList<(long Sequence, StoredBatch Batch)>> BatchesAfterAsync(
        long sequence,
        int count,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<BatchRow> rows = await connection.QueryAsync<BatchRow>(
            $"SELECT {BatchRow.Columns} FROM batch WHERE sequence > @sequence AND placed_at IS NOT NULL AND "
                + "deleted_at IS NULL ORDER BY sequence LIMIT @count",
            new { sequence, count },
            cancellationToken
        );
        return [.. rows.Select(row => (row.Sequence, row.ToBatch()))];
    }

    /// <summary>
    /// The batches that are not at their providers yet, oldest first, without those whose payload is lost.
    /// </summary>
    public Task<IReadOnlyList<StoredBatch>> UnplacedBatchesAsync(int count, CancellationToken cancellationToken) =>
        QueryBatchesAsync("placed_at IS NULL AND deleted_at IS NULL AND damaged = 0", count, cancellationToken);

    /// <summary>The batches without a payload in the ledger and with too few readable rows, oldest first.</summary>
    public Task<IReadOnlyList<StoredBatch>> UnreadableBatchesAsync(int count, CancellationToken cancellationToken) =>
        QueryBatchesAsync("placed_at IS NULL AND deleted_at IS NULL AND damaged = 1", count, cancellationToken);

    /// <summary>The batches that are not at their providers yet.</summary>
    public async Task<Backlog> BacklogAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.QuerySingleAsync<Backlog>(
            "SELECT CAST(COALESCE(SUM(payload_length), 0) AS BIGINT) AS bytes, COUNT(*) AS count, "
                + "MIN(stored_at) AS oldest FROM batch WHERE "
                + "placed_at IS NULL AND damaged = 0",
            cancellationToken
        );
    }

    /// <summary>Records that all rows of batches are durable at their providers.</summary>
    public Task MarkPlacedAsync(
        IReadOnlyList<BatchId> batches,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE batch SET placed_at = @now, damaged = 0 WHERE id = @id AND placed_at IS NULL",
                    batches.OrderBy(id => id.ToString(), StringComparer.Ordinal).Select(id => new { id, now }),
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>
    /// Records that a batch cannot be read from what is stored, so that the next put of its bytes stores them again.
    /// </summary>
    public Task MarkDamagedAsync(BatchId id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE batch SET damaged = 1 WHERE id = @id AND damaged = 0",
                    new { id },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>Records that a batch that was marked as damaged can be read again.</summary>
    public Task MarkWholeAsync(BatchId id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE batch SET damaged = 0 WHERE id = @id AND damaged = 1",
                    new { id },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>The number of batches in each state.</summary>
    /// <param name="tip">The last block that was read.</param>
    /// <param name="final">The last final block.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<StateCounts> CountStatesAsync(ulong tip, ulong final, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);

        // Blocks and expiries never decrease from anchor to anchor. So a batch's first and last anchor determine its
        // state, and only batches of live anchors are counted.
        long? live = await connection.QueryFirstOrDefaultAsync<long?>(
            "SELECT anchor_index FROM anchor WHERE expiry > @tip ORDER BY expiry, anchor_index LIMIT 1",
            new { tip },
            cancellationToken
        );
        long? recent = await connection.QueryFirstOrDefaultAsync<long?>(
            "SELECT anchor_index FROM anchor WHERE block_number > @final ORDER BY block_number, anchor_index LIMIT 1",
            new { final },
            cancellationToken
        );
        return await connection.QuerySingleAsync<StateCounts>(
            """
            SELECT Stored, Placed, CAST(Live - Final AS BIGINT) AS Anchored, Final, CAST(Ever - Live AS BIGINT) AS Expired
            FROM (SELECT (SELECT COUNT(*) FROM batch WHERE last_anchor IS NULL AND placed_at IS NULL) AS Stored,
                         (SELECT COUNT(*) FROM batch WHERE last_anchor IS NULL AND placed_at IS NOT NULL) AS Placed,
                         (SELECT COUNT(*) FROM batch WHERE last_anchor >= @live) AS Live,
                         (SELECT COUNT(*) FROM batch WHERE last_anchor >= @live AND first_anchor < @recent) AS Final,
                         (SELECT count FROM batch_count WHERE state = 'anchored') AS Ever) AS counts
            """,
            new { live = live ?? long.MaxValue, recent = recent ?? long.MaxValue },
            cancellationToken
        );
    }

    private async Task<IReadOnlyList<StoredBatch>> QueryBatchesAsync(
        string condition,
        int count,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<BatchRow> rows = await connection.QueryAsync<BatchRow>(
            $"SELECT {BatchRow.Columns} FROM batch WHERE {condition} ORDER BY sequence LIMIT @count",
            new { count },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToBatch())];
    }

    private async Task<StoredBatch?> FindAsync(string column, Bytes32 value, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        BatchRow? row = await connection.QueryFirstOrDefaultAsync<BatchRow>(
            $"SELECT {BatchRow.Columns} FROM batch WHERE {column} = @value",
            new { value },
            cancellationToken
        );
        return row?.ToBatch();
    }

    private sealed record BatchRow(
        long Sequence,
        BatchId Id,
        Bytes32 PayloadHash,
        uint PayloadLength,
        byte[] Commitments,
        DateTimeOffset StoredAt,
        DateTimeOffset? PlacedAt,
        DateTimeOffset? DeletedAt,
        long Waiting,
        DateTimeOffset? OwedAt,
        long Damaged,
        long? Tenant,
        string? Payer,
        byte[]? PayerOrder
    )
    {
        public const string Columns =
            "sequence, id, payload_hash, payload_length, commitments, stored_at, placed_at, deleted_at, waiting, "
            + "owed_at, damaged, tenant, payer, payer_order";

        public StoredBatch ToBatch() =>
            new(Id, PayloadHash, PayloadLength, Commitments, StoredAt)
            {
                PlacedAt = PlacedAt,
                DeletedAt = DeletedAt,
                IsDamaged = Damaged != 0,
                Tenant = Tenant,
                Payer = Payer is null ? null : Address.Parse(Payer),
                Order = PayerOrder is null ? null : SignedOrder.Decode(PayerOrder),
                OwedSince = Waiting != 0 ? OwedAt ?? StoredAt : null,
            };
    }
}
