using System.Data.Common;
using System.Globalization;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Persistence;

/// <content>The batches that were promised, and the payloads that are held here.</content>
internal sealed partial class Ledger
{
    // No anchor is owed, there is one, and none reaches beyond the block.
    private const string Expired = """
        deleted_at IS NULL AND waiting = 0 AND placed_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM anchored_batch b WHERE b.batch_id = batch.id)
        AND NOT EXISTS (SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE b.batch_id = batch.id AND a.expiry > @block)
        """;

    // An anchor of the batch stands in the block @from or a later one; false where @from is null.
    private const string IsAnchored = """
        EXISTS (SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE b.batch_id = @Id AND a.block_number >= CAST(@from AS BIGINT))
        """;

    // A promise of a batch that was anchored before. The lowest that L1 can have been is the last block that was read.
    private const string NotePromise = $"""
        DELETE FROM promise WHERE batch_id = @Id AND block = COALESCE((SELECT MAX(number) FROM followed_block), 0) AND NOT {IsAnchored};
        INSERT INTO promise (batch_id, block, anchor_from)
        SELECT @Id, COALESCE((SELECT MAX(number) FROM followed_block), 0), CAST(@from AS BIGINT)
        WHERE EXISTS (SELECT 1 FROM anchored_batch WHERE batch_id = @Id) AND NOT {IsAnchored};
        """;

    // An anchor is owed from now on, unless one stands already that is late enough.
    private const string Owe = $"""
        owed_at = CASE WHEN waiting = 1 AND deleted_at IS NULL OR {IsAnchored} THEN owed_at ELSE @now END,
        anchor_from = CASE WHEN {IsAnchored} OR (waiting = 1 AND deleted_at IS NULL AND anchor_from > CAST(@from AS BIGINT)) THEN anchor_from ELSE CAST(@from AS BIGINT) END,
        waiting = CASE WHEN {IsAnchored} THEN waiting ELSE 1 END
        """;

    /// <summary>
    /// Promises a batch durably, from now on: one that is new is inserted, one that was given up is revived, and one
    /// that is kept is owed another anchor unless one stands in
    /// <paramref name="anchorFrom"/> or a later block. One statement decides which, so that nothing comes between.
    /// The payload is kept until the rows are placed, of a batch that is
    /// known too: whether its rows are still whole no one knows, and equal rows may be written again. Many who do
    /// this at once share one commit.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="anchorFrom">The L1 block from which on an anchor keeps this promise; null where L1's height is
    /// not known, which the leader finds out (<see cref="SettleAsync"/>).</param>
    /// <param name="cancellationToken">Ends the wait for a place in the queue, never a write that has one.</param>
    public Task AddBatchAsync(
        StoredBatch batch,
        byte[] payload,
        long? anchorFrom,
        CancellationToken cancellationToken
    ) => _adding!.WriteAsync((batch, payload, anchorFrom), cancellationToken);

    /// <summary>The batch of that id, or null: then it was never stored here.</summary>
    public Task<StoredBatch?> FindBatchAsync(BatchId id, CancellationToken cancellationToken) =>
        FindAsync("id", id.Value, cancellationToken);

    /// <summary>The batch whose payload has that Keccak-256, or null: then it was never stored here.</summary>
    public Task<StoredBatch?> FindBatchByPayloadAsync(Bytes32 payloadHash, CancellationToken cancellationToken) =>
        FindAsync("payload_hash", payloadHash, cancellationToken);

    /// <summary>The payload of a batch where it is held here, or null: then its rows are at the providers.</summary>
    public async Task<byte[]?> FindPayloadAsync(BatchId id, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<byte[]>(
            "SELECT content FROM payload WHERE batch_id = @id",
            new { id },
            cancellationToken
        );
    }

