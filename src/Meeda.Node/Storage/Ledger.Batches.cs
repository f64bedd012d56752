using System.Data.Common;
using Dapper;
using Meeda.Ethereum;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Storage;

/// <content>The batches that were promised, and the payloads that are held here.</content>
internal sealed partial class Ledger
{
    // No anchor is owed, there is one, and none reaches beyond the block.
    private const string Expired =
        """
        deleted_at IS NULL AND waiting = 0 AND placed_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM anchored_batch b WHERE b.batch_id = batch.id)
        AND NOT EXISTS (SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE b.batch_id = batch.id AND a.expiry > @block)
        """;

    /// <summary>
    /// Records a batch durably, with its payload until its rows are placed. A batch that is kept already stays as it is; one that was given up is promised anew. Many
    /// who do this at once share one commit.
    /// </summary>
    public Task AddBatchAsync(StoredBatch batch, byte[] payload, CancellationToken cancellationToken) => _adding!.WriteAsync((batch, payload), cancellationToken);

    /// <summary>The batch of that id, or null: then it was never stored here.</summary>
    public Task<StoredBatch?> FindBatchAsync(BatchId id, CancellationToken cancellationToken) => FindAsync("id", id.Value, cancellationToken);

    /// <summary>The batch whose payload has that Keccak-256, or null: then it was never stored here.</summary>
    public Task<StoredBatch?> FindBatchByPayloadAsync(Bytes32 payloadHash, CancellationToken cancellationToken) =>
        FindAsync("payload_hash", payloadHash, cancellationToken);

    /// <summary>The payload of a batch where it is held here, or null: then its rows are at the providers.</summary>
    public async Task<byte[]?> FindPayloadAsync(BatchId id, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<byte[]>("SELECT content FROM payload WHERE batch_id = @id", new { id = id.Value.ToArray() });
    }

    /// <summary>Placed batches with their sequence numbers, from behind <paramref name="sequence"/> on, oldest first.</summary>
    public async Task<IReadOnlyList<(long Sequence, StoredBatch Batch)>> BatchesAfterAsync(long sequence, int count, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<BatchRow> rows = await connection.QueryAsync<BatchRow>(
            $"SELECT {BatchRow.Columns} FROM batch WHERE sequence > @sequence AND placed_at IS NOT NULL AND deleted_at IS NULL ORDER BY sequence LIMIT @count",
            new { sequence, count });
        return [.. rows.Select(row => (row.Sequence, row.ToBatch()))];
    }

    /// <summary>The placed batches that an anchor is owed, oldest first, as many as fit <paramref name="maxBlobs"/> blobs.</summary>
    public async Task<IReadOnlyList<StoredBatch>> WaitingBatchesAsync(int maxBlobs, CancellationToken cancellationToken) => Fitting(
        await QueryBatchesAsync("waiting = 1 AND placed_at IS NOT NULL AND deleted_at IS NULL", maxBlobs, cancellationToken), maxBlobs);

    /// <summary>The batches that are not at their providers yet and no anchor holds, oldest first, as many as fit <paramref name="maxBlobs"/> blobs.</summary>
    public async Task<IReadOnlyList<StoredBatch>> WaitingUnplacedBatchesAsync(int maxBlobs, CancellationToken cancellationToken) => Fitting(
        await QueryBatchesAsync("waiting = 1 AND placed_at IS NULL", maxBlobs, cancellationToken), maxBlobs);

    /// <summary>The batches that are not at their providers yet, oldest first.</summary>
    public Task<IReadOnlyList<StoredBatch>> UnplacedBatchesAsync(int count, CancellationToken cancellationToken) =>
        QueryBatchesAsync("placed_at IS NULL AND deleted_at IS NULL", count, cancellationToken);

