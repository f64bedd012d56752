using System.Data.Common;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Storage.Buckets;

namespace Meeda.Operator.Persistence;

/// <content>What is found at the providers and not known here, after a restore.</content>
internal sealed partial class Ledger
{
    /// <summary>What is kept beside a batch's rows, so that they are known without this ledger.</summary>
    public byte[] LabelOf(StoredBatch batch) => BatchLabel.Of(batch, _seal);

    /// <summary>Reads a label that was found; null where this ledger did not make it, now or earlier.</summary>
    public StoredBatch? ReadLabel(BatchId id, ReadOnlySpan<byte> label) => BatchLabel.TryRead(id, label, _seal);

    /// <inheritdoc/>
    public async Task<IReadOnlySet<string>> KnownPacksAsync(string store, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return (
            await connection.QueryAsync<string>(
                """
                SELECT object_name FROM pack WHERE store = @store AND (state = @givenUp OR (
                    EXISTS (SELECT 1 FROM packed_row r WHERE r.pack = pack.sequence)
                    -- A search that broke off has taken rows of batches that it did not come to.
                    AND NOT EXISTS (
                        SELECT 1 FROM packed_row r LEFT JOIN batch b ON b.id = r.batch_id
                        WHERE r.pack = pack.sequence
                        AND (b.id IS NULL OR b.deleted_at IS NOT NULL OR b.payload_hash = b.id)
                    )
                ))
                """,
                new { store, givenUp = (long)PackState.GivenUp },
                cancellationToken
            )
        ).ToHashSet(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    public Task AdoptPackAsync(
        string store,
        string objectName,
        long occupied,
        IReadOnlyList<PackedRow> rows,
        CancellationToken cancellationToken
    ) =>
        WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                var pack = new
                {
                    store,
                    objectName,
                    occupied,
                    stored = (long)PackState.Stored,
                    onItsWay = (long)PackState.OnItsWay,
                };
                int made = await connection.ExecuteAsync(
                    """
                    INSERT INTO pack (store, object_name, occupied, state) SELECT @store, @objectName, @occupied, @stored
                    WHERE NOT EXISTS (SELECT 1 FROM pack WHERE store = @store AND object_name = @objectName)
                    """,
                    pack,
                    transaction,
                    cancellationToken
                );
                await connection.ExecuteAsync(
                    """
                    UPDATE pack SET state = @stored WHERE store = @store AND object_name = @objectName AND state = @onItsWay
                    """,
                    pack,
                    transaction,
                    cancellationToken
                );
                await AdoptRowsAsync(connection, transaction, store, objectName, rows, cancellationToken);
                if (made > 0)
                {
                    // All its rows are known from newer objects: what is not in the index is not deleted as unused.
                    await connection.ExecuteAsync(
                        """
                        DELETE FROM pack WHERE store = @store AND object_name = @objectName
                        AND NOT EXISTS (SELECT 1 FROM packed_row WHERE packed_row.pack = pack.sequence)
                        """,
                        pack,
                        transaction,
                        cancellationToken
                    );
                }
            },
            cancellationToken
        );

    private static Task<int> AdoptRowsAsync(
        DbConnection connection,
        DbTransaction transaction,
        string store,
        string objectName,
        IReadOnlyList<PackedRow> rows,
        CancellationToken cancellationToken
    ) =>
        connection.ExecuteAsync(
            """
            INSERT INTO packed_row (batch_id, row_number, store, pack, byte_offset)
            SELECT @batch, @row, @store, pack.sequence, @offset FROM pack
            WHERE pack.store = @store AND pack.object_name = @objectName AND pack.state <> @givenUp
            ON CONFLICT DO NOTHING
            """,
            rows.Select(row => new
            {
                batch = row.Batch,
                row = row.Row,
                offset = row.Offset,
                store,
                objectName,
                givenUp = (long)PackState.GivenUp,
            }),
            transaction,
            cancellationToken
        );

    /// <summary>
    /// Takes a batch that an earlier machine promised after the backup: it is owed an anchor, unless one stands that is
    /// live. One that cannot be read now is kept as damaged and not anchored, until its bytes are put again.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="isWhole">Whether its rows give it back.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Stops the work; it is then not taken.</param>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    public Task AdoptBatchAsync(
        StoredBatch batch,
        bool isWhole,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    """
                    UPDATE batch SET payload_hash = @PayloadHash WHERE id = @Id AND payload_hash = id;
                    -- One that was given up and put again afterwards is owed what a new one is.
                    UPDATE batch SET deleted_at = NULL, stored_at = @StoredAt, owed_at = @now, placed_at = CAST(@placedAt AS BIGINT), damaged = @damaged, anchor_from = NULL,
                        waiting = CASE WHEN EXISTS (SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index
                            WHERE b.batch_id = @Id AND a.expiry > COALESCE((SELECT MAX(number) FROM followed_block), 0)) THEN 0 ELSE 1 END,
                        tenant = CAST(@Tenant AS BIGINT), payer = CAST(@payer AS TEXT), payer_order = @order
                    WHERE id = @Id AND deleted_at IS NOT NULL AND deleted_at < @StoredAt;
                    INSERT INTO batch (id, payload_hash, payload_length, commitments, stored_at, owed_at, placed_at, damaged, waiting, anchor_from, tenant, payer, payer_order)
                    SELECT @Id, @PayloadHash, @PayloadLength, @Commitments, @StoredAt, @now, CAST(@placedAt AS BIGINT), @damaged, 1, NULL, CAST(@Tenant AS BIGINT), CAST(@payer AS TEXT), @order
                    WHERE NOT EXISTS (SELECT 1 FROM batch WHERE id = @Id)
                    ON CONFLICT DO NOTHING
                    """,
                    new
                    {
                        batch.Id,
                        batch.PayloadHash,
                        batch.PayloadLength,
                        batch.Commitments,
                        batch.StoredAt,
                        batch.Tenant,
                        payer = batch.Payer?.ToString(),
                        order = batch.Order?.Encode(),
                        now,
                        placedAt = isWhole ? now.ToUnixTimeMilliseconds() : (long?)null,
                        damaged = isWhole ? 0L : 1L,
                    },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
}