    /// <summary>
    /// Placed batches with their sequence numbers, from behind <paramref name="sequence"/> on, oldest first.
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
    /// The placed batches that an anchor is owed, oldest first, as many as fit <paramref name="maxBlobs"/> blobs; one
    /// that alone is more goes alone.
    /// </summary>
    public async Task<IReadOnlyList<StoredBatch>> WaitingBatchesAsync(
        int maxBlobs,
        CancellationToken cancellationToken
    ) =>
        Fitting(
            await QueryBatchesAsync(
                "waiting = 1 AND anchor_from IS NOT NULL AND placed_at IS NOT NULL AND deleted_at IS NULL",
                maxBlobs,
                cancellationToken
            ),
            maxBlobs
        );

    /// <summary>
    /// The batches of at most <paramref name="maxBlobs"/> blobs each that are not at their providers yet and are owed
    /// an anchor, oldest first.
    /// </summary>
    public Task<IReadOnlyList<StoredBatch>> WaitingUnplacedBatchesAsync(
        int maxBlobs,
        int count,
        CancellationToken cancellationToken
    ) =>
        QueryBatchesAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"waiting = 1 AND anchor_from IS NOT NULL AND placed_at IS NULL AND deleted_at IS NULL AND "
                    + $"damaged = 0 AND LENGTH(commitments) <= {(long)maxBlobs * KzgCommitment.Length}"
            ),
            count,
            cancellationToken
        );

    /// <summary>
    /// The batches that are not at their providers yet, oldest first; not those whose payload is lost.
    /// </summary>
    public Task<IReadOnlyList<StoredBatch>> UnplacedBatchesAsync(int count, CancellationToken cancellationToken) =>
        QueryBatchesAsync("placed_at IS NULL AND deleted_at IS NULL AND damaged = 0", count, cancellationToken);

    /// <summary>What is not at its providers yet.</summary>
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

    /// <summary>The number of batches that an anchor is owed for.</summary>
    public async Task<long> CountUnanchoredAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM batch WHERE waiting = 1",
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
    /// Lets go of the oldest payloads of placed batches, beyond that many bytes of all that are held; not of those with
    /// rows in a pack that is not confirmed.
    /// </summary>
    /// <returns>How many.</returns>
    public async Task<int> TrimPayloadsAsync(long bytes, CancellationToken cancellationToken)
    {
        int count = 0;
        await WriteAsLeaderAsync(
            async (connection, transaction) =>
                count = await connection.ExecuteAsync(
                    """
                    DELETE FROM payload WHERE sequence IN (
                        SELECT held.sequence
                        FROM (SELECT sequence, batch_id, SUM(length) OVER (ORDER BY sequence DESC) AS total FROM payload) AS held
                        JOIN batch ON batch.id = held.batch_id
                        WHERE held.total > @bytes AND batch.placed_at IS NOT NULL AND batch.damaged = 0
                        AND NOT EXISTS (SELECT 1 FROM packed_row JOIN pack ON pack.sequence = packed_row.pack WHERE packed_row.batch_id = batch.id AND pack.state = @stored))
                    """,
                    new { bytes, stored = (long)PackState.Stored },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        return count;
    }

    /// <summary>
    /// Promises a batch for another term: an anchor is owed unless one stands in <paramref name="anchorFrom"/> or a
    /// later block.
    /// </summary>
    /// <param name="id">The batch.</param>
    /// <param name="anchorFrom">As in <see cref="AddBatchAsync"/>.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Ends the work; nothing is then promised.</param>
    /// <returns>Whether the batch is kept; false where it is unknown or was given up.</returns>
    public async Task<bool> RenewAsync(
        BatchId id,
        long? anchorFrom,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        int known = 0;
        await database.WriteAsync(
            async (writer, transaction) =>
            {
                var parameters = new
                {
                    Id = id,
                    from = anchorFrom,
                    now,
                };
                known = await writer.ExecuteAsync(
                    $"UPDATE batch SET {Owe} WHERE id = @Id AND deleted_at IS NULL",
                    parameters,
                    transaction,
                    cancellationToken
                );
                if (known > 0)
                {
                    await writer.ExecuteAsync(NotePromise, parameters, transaction, cancellationToken);
                }
            },
            cancellationToken
        );
        return known > 0;
    }

    /// <summary>Whether there are promises of which it is not known how high L1 stood when they were made.</summary>
    public async Task<bool> HasOpenPromisesAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
                """
                SELECT CASE WHEN EXISTS (SELECT 1 FROM batch WHERE waiting = 1
                    AND (anchor_from IS NULL OR anchor_from > COALESCE((SELECT MAX(number) FROM followed_block), 0)))
                  OR EXISTS (SELECT 1 FROM promise WHERE anchor_from IS NULL) THEN 1 ELSE 0 END
                """,
                cancellationToken
            ) != 0;
    }

    /// <summary>
    /// Decides the promises that were made while L1's height was not known, or from a height that L1 has not: they
    /// cannot be later than now. A batch that has an anchor
    /// which is late enough is owed none.
    /// </summary>
    /// <param name="anchorFrom">The L1 block from which on an anchor keeps a promise that is made at
    /// <paramref name="head"/>.</param>
    /// <param name="head">L1's head, up to which everything is in the ledger.</param>
    /// <param name="cancellationToken">Stops the work; nothing is then decided.</param>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    public Task SettleAsync(long anchorFrom, ulong head, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    """
                    UPDATE batch SET anchor_from = @anchorFrom WHERE waiting = 1 AND (anchor_from IS NULL OR anchor_from > @head);
                    UPDATE promise SET anchor_from = @anchorFrom WHERE anchor_from IS NULL;
                    UPDATE batch SET waiting = 0
                    WHERE waiting = 1 AND deleted_at IS NULL
                      AND EXISTS (SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE b.batch_id = batch.id AND a.block_number >= batch.anchor_from)
                    """,
                    new { anchorFrom, head },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>
    /// Records that what is stored of a batch does not give it back, so that the next put of its bytes stores them
    /// again.
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

    /// <summary>Records that a batch that was noted as damaged can be read again.</summary>
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

    /// <summary>
    /// Whether a batch must be had: it is kept, and owed an anchor, or not expired as far as L1 was followed.
    /// </summary>
    public async Task<bool> IsOwedAsync(BatchId id, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
                """
                SELECT COUNT(*) FROM batch WHERE id = @id AND deleted_at IS NULL
                  AND (waiting = 1 OR EXISTS (
                    SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index
                    WHERE b.batch_id = batch.id AND a.expiry > COALESCE((SELECT MAX(number) FROM followed_block), 0)))
                """,
                new { id },
                cancellationToken
            ) > 0;
    }

    /// <summary>
    /// Records the Keccak-256 of a payload that was not known, since the batch was known from L1 alone.
    /// </summary>
    public Task SetPayloadHashAsync(BatchId id, Bytes32 payloadHash, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE batch SET payload_hash = @payloadHash WHERE id = @id AND payload_hash = id",
                    new { id, payloadHash },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>
    /// Whether a kept batch is known from L1 alone, so that the Keccak-256 of its payload is not known yet.
    /// </summary>
    public async Task<bool> HasUnknownPayloadsAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
                "SELECT CASE WHEN EXISTS (SELECT 1 FROM batch WHERE payload_hash = id AND deleted_at IS NULL) "
                    + "THEN 1 ELSE 0 END",
                cancellationToken
            ) != 0;
    }

    /// <summary>How many batches are in which state.</summary>
    /// <param name="tip">The last block that was read.</param>
    /// <param name="final">The last block that no reorganisation takes back.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<StateCounts> CountStatesAsync(ulong tip, ulong final, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);

        // Blocks and expiries never decrease from anchor to anchor. So what a batch's first and last anchor are
        // decides, and only those of live anchors are counted.
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

    private static List<StoredBatch> Fitting(IReadOnlyList<StoredBatch> batches, int maxBlobs)
    {
        var fitting = new List<StoredBatch>();
        int blobs = 0;
        foreach (StoredBatch batch in batches)
        {
            blobs += batch.BlobCount;
            if (blobs > maxBlobs && fitting.Count > 0)
            {
                break;
            }

            fitting.Add(batch);
        }

        return fitting;
    }

    private Task AddAsync(IReadOnlyList<(StoredBatch Batch, byte[] Payload, long? AnchorFrom)> group) =>
        database.WriteAsync(
            async (connection, transaction) =>
            {
                // In one order for all writers: two groups that lock the same batches must not wait for each other.
                foreach (
                    (StoredBatch batch, byte[] payload, long? anchorFrom) in group.OrderBy(
                        item => item.Batch.Id.ToString(),
                        StringComparer.Ordinal
                    )
                )
                {
                    await connection.ExecuteAsync(
                        $"""
                        UPDATE batch SET tenant = CAST(@Tenant AS BIGINT) WHERE id = @Id AND deleted_at IS NOT NULL;
                        UPDATE batch
                        SET payload_hash = @PayloadHash,
                            stored_at = CASE WHEN deleted_at IS NULL THEN stored_at ELSE @now END,
                            placed_at = NULL,
                            {Owe}, damaged = 0, deleted_at = NULL
                        WHERE id = @Id;
                        INSERT INTO batch (id, payload_hash, payload_length, commitments, stored_at, owed_at, waiting, anchor_from, tenant)
                        SELECT @Id, @PayloadHash, @PayloadLength, @Commitments, @now, @now, CASE WHEN {IsAnchored} THEN 0 ELSE 1 END, CAST(@from AS BIGINT), CAST(@Tenant AS BIGINT)
                        WHERE true
                        ON CONFLICT DO NOTHING;
                        {NotePromise}
                        INSERT INTO payload (batch_id, length, content)
                        SELECT @Id, @PayloadLength, @payload FROM batch WHERE id = @Id AND placed_at IS NULL
                        ON CONFLICT (batch_id) DO UPDATE SET length = excluded.length, content = excluded.content WHERE payload.content <> excluded.content;
                        UPDATE batch_count SET count = count + 1
                        WHERE state = 'anchored' AND EXISTS (SELECT 1 FROM batch JOIN anchored_batch b ON b.batch_id = batch.id WHERE batch.id = @Id AND batch.last_anchor IS NULL);
                        UPDATE batch
                        SET first_anchor = (SELECT MIN(anchor_index) FROM anchored_batch WHERE batch_id = @Id), last_anchor = (SELECT MAX(anchor_index) FROM anchored_batch WHERE batch_id = @Id)
                        WHERE id = @Id AND last_anchor IS NULL AND EXISTS (SELECT 1 FROM anchored_batch WHERE batch_id = @Id)
                        """,
                        new
                        {
                            batch.Id,
                            batch.PayloadHash,
                            batch.PayloadLength,
                            batch.Commitments,
                            batch.Tenant,
                            now = batch.StoredAt,
                            from = anchorFrom,
                            payload,
                        },
                        transaction,
                        CancellationToken.None
                    );
                }
            },
            CancellationToken.None
        );

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
        long? Tenant
    )
    {
        public const string Columns =
            "sequence, id, payload_hash, payload_length, commitments, stored_at, placed_at, deleted_at, waiting, "
            + "owed_at, damaged, tenant";

        public StoredBatch ToBatch() =>
            new(Id, PayloadHash, PayloadLength, Commitments, StoredAt)
            {
                PlacedAt = PlacedAt,
                DeletedAt = DeletedAt,
                IsDamaged = Damaged != 0,
                Tenant = Tenant,
                OwedSince = Waiting != 0 ? OwedAt ?? StoredAt : null,
            };
    }
}
