using System.Data.Common;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Persistence;

/// <content>The batches' anchors on L1.</content>
internal sealed partial class Ledger
{
    /// <summary>
    /// The index of the first anchor that is live at a block: all before it have expired. 0 if none has expired.
    /// </summary>
    public async Task<uint> FirstLiveAnchorAsync(ulong block, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return (uint)
            await connection.ExecuteScalarAsync<long>(
                "SELECT COALESCE((SELECT anchor_index + 1 FROM anchor WHERE expiry <= @block "
                    + "ORDER BY expiry DESC, anchor_index DESC LIMIT 1), 0)",
                new { block = (long)block },
                cancellationToken
            );
    }

    /// <summary>The index of this operator's events on L1; the ledger contains no other operator's.</summary>
    public ChainIndex Index { get; } = new(database);

    /// <summary>The latest anchoring of a batch, with its anchor, or null if no anchor contains it.</summary>
    public async Task<(AnchoredBatch Batch, Anchor Anchor, Bytes32 TransactionHash)?> FindAnchoringAsync(
        BatchId id,
        CancellationToken cancellationToken
    ) =>
        await Index.LastAnchoringAsync(id, cancellationToken) is { } last
            ? (last.Batch, last.Anchor, last.TransactionHash)
            : null;

    /// <summary>Whether the promise of another term needs an anchor that is not owed yet.</summary>
    /// <param name="batch">The batch as the ledger has it.</param>
    /// <param name="anchorFrom">As in <see cref="AddBatchAsync"/>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<bool> NeedsAnchorAsync(
        StoredBatch batch,
        long? anchorFrom,
        CancellationToken cancellationToken
    ) =>
        batch.OwedSince is null
        && (
            anchorFrom is null
            || await Index.LastAnchoringAsync(batch.Id, cancellationToken) is not { } last
            || (long)last.Anchor.BlockNumber < anchorFrom
        );

    /// <summary>The term of a batch at an L1 block, read in one snapshot.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="block">The block.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>
    /// The last block that was read; the latest expiry of the batch's anchors up to the block, null if there are none;
    /// whether a promise of another term covered the block (made before it, with its anchor still owed or not expired);
    /// and whether this ledger existed at that block, so that it knows all promises.
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
            new { id = id.Value.ToArray(), block = (long)Math.Min(block, long.MaxValue) },
            cancellationToken
        );
        return ((ulong?)tip, (ulong?)expiry, promises > 0, began <= (long)Math.Min(block, long.MaxValue));
    }

    /// <summary>The first anchor in the index, or null.</summary>
    public async Task<Anchor?> FirstAnchorAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return (
            await connection.QueryFirstOrDefaultAsync<ChainIndex.AnchorRow>(
                $"SELECT {ChainIndex.AnchorRow.Columns} FROM anchor ORDER BY anchor_index LIMIT 1",
                cancellationToken
            )
        )?.ToAnchor();
    }

    /// <summary>The anchored batch that covers a blob position, or null.</summary>
    public async Task<AnchoredBatch?> FindBatchAtAsync(ulong position, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        AnchoredBatchRow? row = await connection.QueryFirstOrDefaultAsync<AnchoredBatchRow>(
            AnchoredBatchRow.At,
            new { position = (long)position },
            cancellationToken
        );
        return row is null || (ulong)(row.FirstBlob + row.BlobCount) <= position ? null : row.ToBatch();
    }

    /// <summary>The anchored batches that cover blob positions, each with its ledger record.</summary>
    /// <param name="positions">Positions in ascending order.</param>
    /// <exception cref="InvalidDataException">
    /// No anchor covers a position, or the batch that covers it is not in the ledger: the ledger is behind L1 or
    /// damaged.
    /// </exception>
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
                    new { position = (long)position },
                    cancellationToken
                );
                AnchoredBatch anchored =
                    row?.ToBatch() is { } found && position < found.FirstBlob + found.BlobCount
                        ? found
                        : throw new InvalidDataException($"the ledger knows no batch at blob position {position}");
                BatchRow stored =
                    await connection.QueryFirstOrDefaultAsync<BatchRow>(
                        $"SELECT {BatchRow.Columns} FROM batch WHERE id = @id",
                        new { id = row.BatchId },
                        cancellationToken
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

    /// <summary>The epochs from <paramref name="first"/> on whose proof is on L1.</summary>
    public async Task<IReadOnlySet<ulong>> ProvenEpochsAsync(ulong first, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<long> epochs = await connection.QueryAsync<long>(
            "SELECT epoch FROM proof WHERE epoch >= @first",
            new { first = (long)first },
            cancellationToken
        );
        return epochs.Select(epoch => (ulong)epoch).ToHashSet();
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
}
