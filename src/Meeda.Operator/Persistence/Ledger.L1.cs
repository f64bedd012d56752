using System.Data.Common;
using Meeda.Chain.Following;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Persistence;

/// <content>
/// The chain index, written by the leading operator, together in one transaction with the resulting batch states.
/// </content>
internal sealed partial class Ledger : IFollowedChain
{
    /// <summary>
    /// Adds the operator's address to tables that were written for a single operator, so that the index has the same
    /// form as a light node's. A bound ledger states the address; in an older one it stays empty until the ledger is
    /// bound (<see cref="BindAsync"/>).
    /// </summary>
    private const string IndexOfOperators = $$"""
        ALTER TABLE anchor RENAME TO anchor_of_one;
        ALTER TABLE anchored_batch RENAME TO anchored_batch_of_one;
        ALTER TABLE proof RENAME TO proof_of_one;
        ALTER TABLE followed_block RENAME TO followed_block_of_one;
        DROP INDEX anchor_by_block;
        DROP INDEX anchor_by_expiry;
        DROP INDEX anchor_by_blob;
        DROP INDEX anchored_batch_id;
        DROP INDEX anchored_batch_anchor;
        {{ChainIndex.Schema}}
        INSERT INTO anchor (operator, anchor_index, root, first_blob, blob_count, block_number, expiry, transaction_hash, commitments)
        SELECT COALESCE((SELECT account FROM binding), CAST('' AS {bytes})), anchor_index, root, first_blob, blob_count, block_number, expiry, transaction_hash, commitments
        FROM anchor_of_one;
        INSERT INTO anchored_batch (operator, first_blob, blob_count, anchor_index, batch_id)
        SELECT COALESCE((SELECT account FROM binding), CAST('' AS {bytes})), first_blob, blob_count, anchor_index, batch_id FROM anchored_batch_of_one;
        INSERT INTO proof (operator, epoch, block_number, transaction_hash, seed)
        SELECT COALESCE((SELECT account FROM binding), CAST('' AS {bytes})), epoch, block_number, transaction_hash, seed FROM proof_of_one;
        INSERT INTO followed_block (number, hash) SELECT number, hash FROM followed_block_of_one;
        DROP TABLE anchored_batch_of_one;
        DROP TABLE anchor_of_one;
        DROP TABLE proof_of_one;
        DROP TABLE followed_block_of_one;
        -- the operator asks for its own without naming itself
        CREATE INDEX anchor_index_alone ON anchor (anchor_index);
        CREATE INDEX anchor_expiry_alone ON anchor (expiry, anchor_index);
        CREATE INDEX anchored_batch_anchor_alone ON anchored_batch (anchor_index);
        CREATE INDEX anchored_batch_blob_alone ON anchored_batch (first_blob);
        CREATE INDEX proof_epoch_alone ON proof (epoch);
        """;

