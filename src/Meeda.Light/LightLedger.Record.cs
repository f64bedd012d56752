using Dapper;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Microsoft.Data.Sqlite;

namespace Meeda.Light;

/// <summary>What the ledger holds of L1, for whoever verifies.</summary>
internal sealed partial class LightLedger : IAnchorRecord
{
    // Every operator's anchors without their leaves, as last read: each look at a proof needs all of them, and a year
    // of them fits in memory.
    private readonly Dictionary<Address, IReadOnlyList<Anchor>> _anchors = [];
    private readonly Lock _gate = new();
    private long _changes;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Anchor>> AnchorsAsync(Address operatorAddress, CancellationToken cancellationToken)
    {
        long changes;
        lock (_gate)
        {
            if (_anchors.TryGetValue(operatorAddress, out IReadOnlyList<Anchor>? known))
            {
                return known;
            }

            changes = _changes;
        }

        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<AnchorRow> rows = await connection.QueryAsync<AnchorRow>(
            $"SELECT {AnchorRow.Columns} FROM anchor WHERE operator = @address ORDER BY anchor_index",
            new { address = operatorAddress.ToArray() }
        );
        Anchor[] anchors = [.. rows.Select(row => row.ToAnchor())];
        lock (_gate)
        {
            if (changes == _changes && anchors.Length > 0)
            {
                _anchors[operatorAddress] = anchors;
            }
        }

        return anchors;
    }

    /// <inheritdoc/>
    public async Task<byte[]> CommitmentsAsync(
        Address operatorAddress,
        uint anchorIndex,
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        return (
            await connection.ExecuteScalarAsync<byte[]>(
                "SELECT commitments FROM anchor WHERE operator = @address AND anchor_index = @index",
                new { address = operatorAddress.ToArray(), index = (long)anchorIndex }
            )
        )!;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BatchAnchoring>> AnchoringsAsync(BatchId id, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<AnchorRow> rows = await connection.QueryAsync<AnchorRow>(
            """
            SELECT b.operator AS Operator, b.first_blob AS BatchFirstBlob, b.blob_count AS BatchBlobCount, a.anchor_index AS AnchorIndex, a.root AS Root,
                   a.first_blob AS FirstBlob, a.blob_count AS BlobCount, a.block_number AS BlockNumber, a.expiry AS Expiry, a.transaction_hash AS TransactionHash
            FROM batch b JOIN anchor a ON a.operator = b.operator AND a.anchor_index = b.anchor_index
            WHERE b.id = @id ORDER BY b.operator, b.first_blob
            """,
            new { id = id.Value.ToArray() }
        );
        return [.. rows.Select(row => row.ToAnchoring(id))];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ProofEvent>> ProofsAsync(
        Address operatorAddress,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<(long Epoch, long BlockNumber, byte[] TransactionHash, byte[] Seed)> rows =
            await connection.QueryAsync<(long, long, byte[], byte[])>(
                "SELECT epoch, block_number, transaction_hash, seed FROM proof WHERE operator = @address AND "
                    + "epoch BETWEEN @first AND @last ORDER BY epoch",
                new
                {
                    address = operatorAddress.ToArray(),
                    first = (long)first,
                    last = (long)last,
                }
            );
        return
        [
            .. rows.Select(row => new ProofEvent(
                (ulong)row.Epoch,
                (ulong)row.BlockNumber,
                Bytes32.FromBytes(row.TransactionHash),
                Bytes32.FromBytes(row.Seed)
            )),
        ];
    }

    /// <inheritdoc/>
    public async Task<BlockPoint?> TipAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        (long Number, byte[] Hash)? row = await connection.QueryFirstOrDefaultAsync<(long, byte[])?>(
            "SELECT number, hash FROM followed_block ORDER BY number DESC LIMIT 1"
        );
        return row is { } found ? new BlockPoint((ulong)found.Number, Bytes32.FromBytes(found.Hash)) : null;
    }

    /// <summary>Adds new anchors to what is remembered, so that it need not be read anew.</summary>
    private void Remember(IEnumerable<OperatorAnchor> added)
    {
        lock (_gate)
        {
            _changes++;
            foreach (IGrouping<Address, OperatorAnchor> each in added.GroupBy(anchor => anchor.Operator))
            {
                if (_anchors.TryGetValue(each.Key, out IReadOnlyList<Anchor>? known))
                {
                    _anchors[each.Key] =
                    [
                        .. known,
                        .. each.Select(anchor => anchor.Seen.Anchor).OrderBy(anchor => anchor.Index),
                    ];
                }
            }
        }
    }

    /// <summary>Drops what is remembered of the anchors.</summary>
    private void Forget()
    {
        lock (_gate)
        {
            _changes++;
            _anchors.Clear();
        }
    }

    private sealed class AnchorRow
    {
        public const string Columns =
            "anchor_index AS AnchorIndex, root AS Root, first_blob AS FirstBlob, blob_count AS BlobCount, "
            + "block_number AS BlockNumber, expiry AS Expiry";

        public long AnchorIndex { get; init; }

        public byte[] Root { get; init; } = [];

        public long FirstBlob { get; init; }

        public long BlobCount { get; init; }

        public long BlockNumber { get; init; }

        public long Expiry { get; init; }

        public byte[] Operator { get; init; } = [];

        public byte[] TransactionHash { get; init; } = [];

        public byte[] Commitments { get; init; } = [];

        public long BatchFirstBlob { get; init; }

        public long BatchBlobCount { get; init; }

        public Anchor ToAnchor() =>
            new(
                (uint)AnchorIndex,
                Bytes32.FromBytes(Root),
                (ulong)FirstBlob,
                (uint)BlobCount,
                (ulong)BlockNumber,
                (ulong)Expiry
            );

        public OperatorAnchor ToOperatorAnchor() =>
            new(
                Address.FromBytes(Operator),
                new AnchorEvent(ToAnchor(), Bytes32.FromBytes(TransactionHash), Commitments, [])
            );

        public BatchAnchoring ToAnchoring(BatchId id) =>
            new(
                Address.FromBytes(Operator),
                new AnchoredBatch(id, (uint)AnchorIndex, (ulong)BatchFirstBlob, (uint)BatchBlobCount),
                ToAnchor(),
                Bytes32.FromBytes(TransactionHash)
            );
    }
}
