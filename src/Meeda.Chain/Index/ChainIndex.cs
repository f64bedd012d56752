using System.Data.Common;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Index;

/// <summary>
/// The contract's logs about operators, in a database: anchors with their leaves and batches, proofs, demands, and the
/// blocks that were read. All of it can be read from L1 again.
/// </summary>
/// <param name="database">The database with the tables of <see cref="Schema"/>.</param>
internal sealed partial class ChainIndex(Database database) : IAnchorRecord
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<Anchor>> AnchorsAsync(Address operatorAddress, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<AnchorRow> rows = await connection.QueryAsync<AnchorRow>(
            $"SELECT {AnchorRow.Columns} FROM anchor WHERE operator = @address ORDER BY anchor_index",
            new { address = operatorAddress.ToArray() },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToAnchor())];
    }

    /// <summary>An operator's anchor with the highest index (null for none), and the number of all.</summary>
    public async Task<(Anchor? Last, long Count)> LastAnchorAsync(
        Address operatorAddress,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        Anchor? last = await FindAnchorAsync(
            connection,
            operatorAddress,
            "anchor_index >= @number ORDER BY anchor_index DESC",
            0,
            cancellationToken
        );
        return (
            last,
            await connection.ExecuteScalarAsync<long>(
                "SELECT COUNT(*) FROM anchor WHERE operator = @address",
                new { address = operatorAddress.ToArray() },
                cancellationToken
            )
        );
    }

    /// <summary>The live range and the anchors that bound it; each query uses an index of the table.</summary>
    /// <inheritdoc cref="IAnchorRecord.LiveRangeAsync"/>
    public async Task<(LiveRange Range, RangeHints Hints)?> LiveRangeAsync(
        Address operatorAddress,
        EpochParameters parameters,
        ulong epoch,
        CancellationToken cancellationToken
    )
    {
        ulong block = parameters.BlockOf(epoch);
        ulong hotSpan = (ulong)parameters.HotEpochs * parameters.EpochBlocks;
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        Anchor? last = await FindAsync("block_number < @number ORDER BY block_number DESC, anchor_index DESC", block);
        Anchor? lo = await FindAsync("expiry > @number ORDER BY expiry, anchor_index", block);
        if (last is null || lo is null || lo.Index > last.Index)
        {
            return null;
        }

        uint end = last.Index + 1;
        Anchor? hot = await FindAsync(
            "block_number >= @number ORDER BY block_number, anchor_index",
            block > hotSpan ? block - hotSpan : 0
        );
        (uint hotIndex, ulong hotBlob) =
            hot is null || hot.Index >= end ? (end, last.EndBlob)
            : hot.Index < lo.Index ? (lo.Index, lo.FirstBlob)
            : (hot.Index, hot.FirstBlob);
        return (new LiveRange(lo.FirstBlob, hotBlob, last.EndBlob), new RangeHints(lo.Index, hotIndex, end));

        Task<Anchor?> FindAsync(string condition, ulong number) =>
            FindAnchorAsync(connection, operatorAddress, condition, number, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Anchor>> AnchorsAtAsync(
        Address operatorAddress,
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
                && await FindAnchorAsync(
                    connection,
                    operatorAddress,
                    "first_blob <= @number ORDER BY first_blob DESC",
                    position,
                    cancellationToken
                )
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
    /// <exception cref="InvalidDataException">There is no such anchor: the index is behind L1 or damaged.</exception>
    public async Task<byte[]> CommitmentsAsync(
        Address operatorAddress,
        uint anchorIndex,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<byte[]>(
                "SELECT commitments FROM anchor WHERE operator = @address AND anchor_index = @index",
                new { address = operatorAddress.ToArray(), index = (long)anchorIndex },
                cancellationToken
            ) ?? throw new InvalidDataException($"the index knows no anchor {anchorIndex} of {operatorAddress}");
    }

    /// <inheritdoc/>
    public async Task<Bytes32> IdRootAsync(
        Address operatorAddress,
        uint anchorIndex,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        byte[][] ids =
        [
            .. await connection.QueryAsync<byte[]>(
                "SELECT batch_id FROM anchored_batch WHERE operator = @address AND anchor_index = @index "
                    + "ORDER BY first_blob",
                new { address = operatorAddress.ToArray(), index = (long)anchorIndex },
                cancellationToken
            ),
        ];
        return ids.Length > 0
            ? AnchorRoots.IdRootOf([.. ids.Select(id => new BatchId(Bytes32.FromBytes(id)))])
            : throw new InvalidDataException($"the index knows no anchor {anchorIndex} of {operatorAddress}");
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BatchAnchoring>> AnchoringsAsync(BatchId id, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<AnchoringRow> rows = await connection.QueryAsync<AnchoringRow>(
            AnchoringRow.OfBatch + " b.operator, b.first_blob",
            new { id = id.Value.ToArray() },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToAnchoring(id))];
    }

    /// <summary>The newest anchoring of a batch, or null where no anchor contains it.</summary>
    public async Task<BatchAnchoring?> LastAnchoringAsync(BatchId id, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        AnchoringRow? row = await connection.QueryFirstOrDefaultAsync<AnchoringRow>(
            AnchoringRow.OfBatch + " b.first_blob DESC LIMIT 1",
            new { id = id.Value.ToArray() },
            cancellationToken
        );
        return row?.ToAnchoring(id);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ProofEvent>> ProofsAsync(
        Address operatorAddress,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<ProofRow> rows = await connection.QueryAsync<ProofRow>(
            $"SELECT {ProofRow.Columns} FROM proof WHERE operator = @address AND epoch BETWEEN @first AND @last "
                + "ORDER BY epoch",
            new
            {
                address = operatorAddress.ToArray(),
                first = (long)first,
                last = (long)Math.Min(last, long.MaxValue),
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToProof())];
    }

    /// <inheritdoc/>
    public async Task<BlockPoint?> TipAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        BlockRow? row = await connection.QueryFirstOrDefaultAsync<BlockRow>(
            BlockRow.NewestFirst + " LIMIT 1",
            cancellationToken
        );
        return row?.ToPoint();
    }

    /// <summary>The blocks that are kept for finding a common ancestor, newest first.</summary>
    public async Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<BlockRow> rows = await connection.QueryAsync<BlockRow>(BlockRow.NewestFirst, cancellationToken);
        return [.. rows.Select(row => row.ToPoint())];
    }

    private static async Task<Anchor?> FindAnchorAsync(
        DbConnection connection,
        Address operatorAddress,
        string condition,
        ulong number,
        CancellationToken cancellationToken
    )
    {
        AnchorRow? row = await connection.QueryFirstOrDefaultAsync<AnchorRow>(
            $"SELECT {AnchorRow.Columns} FROM anchor WHERE operator = @address AND {condition} LIMIT 1",
            new { address = operatorAddress.ToArray(), number = (long)Math.Min(number, long.MaxValue) },
            cancellationToken
        );
        return row?.ToAnchor();
    }
}