    /// <summary>What is not at its providers yet.</summary>
    public async Task<Backlog> BacklogAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        (long bytes, long count, long? oldest) = await connection.QuerySingleAsync<(long, long, long?)>(
            "SELECT CAST(COALESCE(SUM(payload_length), 0) AS BIGINT), COUNT(*), MIN(stored_at) FROM batch WHERE placed_at IS NULL");
        return new Backlog(bytes, count, oldest is { } since ? DateTimeOffset.FromUnixTimeMilliseconds(since) : null);
    }

    /// <summary>Records that all rows of batches are durable at their providers.</summary>
    public Task MarkPlacedAsync(IReadOnlyList<BatchId> batches, DateTimeOffset now, CancellationToken cancellationToken) => WriteAsLeaderAsync(
        (connection, transaction) => connection.ExecuteAsync(
            "UPDATE batch SET placed_at = @now WHERE id = @id AND placed_at IS NULL",
            batches.Select(id => new { id = id.Value.ToArray(), now = now.ToUnixTimeMilliseconds() }),
            transaction),
        cancellationToken);

    /// <summary>Lets go of the oldest payloads of placed batches, beyond so many bytes of all that are held; not of those with rows in a pack that is not confirmed.</summary>
    /// <returns>How many.</returns>
    public async Task<int> TrimPayloadsAsync(long bytes, CancellationToken cancellationToken)
    {
        int count = 0;
        await WriteAsLeaderAsync(
            async (connection, transaction) => count = await connection.ExecuteAsync(
                """
                DELETE FROM payload WHERE sequence IN (
                    SELECT held.sequence
                    FROM (SELECT sequence, batch_id, SUM(length) OVER (ORDER BY sequence DESC) AS total FROM payload) AS held
                    JOIN batch ON batch.id = held.batch_id
                    WHERE held.total > @bytes AND batch.placed_at IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM packed_row JOIN pack ON pack.sequence = packed_row.pack WHERE packed_row.batch_id = batch.id AND pack.state = @stored))
                """,
                new { bytes, stored = (long)PackState.Stored },
                transaction),
            cancellationToken);
        return count;
    }

    /// <summary>Asks for another anchor of a batch that has one, so that it is kept for another term.</summary>
    /// <returns>Whether one is now owed; false where the batch is unknown or was given up.</returns>
    public async Task<bool> RenewAsync(BatchId id, CancellationToken cancellationToken)
    {
        int known = 0;
        await database.WriteAsync(
            async (writer, transaction) => known = await writer.ExecuteAsync(
                """
                UPDATE batch
                SET renew_after = CASE WHEN waiting = 1 THEN renew_after ELSE (SELECT MAX(anchor_index) FROM anchored_batch WHERE batch_id = batch.id) END, waiting = 1
                WHERE id = @id AND deleted_at IS NULL
                """,
                new { id = id.Value.ToArray() },
                transaction),
            cancellationToken);
        return known > 0;
    }

    /// <summary>The kept batches whose every anchor had expired at a block, and that no anchor is owed; oldest first.</summary>
    /// <param name="block">An L1 block that no reorganisation takes back.</param>
    /// <param name="count">The most to give.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<StoredBatch>> ExpiredBatchesAsync(ulong block, int count, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<BatchRow> rows = await connection.QueryAsync<BatchRow>(
            $"""
            SELECT {BatchRow.Columns} FROM batch
            WHERE {Expired} ORDER BY sequence LIMIT @count
            """,
            new { block = (long)block, count });
        return [.. rows.Select(row => row.ToBatch())];
    }

    /// <summary>Gives an expired batch up: from here on it is not served, and its rows may be deleted. Looked at and done in one step, since a put may have renewed it.</summary>
    /// <returns>Whether it was.</returns>
    public async Task<bool> GiveUpAsync(BatchId id, ulong block, DateTimeOffset now, CancellationToken cancellationToken)
    {
        int count = 0;
        await WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                count = await connection.ExecuteAsync(
                    $"UPDATE batch SET deleted_at = @now, uncleared = 1 WHERE id = @id AND {Expired}",
                    new { id = id.Value.ToArray(), block = (long)block, now = now.ToUnixTimeMilliseconds() },
                    transaction);
                await connection.ExecuteAsync(
                    "DELETE FROM payload WHERE batch_id = @id AND EXISTS (SELECT 1 FROM batch WHERE id = @id AND deleted_at IS NOT NULL)",
                    new { id = id.Value.ToArray() },
                    transaction);
            },
            cancellationToken);
        return count > 0;
    }

    /// <summary>The given-up batches whose rows may still be at providers.</summary>
    public Task<IReadOnlyList<StoredBatch>> UnclearedBatchesAsync(int count, CancellationToken cancellationToken) =>
        QueryBatchesAsync("uncleared = 1", count, cancellationToken);

    /// <summary>How many batches are in which state.</summary>
    /// <param name="tip">The last block that was read.</param>
    /// <param name="final">The last block that no reorganisation takes back.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<StateCounts> CountStatesAsync(ulong tip, ulong final, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.QuerySingleAsync<StateCounts>(
            """
            SELECT CAST(COALESCE(SUM(CASE WHEN expiry IS NULL AND placed_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS Stored,
                   CAST(COALESCE(SUM(CASE WHEN expiry IS NULL AND placed_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS Placed,
                   CAST(COALESCE(SUM(CASE WHEN expiry > @tip AND block_number > @final THEN 1 ELSE 0 END), 0) AS BIGINT) AS Anchored,
                   CAST(COALESCE(SUM(CASE WHEN expiry > @tip AND block_number <= @final THEN 1 ELSE 0 END), 0) AS BIGINT) AS Final,
                   CAST(COALESCE(SUM(CASE WHEN expiry <= @tip THEN 1 ELSE 0 END), 0) AS BIGINT) AS Expired
            FROM (SELECT batch.placed_at, MAX(a.expiry) AS expiry, MIN(a.block_number) AS block_number
                  FROM batch LEFT JOIN anchored_batch b ON b.batch_id = batch.id LEFT JOIN anchor a ON a.anchor_index = b.anchor_index
                  GROUP BY batch.id, batch.placed_at) AS states
            """,
            new { tip = (long)tip, final = (long)final });
    }

    private static List<StoredBatch> Fitting(IReadOnlyList<StoredBatch> batches, int maxBlobs)
    {
        var fitting = new List<StoredBatch>();
        int blobs = 0;
        foreach (StoredBatch batch in batches)
        {
            blobs += batch.BlobCount;
            if (blobs > maxBlobs)
            {
                break;
            }

            fitting.Add(batch);
        }

        return fitting;
    }

    private Task AddAsync(IReadOnlyList<(StoredBatch Batch, byte[] Payload)> group) => database.WriteAsync(
        async (connection, transaction) =>
        {
            foreach ((StoredBatch batch, byte[] payload) in group)
            {
                await connection.ExecuteAsync(
                    """
                    UPDATE batch
                    SET stored_at = @StoredAt, placed_at = NULL, deleted_at = NULL, waiting = 1,
                        renew_after = (SELECT MAX(anchor_index) FROM anchored_batch WHERE batch_id = batch.id)
                    WHERE id = @Id AND deleted_at IS NOT NULL;
                    INSERT INTO batch (id, payload_hash, payload_length, commitments, stored_at, waiting)
                    SELECT @Id, @PayloadHash, @PayloadLength, @Commitments, @StoredAt, CASE WHEN EXISTS (SELECT 1 FROM anchored_batch WHERE batch_id = @Id) THEN 0 ELSE 1 END
                    WHERE true
                    ON CONFLICT DO NOTHING;
                    INSERT INTO payload (batch_id, length, content)
                    SELECT @Id, @PayloadLength, @payload FROM batch WHERE id = @Id AND placed_at IS NULL
                    ON CONFLICT DO NOTHING
                    """,
                    new
                    {
                        Id = batch.Id.Value.ToArray(),
                        PayloadHash = batch.PayloadHash.ToArray(),
                        PayloadLength = (long)batch.PayloadLength,
                        batch.Commitments,
                        StoredAt = batch.StoredAt.ToUnixTimeMilliseconds(),
                        payload,
                    },
                    transaction);
            }
        },
        CancellationToken.None);

    private async Task<IReadOnlyList<StoredBatch>> QueryBatchesAsync(string condition, int count, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<BatchRow> rows = await connection.QueryAsync<BatchRow>(
            $"SELECT {BatchRow.Columns} FROM batch WHERE {condition} ORDER BY sequence LIMIT @count", new { count });
        return [.. rows.Select(row => row.ToBatch())];
    }

    private async Task<StoredBatch?> FindAsync(string column, Bytes32 value, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        BatchRow? row = await connection.QueryFirstOrDefaultAsync<BatchRow>(
            $"SELECT {BatchRow.Columns} FROM batch WHERE {column} = @value", new { value = value.ToArray() });
        return row?.ToBatch();
    }

    private sealed record BatchRow(
        long Sequence, byte[] Id, byte[] PayloadHash, long PayloadLength, byte[] Commitments, long StoredAt, long? PlacedAt, long? DeletedAt)
    {
        public const string Columns =
            "sequence AS Sequence, id AS Id, payload_hash AS PayloadHash, payload_length AS PayloadLength, commitments AS Commitments, stored_at AS StoredAt, "
            + "placed_at AS PlacedAt, deleted_at AS DeletedAt";

        public StoredBatch ToBatch() => new(
            new BatchId(Bytes32.FromBytes(Id)),
            Bytes32.FromBytes(PayloadHash),
            (uint)PayloadLength,
            Commitments,
            DateTimeOffset.FromUnixTimeMilliseconds(StoredAt))
        {
            PlacedAt = PlacedAt is { } placed ? DateTimeOffset.FromUnixTimeMilliseconds(placed) : null,
            DeletedAt = DeletedAt is { } deleted ? DateTimeOffset.FromUnixTimeMilliseconds(deleted) : null,
        };
    }
}
