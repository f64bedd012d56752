using System.Data.Common;
using System.Globalization;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Persistence;

/// <content>Promises: accepted and renewed batches, and the anchors owed to them.</content>
internal sealed partial class Ledger
{
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
        payer = CASE WHEN waiting = 1 AND deleted_at IS NULL OR {IsAnchored} THEN payer ELSE CAST(@payer AS TEXT) END,
        payer_order = CASE WHEN waiting = 1 AND deleted_at IS NULL OR {IsAnchored} THEN payer_order ELSE @order END,
        waiting = CASE WHEN {IsAnchored} THEN waiting ELSE 1 END
        """;

    /// <summary>
    /// Promises a batch durably, from now on: one that is new is inserted, one that was given up is revived, and one
    /// that is kept is owed another anchor unless one stands in
    /// <paramref name="anchorFrom"/> or a later block. One statement decides which, so that nothing comes between.
    /// The payload is kept until the rows are placed, even for a known batch: its rows may be damaged, and writing
    /// equal rows again is harmless. Concurrent calls share one commit.
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

    /// <summary>
    /// Promises a batch for another term: an anchor is owed unless one stands in <paramref name="anchorFrom"/> or a
    /// later block.
    /// </summary>
    /// <param name="id">The batch.</param>
    /// <param name="anchorFrom">As in <see cref="AddBatchAsync"/>.</param>
    /// <param name="payer">The rollup that pays for the anchor, where one is owed; null for none.</param>
    /// <param name="order">Its order; null where its standing limit pays.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Ends the work; nothing is then promised.</param>
    /// <returns>Whether the batch is kept; false where it is unknown or was given up.</returns>
    public async Task<bool> RenewAsync(
        BatchId id,
        long? anchorFrom,
        Address? payer,
        SignedOrder? order,
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
                    payer = payer?.ToString(),
                    order = order?.Encode(),
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
    /// The placed batches that an anchor is owed, oldest first, as many as fit <paramref name="maxBlobs"/> blobs; one
    /// that alone is more goes alone.
    /// </summary>
    public async Task<IReadOnlyList<StoredBatch>> WaitingBatchesAsync(
        int maxBlobs,
        CancellationToken cancellationToken
    ) =>
        AnchorGas.Fitting(
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
    /// The batches that an anchor is owed for, with their blobs, and the blobs that are anchored and live at a block:
    /// all as of one moment.
    /// </summary>
    /// <param name="block">The L1 block.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<UnanchoredBatches> CountUnanchoredAsync(ulong block, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return (
            await connection.QueryFirstOrDefaultAsync<UnanchoredBatches>(
                $"""
                SELECT COUNT(*) AS Count,
                       CAST(COALESCE(SUM(LENGTH(commitments)), 0) / {KzgCommitment.Length} AS BIGINT) AS Blobs,
                       COALESCE((SELECT first_blob + blob_count FROM anchor ORDER BY anchor_index DESC LIMIT 1), 0)
                           AS EndBlob,
                       COALESCE((SELECT first_blob FROM anchor WHERE expiry > @block
                           ORDER BY expiry, anchor_index LIMIT 1), 0) AS FirstLiveBlob,
                       (SELECT COUNT(*) FROM (SELECT 1 FROM anchor WHERE expiry > @block LIMIT 1) AS live) AS HasLive
                FROM batch WHERE waiting = 1
                """,
                new { block = (long)Math.Min(block, long.MaxValue) },
                cancellationToken
            )
        )!;
    }

    /// <summary>
    /// Whether a batch must be available: it is kept, and is owed an anchor or has not expired at the last block read.
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

    private Task AddAsync(IReadOnlyList<(StoredBatch Batch, byte[] Payload, long? AnchorFrom)> group) =>
        database.WriteAsync(
            async (connection, transaction) =>
            {
                // All writers lock batches in the same order, so that two groups cannot deadlock.
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
                        INSERT INTO batch (id, payload_hash, payload_length, commitments, stored_at, owed_at, waiting, anchor_from, tenant, payer, payer_order)
                        SELECT @Id, @PayloadHash, @PayloadLength, @Commitments, @now, @now, CASE WHEN {IsAnchored} THEN 0 ELSE 1 END, CAST(@from AS BIGINT), CAST(@Tenant AS BIGINT), CAST(@payer AS TEXT), @order
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
                            payer = batch.Payer?.ToString(),
                            order = batch.Order?.Encode(),
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
}
