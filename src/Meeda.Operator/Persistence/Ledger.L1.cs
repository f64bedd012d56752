using System.Data.Common;
using Dapper;
using Meeda.Chain.Following;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;

namespace Meeda.Operator.Persistence;

/// <content>What was seen on L1: anchors with their batches, proofs, and the blocks that were read.</content>
internal sealed partial class Ledger : IFollowedChain
{
    /// <summary>The latest anchoring of a batch, with its anchor, or null where no anchor holds it.</summary>
    public async Task<(AnchoredBatch Batch, Anchor Anchor, Bytes32 TransactionHash)?> FindAnchoringAsync(
        BatchId id,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        AnchoringRow? row = await connection.QueryFirstOrDefaultAsync<AnchoringRow>(
            """
            SELECT b.first_blob AS FirstBlob, b.blob_count AS BlobCount, a.anchor_index AS AnchorIndex, a.root AS Root, a.first_blob AS AnchorFirstBlob,
                   a.blob_count AS AnchorBlobCount, a.block_number AS BlockNumber, a.expiry AS Expiry, a.transaction_hash AS TransactionHash
            FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index
            WHERE b.batch_id = @id ORDER BY b.first_blob DESC LIMIT 1
            """,
            new { id = id.Value.ToArray() }
        );
        return row is null ? null : (row.ToBatch(id), row.ToAnchor(), Bytes32.FromBytes(row.TransactionHash));
    }

    /// <summary>How a batch stood at an L1 block, all as of one moment.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="block">The block.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>
    /// The last block that was read; the latest expiry of the anchors up to the block, null where there is none; and
    /// whether a promise of another term covered the block: made
    /// before it, and its own anchor not there yet or not expired; and whether this ledger was there then, so that it
    /// knows all promises.
    /// </returns>
    public async Task<(ulong? Tip, ulong? Expiry, bool IsPromised, bool IsKnown)> TermAtAsync(
        BatchId id,
        ulong block,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        (long? tip, long? expiry, long promises, long began) = await connection.QuerySingleAsync<(
            long?,
            long?,
            long,
            long
        )>(
            """
            SELECT (SELECT MAX(number) FROM followed_block),
                   (SELECT MAX(a.expiry) FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE b.batch_id = @id AND a.block_number <= @block),
                   (SELECT COUNT(*) FROM promise WHERE promise.batch_id = @id AND promise.block <= @block
                       AND NOT EXISTS (SELECT 1 FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index
                                       WHERE b.batch_id = @id AND a.block_number >= promise.anchor_from AND a.expiry <= @block)),
                   COALESCE((SELECT began_at FROM binding), 0)
            """,
            new { id = id.Value.ToArray(), block = (long)Math.Min(block, long.MaxValue) }
        );
        return ((ulong?)tip, (ulong?)expiry, promises > 0, began <= (long)Math.Min(block, long.MaxValue));
    }