    /// <inheritdoc/>
    public Task<BlockPoint?> TipAsync(CancellationToken cancellationToken) => Index.TipAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken) =>
        Index.FollowedBlocksAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<(Anchor? Last, long Count)> LastAnchorAsync(
        Address operatorAddress,
        CancellationToken cancellationToken
    ) => Index.LastAnchorAsync(operatorAddress, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="LeaseLostException">Another operator follows L1 by now.</exception>
    public Task AdvanceAsync(BlockPoint tip, ChainEvents events, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                await ChainIndex.AddAsync(tip, events, connection, transaction, cancellationToken);
                foreach (OperatorAnchor anchor in events.Anchors)
                {
                    await NoteAnchoredAsync(anchor.Seen, connection, transaction, cancellationToken);
                }
            },
            cancellationToken
        );

    /// <summary>
    /// Deletes everything read from blocks after <paramref name="lastGood"/>: they are no longer part of the chain.
    /// Batches that lose their anchor wait for another.
    /// </summary>
    /// <param name="lastGood">The common ancestor's number, or -1 to follow again from the start.</param>
    /// <param name="cancellationToken">Stops the work; nothing is then deleted.</param>
    /// <exception cref="LeaseLostException">Another operator follows L1 by now.</exception>
    public Task RollBackAsync(long lastGood, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                await connection.ExecuteAsync(
                    """
                    UPDATE batch SET waiting = 1
                    WHERE deleted_at IS NULL
                      AND id IN (SELECT b.batch_id FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE a.block_number > @lastGood);
                    """,
                    new { lastGood },
                    transaction,
                    cancellationToken
                );
                await ChainIndex.RollBackAsync(lastGood, connection, transaction, cancellationToken);
                await connection.ExecuteAsync(
                    """
                    UPDATE batch SET anchor_from = @lastGood + 1 WHERE waiting = 1 AND anchor_from > @lastGood AND @lastGood >= 0;
                    UPDATE promise SET block = CASE WHEN block > @lastGood THEN @lastGood ELSE block END, anchor_from = CASE WHEN anchor_from > @lastGood THEN @lastGood + 1 ELSE anchor_from END
                    WHERE @lastGood >= 0 AND (block > @lastGood OR anchor_from > @lastGood);
                    UPDATE batch SET waiting = 0
                    WHERE waiting = 1 AND deleted_at IS NULL
                      AND EXISTS (SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE b.batch_id = batch.id AND a.block_number >= batch.anchor_from);
                    UPDATE batch_count
                    SET count = count - (SELECT COUNT(*) FROM batch WHERE last_anchor > COALESCE((SELECT MAX(anchor_index) FROM anchor), -1)
                                         AND first_anchor > COALESCE((SELECT MAX(anchor_index) FROM anchor), -1))
                    WHERE state = 'anchored';
                    UPDATE batch
                    SET first_anchor = (SELECT MIN(anchor_index) FROM anchored_batch WHERE batch_id = batch.id), last_anchor = (SELECT MAX(anchor_index) FROM anchored_batch WHERE batch_id = batch.id)
                    WHERE last_anchor > COALESCE((SELECT MAX(anchor_index) FROM anchor), -1);
                    """,
                    new { lastGood },
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );

    /// <summary>Records the anchor for the batches that it contains.</summary>
    private static async Task NoteAnchoredAsync(
        AnchorEvent seen,
        DbConnection connection,
        DbTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        foreach (AnchoredBatch batch in seen.Batches.Where(batch => batch.PayloadLength is not null))
        {
            await RebuildAsync(seen, batch, connection, transaction, cancellationToken);
        }

        await connection.ExecuteAsync(
            """
            UPDATE batch SET waiting = 0 WHERE id = @BatchId AND anchor_from <= @BlockNumber;
            -- An anchor that is read after a put and too old for it: the put covers what comes behind the anchor's expiry.
            INSERT INTO promise (batch_id, block, anchor_from)
            SELECT id, @BlockNumber, anchor_from FROM batch
            WHERE id = @BatchId AND waiting = 1 AND deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM promise WHERE batch_id = @BatchId);
            UPDATE batch_count SET count = count + (SELECT COUNT(*) FROM batch WHERE id = @BatchId AND last_anchor IS NULL) WHERE state = 'anchored';
            UPDATE batch SET first_anchor = COALESCE(first_anchor, @AnchorIndex), last_anchor = @AnchorIndex WHERE id = @BatchId
            """,
            seen.Batches.Select(batch => new
            {
                AnchorIndex = (long)batch.AnchorIndex,
                BatchId = batch.Batch.Value.ToArray(),
                BlockNumber = (long)seen.Anchor.BlockNumber,
            }),
            transaction,
            cancellationToken
        );
    }

    /// <summary>
    /// Inserts a batch that this operator anchored but that is not in its ledger, for example because an earlier ledger
    /// was lost. The data come from L1. The providers may still have its rows. Its payload hash is unknown until it is
    /// read; the id stands in its place.
    /// </summary>
    private static async Task RebuildAsync(
        AnchorEvent seen,
        AnchoredBatch batch,
        DbConnection connection,
        DbTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        int first = (int)(batch.FirstBlob - seen.Anchor.FirstBlob) * KzgCommitment.Length;
        int length = (int)batch.BlobCount * KzgCommitment.Length;
        if (first < 0 || first + length > seen.Commitments.Length)
        {
            return;
        }

        byte[] commitments = seen.Commitments[first..(first + length)];
        if (BatchId.Compute(batch.PayloadLength!.Value, commitments) != batch.Batch)
        {
            return; // The rebuilt batch would differ from the anchored one.
        }

        await connection.ExecuteAsync(
            """
            INSERT INTO batch (id, payload_hash, payload_length, commitments, stored_at, placed_at, waiting, anchor_from)
            SELECT @id, @id, @payloadLength, @commitments, 0, 0, 0, @block
            WHERE NOT EXISTS (SELECT 1 FROM batch WHERE id = @id)
            ON CONFLICT DO NOTHING
            """,
            new
            {
                id = batch.Batch.Value.ToArray(),
                payloadLength = (long)batch.PayloadLength.Value,
                commitments,
                block = (long)seen.Anchor.BlockNumber,
            },
            transaction,
            cancellationToken
        );
    }
}