    /// <summary>The index of the first anchor that was read; null where none was.</summary>
    public async Task<uint?> FirstAnchorAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return (uint?)await connection.ExecuteScalarAsync<long?>("SELECT MIN(anchor_index) FROM anchor");
    }

    /// <summary>All anchors of this operator, by index.</summary>
    public async Task<IReadOnlyList<Anchor>> AnchorsAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<AnchorRow> rows = await connection.QueryAsync<AnchorRow>(
            """
            SELECT anchor_index AS AnchorIndex, root AS Root, first_blob AS FirstBlob, blob_count AS BlobCount, block_number AS BlockNumber, expiry AS Expiry
            FROM anchor ORDER BY anchor_index
            """
        );
        return [.. rows.Select(row => row.ToAnchor())];
    }

    /// <summary>
    /// The live range at an epoch's block, and the anchors that bound it, each found by an index; null where nothing
    /// is live.
    /// </summary>
    public async Task<(LiveRange Range, RangeHints Hints)?> LiveRangeAsync(
        EpochParameters parameters,
        ulong epoch,
        CancellationToken cancellationToken
    )
    {
        ulong block = parameters.BlockOf(epoch);
        ulong hotSpan = (ulong)parameters.HotEpochs * parameters.EpochBlocks;
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        Anchor? last = await FindAsync("block_number < @block ORDER BY block_number DESC, anchor_index DESC", block);
        Anchor? lo = await FindAsync("expiry > @block ORDER BY expiry, anchor_index", block);
        if (last is null || lo is null || lo.Index > last.Index)
        {
            return null;
        }

        uint end = last.Index + 1;
        Anchor? hot = await FindAsync(
            "block_number >= @block ORDER BY block_number, anchor_index",
            block > hotSpan ? block - hotSpan : 0
        );
        (uint hotIndex, ulong hotBlob) =
            hot is null || hot.Index >= end ? (end, last.EndBlob)
            : hot.Index < lo.Index ? (lo.Index, lo.FirstBlob)
            : (hot.Index, hot.FirstBlob);
        return (new LiveRange(lo.FirstBlob, hotBlob, last.EndBlob), new RangeHints(lo.Index, hotIndex, end));

        async Task<Anchor?> FindAsync(string condition, ulong number) =>
            (
                await connection.QueryFirstOrDefaultAsync<AnchorRow>(
                    $"SELECT {AnchorRow.Columns} FROM anchor WHERE {condition} LIMIT 1",
                    new { block = (long)number }
                )
            )?.ToAnchor();
    }

    /// <summary>The anchors that cover blob positions, by index; fewer where some are covered by none.</summary>
    /// <param name="positions">Positions in ascending order.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<Anchor>> AnchorsAtAsync(
        IReadOnlyList<ulong> positions,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        var anchors = new List<Anchor>();
        foreach (ulong position in positions)
        {
            if (
                (anchors.Count == 0 || position >= anchors[^1].EndBlob)
                && (
                    await connection.QueryFirstOrDefaultAsync<AnchorRow>(
                        $"SELECT {AnchorRow.Columns} FROM anchor WHERE first_blob <= @position ORDER BY "
                            + "first_blob DESC LIMIT 1",
                        new { position = (long)position }
                    )
                )?.ToAnchor()
                    is { } anchor
                && position < anchor.EndBlob
            )
            {
                anchors.Add(anchor);
            }
        }

        return anchors;
    }

    /// <inheritdoc/>
    Task<(Anchor? Last, long Count)> IFollowedChain.LastAnchorAsync(
        Address operatorAddress,
        CancellationToken cancellationToken
    ) => LastAnchorAsync(cancellationToken);

    /// <inheritdoc/>
    Task IFollowedChain.AdvanceAsync(BlockPoint tip, ChainEvents events, CancellationToken cancellationToken) =>
        AdvanceAsync(
            tip,
            [.. events.Anchors.Select(each => each.Seen)],
            [.. events.Proofs.Select(each => each.Proof)],
            cancellationToken
        );

    /// <summary>The anchor with the highest index, or null where there is none, and the number of all.</summary>
    public async Task<(Anchor? Last, long Count)> LastAnchorAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        AnchorRow? row = await connection.QueryFirstOrDefaultAsync<AnchorRow>(
            """
            SELECT anchor_index AS AnchorIndex, root AS Root, first_blob AS FirstBlob, blob_count AS BlobCount, block_number AS BlockNumber, expiry AS Expiry
            FROM anchor ORDER BY anchor_index DESC LIMIT 1
            """
        );
        return (row?.ToAnchor(), await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM anchor"));
    }

    /// <summary>The anchored batch that covers a blob position, or null where none does.</summary>
    public async Task<AnchoredBatch?> FindBatchAtAsync(ulong position, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        AnchoredBatchRow? row = await connection.QueryFirstOrDefaultAsync<AnchoredBatchRow>(
            AnchoredBatchRow.At,
            new { position = (long)position }
        );
        return row is null || (ulong)(row.FirstBlob + row.BlobCount) <= position ? null : row.ToBatch();
    }

    /// <summary>The anchored batches that cover blob positions, each with what was stored of it.</summary>
    /// <param name="positions">Positions in ascending order.</param>
    /// <exception cref="InvalidDataException">A position is covered by no anchor, or by a batch that was not stored
    /// here: the ledger is behind L1 or damaged.</exception>
    public async Task<IReadOnlyList<(ulong Position, AnchoredBatch Anchored, StoredBatch Stored)>> BlobsAtAsync(
        IReadOnlyList<ulong> positions,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        var blobs = new List<(ulong, AnchoredBatch, StoredBatch)>(positions.Count);
        (AnchoredBatch Anchored, StoredBatch Stored)? last = null;
        foreach (ulong position in positions)
        {
            if (last is not { } known || position >= known.Anchored.FirstBlob + known.Anchored.BlobCount)
            {
                AnchoredBatchRow? row = await connection.QueryFirstOrDefaultAsync<AnchoredBatchRow>(
                    AnchoredBatchRow.At,
                    new { position = (long)position }
                );
                AnchoredBatch anchored =
                    row?.ToBatch() is { } found && position < found.FirstBlob + found.BlobCount
                        ? found
                        : throw new InvalidDataException($"the ledger knows no batch at blob position {position}");
                BatchRow stored =
                    await connection.QueryFirstOrDefaultAsync<BatchRow>(
                        $"SELECT {BatchRow.Columns} FROM batch WHERE id = @id",
                        new { id = row.BatchId }
                    )
                    ?? throw new InvalidDataException(
                        $"batch {anchored.Batch} is anchored for this operator but not in its ledger"
                    );
                last = known = (anchored, stored.ToBatch());
            }

            blobs.Add((position, known.Anchored, known.Stored));
        }

        return blobs;
    }

    /// <summary>The epochs from <paramref name="first"/> on whose proof was seen on L1.</summary>
    public async Task<IReadOnlySet<ulong>> ProvenEpochsAsync(ulong first, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<long> epochs = await connection.QueryAsync<long>(
            "SELECT epoch FROM proof WHERE epoch >= @first",
            new { first = (long)first }
        );
        return epochs.Select(epoch => (ulong)epoch).ToHashSet();
    }

    /// <summary>The leaves of an anchor, 48 bytes each.</summary>
    /// <exception cref="InvalidDataException">There is no such anchor: the ledger is behind L1 or damaged.</exception>
    public async Task<byte[]> AnchorCommitmentsAsync(uint anchorIndex, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<byte[]>(
                "SELECT commitments FROM anchor WHERE anchor_index = @index",
                new { index = (long)anchorIndex }
            ) ?? throw new InvalidDataException($"the ledger knows no anchor {anchorIndex}");
    }

    /// <summary>
    /// The proofs from epoch <paramref name="first"/> to <paramref name="last"/> that were seen on L1, by epoch.
    /// </summary>
    public async Task<IReadOnlyList<ProofEvent>> ProofsAsync(
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<ProofRow> rows = await connection.QueryAsync<ProofRow>(
            """
            SELECT epoch AS Epoch, block_number AS BlockNumber, transaction_hash AS TransactionHash, seed AS Seed
            FROM proof WHERE epoch BETWEEN @first AND @last ORDER BY epoch
            """,
            new { first = (long)first, last = (long)last }
        );
        return [.. rows.Select(row => row.ToProof())];
    }

    /// <summary>The last block followed, or null at the start.</summary>
    public async Task<BlockPoint?> TipAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        BlockRow? row = await connection.QueryFirstOrDefaultAsync<BlockRow>(
            "SELECT number AS Number, hash AS Hash FROM followed_block ORDER BY number DESC LIMIT 1"
        );
        return row?.ToPoint();
    }

    /// <summary>The followed blocks that are kept, newest first.</summary>
    public async Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<BlockRow> rows = await connection.QueryAsync<BlockRow>(
            "SELECT number AS Number, hash AS Hash FROM followed_block ORDER BY number DESC"
        );
        return [.. rows.Select(row => row.ToPoint())];
    }

    /// <summary>Takes what a run of blocks held, and the new tip, in one transaction.</summary>
    /// <exception cref="LeaseLostException">Another operator follows L1 by now.</exception>
    public Task AdvanceAsync(
        BlockPoint tip,
        IReadOnlyList<AnchorEvent> anchors,
        IReadOnlyList<ProofEvent> proofs,
        CancellationToken cancellationToken
    ) =>
        WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                foreach (AnchorEvent seen in anchors)
                {
                    await AddAnchorAsync(seen, connection, transaction);
                }

                await connection.ExecuteAsync(
                    """
                    INSERT INTO proof (epoch, block_number, transaction_hash, seed) VALUES (@Epoch, @BlockNumber, @TransactionHash, @Seed)
                    ON CONFLICT (epoch) DO UPDATE SET block_number = excluded.block_number, transaction_hash = excluded.transaction_hash, seed = excluded.seed
                    """,
                    proofs.Select(proof => new
                    {
                        Epoch = (long)proof.Epoch,
                        BlockNumber = (long)proof.BlockNumber,
                        TransactionHash = proof.TransactionHash.ToArray(),
                        Seed = proof.Seed.ToArray(),
                    }),
                    transaction
                );
                await connection.ExecuteAsync(
                    "INSERT INTO followed_block (number, hash) VALUES (@Number, @Hash) ON CONFLICT (number) DO "
                        + "UPDATE SET hash = excluded.hash",
                    new { Number = (long)tip.Number, Hash = tip.Hash.ToArray() },
                    transaction
                );
                await connection.ExecuteAsync(
                    "DELETE FROM followed_block WHERE number <= @old",
                    new { old = (long)tip.Number - KeptBlocks },
                    transaction
                );
            },
            cancellationToken
        );

    /// <summary>
    /// Forgets everything seen in blocks after <paramref name="lastGood"/>: they are no longer part of the chain.
    /// Batches that lose their anchor wait for another.
    /// </summary>
    /// <param name="lastGood">The common ancestor's number, or -1 for following anew from the start.</param>
    /// <param name="cancellationToken">Stops the work; nothing is then forgotten.</param>
    /// <exception cref="LeaseLostException">Another operator follows L1 by now.</exception>
    public Task RollBackAsync(long lastGood, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    """
                    UPDATE batch SET waiting = 1
                    WHERE deleted_at IS NULL
                      AND id IN (SELECT b.batch_id FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE a.block_number > @lastGood);
                    DELETE FROM anchored_batch WHERE anchor_index IN (SELECT anchor_index FROM anchor WHERE block_number > @lastGood);
                    DELETE FROM anchor WHERE block_number > @lastGood;
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
                    DELETE FROM proof WHERE block_number > @lastGood;
                    DELETE FROM followed_block WHERE number > @lastGood;
                    """,
                    new { lastGood },
                    transaction
                ),
            cancellationToken
        );

    private static async Task AddAnchorAsync(AnchorEvent seen, DbConnection connection, DbTransaction transaction)
    {
        await connection.ExecuteAsync(
            """
            INSERT INTO anchor (anchor_index, root, first_blob, blob_count, block_number, expiry, transaction_hash, commitments)
            VALUES (@Index, @Root, @FirstBlob, @BlobCount, @BlockNumber, @Expiry, @TransactionHash, @Commitments)
            """,
            new
            {
                Index = (long)seen.Anchor.Index,
                Root = seen.Anchor.Root.ToArray(),
                FirstBlob = (long)seen.Anchor.FirstBlob,
                BlobCount = (long)seen.Anchor.BlobCount,
                BlockNumber = (long)seen.Anchor.BlockNumber,
                Expiry = (long)seen.Anchor.Expiry,
                TransactionHash = seen.TransactionHash.ToArray(),
                seen.Commitments,
            },
            transaction
        );
        foreach (AnchoredBatch batch in seen.Batches.Where(batch => batch.PayloadLength is not null))
        {
            await RebuildAsync(seen, batch, connection, transaction);
        }

        await connection.ExecuteAsync(
            """
            INSERT INTO anchored_batch (first_blob, blob_count, anchor_index, batch_id) VALUES (@FirstBlob, @BlobCount, @AnchorIndex, @BatchId);
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
                FirstBlob = (long)batch.FirstBlob,
                BlobCount = (long)batch.BlobCount,
                AnchorIndex = (long)batch.AnchorIndex,
                BatchId = batch.Batch.Value.ToArray(),
                BlockNumber = (long)seen.Anchor.BlockNumber,
            }),
            transaction
        );
    }

    /// <summary>
    /// Makes the row of a batch that this operator anchored and that is not in its ledger, say since another ledger
    /// was lost, from what L1 says of it. Its rows may be at the
    /// providers; its payload's hash is not known before it is read, and the id stands in its place.
    /// </summary>
    private static async Task RebuildAsync(
        AnchorEvent seen,
        AnchoredBatch batch,
        DbConnection connection,
        DbTransaction transaction
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
            return; // What would be made is not what was anchored.
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
            transaction
        );
    }

    private sealed record AnchorRow(
        long AnchorIndex,
        byte[] Root,
        long FirstBlob,
        long BlobCount,
        long BlockNumber,
        long Expiry
    )
    {
        public const string Columns =
            "anchor_index AS AnchorIndex, root AS Root, first_blob AS FirstBlob, blob_count AS BlobCount, "
            + "block_number AS BlockNumber, expiry AS Expiry";

        public Anchor ToAnchor() =>
            new(
                (uint)AnchorIndex,
                Bytes32.FromBytes(Root),
                (ulong)FirstBlob,
                (uint)BlobCount,
                (ulong)BlockNumber,
                (ulong)Expiry
            );
    }

    private sealed record AnchoredBatchRow(long FirstBlob, long BlobCount, long AnchorIndex, byte[] BatchId)
    {
        public const string At = """
            SELECT first_blob AS FirstBlob, blob_count AS BlobCount, anchor_index AS AnchorIndex, batch_id AS BatchId
            FROM anchored_batch WHERE first_blob <= @position ORDER BY first_blob DESC LIMIT 1
            """;

        public AnchoredBatch ToBatch() =>
            new(new BatchId(Bytes32.FromBytes(BatchId)), (uint)AnchorIndex, (ulong)FirstBlob, (uint)BlobCount);
    }

    private sealed record AnchoringRow(
        long FirstBlob,
        long BlobCount,
        long AnchorIndex,
        byte[] Root,
        long AnchorFirstBlob,
        long AnchorBlobCount,
        long BlockNumber,
        long Expiry,
        byte[] TransactionHash
    )
    {
        public AnchoredBatch ToBatch(BatchId id) => new(id, (uint)AnchorIndex, (ulong)FirstBlob, (uint)BlobCount);

        public Anchor ToAnchor() =>
            new(
                (uint)AnchorIndex,
                Bytes32.FromBytes(Root),
                (ulong)AnchorFirstBlob,
                (uint)AnchorBlobCount,
                (ulong)BlockNumber,
                (ulong)Expiry
            );
    }

    private sealed record ProofRow(long Epoch, long BlockNumber, byte[] TransactionHash, byte[] Seed)
    {
        public ProofEvent ToProof() =>
            new((ulong)Epoch, (ulong)BlockNumber, Bytes32.FromBytes(TransactionHash), Bytes32.FromBytes(Seed));
    }

    private sealed record BlockRow(long Number, byte[] Hash)
    {
        public BlockPoint ToPoint() => new((ulong)Number, Bytes32.FromBytes(Hash));
    }
}
