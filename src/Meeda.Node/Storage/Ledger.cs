using System.Data.Common;
using Dapper;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Microsoft.Data.Sqlite;

namespace Meeda.Node.Storage;

/// <summary>A batch that the operator has promised to keep.</summary>
/// <param name="Id">Its batch id.</param>
/// <param name="PayloadHash">Keccak-256 of the payload.</param>
/// <param name="PayloadLength">The payload's bytes.</param>
/// <param name="Commitments">Its blobs' compressed commitments, 48 bytes each, in order.</param>
/// <param name="StoredAt">When it became durable here.</param>
internal sealed record StoredBatch(BatchId Id, Bytes32 PayloadHash, uint PayloadLength, byte[] Commitments, DateTimeOffset StoredAt)
{
    /// <summary>The number of blobs.</summary>
    public int BlobCount => Commitments.Length / KzgCommitment.Length;
}

/// <summary>Where a batch stands on L1.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="AnchorIndex">The operator's anchor that holds it.</param>
/// <param name="FirstBlob">The operator's position of the batch's first blob.</param>
/// <param name="BlobCount">Its blobs.</param>
internal sealed record AnchoredBatch(BatchId Batch, uint AnchorIndex, ulong FirstBlob, uint BlobCount);

/// <summary>An anchor seen on L1 with the batches it holds.</summary>
internal sealed record AnchorSeen(Anchor Anchor, Bytes32 TransactionHash, byte[] Commitments, IReadOnlyList<AnchoredBatch> Batches);

/// <summary>A proof of an epoch seen on L1, with the seed that the contract used.</summary>
internal sealed record ProofSeen(ulong Epoch, ulong BlockNumber, Bytes32 TransactionHash, Bytes32 Seed);

/// <summary>A demand seen on L1.</summary>
/// <param name="Id">Its number in the contract.</param>
/// <param name="Operator">The operator that must answer.</param>
/// <param name="Position">The operator's position of the blob.</param>
/// <param name="Demander">Who demanded, and is paid if nobody answers.</param>
/// <param name="VersionedHash">What the published blob must hash to (EIP-4844).</param>
/// <param name="Deadline">The last block in which it may be answered.</param>
/// <param name="BlockNumber">The block of the demand.</param>
internal sealed record DemandSeen(ulong Id, Address Operator, ulong Position, Address Demander, Bytes32 VersionedHash, ulong Deadline, ulong BlockNumber);

/// <summary>A block that the follower has read up to.</summary>
internal readonly record struct BlockPoint(ulong Number, Bytes32 Hash);

/// <summary>
/// The operator's only durable state beside the rows: what was promised, and what of it was seen on L1. SQLite in WAL mode with
/// <c>synchronous=FULL</c>: a commit that returned survives a power cut.
/// </summary>
internal sealed class Ledger
{
    // Followed blocks kept for finding the common ancestor after a reorg; deeper ones than this are followed anew from the start.
    private const int KeptBlocks = 512;

    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE batch (
            sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
            id             BLOB NOT NULL UNIQUE,
            payload_hash   BLOB NOT NULL UNIQUE,
            payload_length INTEGER NOT NULL,
            commitments    BLOB NOT NULL,
            stored_at      INTEGER NOT NULL
        );
        CREATE TABLE anchor (
            anchor_index     INTEGER PRIMARY KEY,
            root             BLOB NOT NULL,
            first_blob       INTEGER NOT NULL,
            blob_count       INTEGER NOT NULL,
            block_number     INTEGER NOT NULL,
            expiry           INTEGER NOT NULL,
            transaction_hash BLOB NOT NULL,
            commitments      BLOB NOT NULL
        );
        CREATE TABLE anchored_batch (
            first_blob   INTEGER PRIMARY KEY,
            blob_count   INTEGER NOT NULL,
            anchor_index INTEGER NOT NULL REFERENCES anchor (anchor_index) ON DELETE CASCADE,
            batch_id     BLOB NOT NULL
        );
        CREATE INDEX anchored_batch_id ON anchored_batch (batch_id);
        CREATE TABLE proof (
            epoch            INTEGER PRIMARY KEY,
            block_number     INTEGER NOT NULL,
            transaction_hash BLOB NOT NULL,
            seed             BLOB NOT NULL
        );
        CREATE TABLE followed_block (
            number INTEGER PRIMARY KEY,
            hash   BLOB NOT NULL
        );
        """,
    ];

    private readonly string _connectionString;

    private Ledger(string path)
    {
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, DefaultTimeout = 30 }.ToString();
    }

    /// <summary>Opens the ledger in a folder and brings its schema up to date.</summary>
    /// <exception cref="SqliteException">The file cannot be opened or written.</exception>
    public static async Task<Ledger> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        var ledger = new Ledger(Path.Combine(folder, "ledger.sqlite"));
        await using SqliteConnection connection = await ledger.ConnectAsync(cancellationToken);
        await connection.ExecuteAsync("PRAGMA journal_mode = WAL");
        long version = await connection.ExecuteScalarAsync<long>("PRAGMA user_version");
        if (version > Migrations.Length)
        {
            throw new InvalidDataException($"the ledger's schema is version {version}, this program knows up to {Migrations.Length}: it was written by a newer one");
        }

        for (long next = version; next < Migrations.Length; next++)
        {
            await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(Migrations[next], transaction: transaction);
            await connection.ExecuteAsync($"PRAGMA user_version = {next + 1}", transaction: transaction);
            await transaction.CommitAsync(cancellationToken);
        }

        return ledger;
    }

    /// <summary>Records a batch durably. A batch that is there already stays as it is.</summary>
    public async Task AddBatchAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            INSERT INTO batch (id, payload_hash, payload_length, commitments, stored_at)
            VALUES (@Id, @PayloadHash, @PayloadLength, @Commitments, @StoredAt)
            ON CONFLICT DO NOTHING
            """,
            new
            {
                Id = batch.Id.Value.ToArray(),
                PayloadHash = batch.PayloadHash.ToArray(),
                PayloadLength = (long)batch.PayloadLength,
                batch.Commitments,
                StoredAt = batch.StoredAt.ToUnixTimeMilliseconds(),
            });
    }

    /// <summary>The batch of that id, or null: then it was never stored here.</summary>
    public Task<StoredBatch?> FindBatchAsync(BatchId id, CancellationToken cancellationToken) => FindAsync("id", id.Value, cancellationToken);

    /// <summary>The batch whose payload has that Keccak-256, or null: then it was never stored here.</summary>
    public Task<StoredBatch?> FindBatchByPayloadAsync(Bytes32 payloadHash, CancellationToken cancellationToken) =>
        FindAsync("payload_hash", payloadHash, cancellationToken);

    /// <summary>Stored batches with their sequence numbers, from behind <paramref name="sequence"/> on, oldest first.</summary>
    public async Task<IReadOnlyList<(long Sequence, StoredBatch Batch)>> BatchesAfterAsync(long sequence, int count, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        long[] sequences = [.. await connection.QueryAsync<long>(
            "SELECT sequence FROM batch WHERE sequence > @sequence ORDER BY sequence LIMIT @count", new { sequence, count })];
        IEnumerable<BatchRow> rows = await connection.QueryAsync<BatchRow>(
            $"SELECT {BatchRow.Columns} FROM batch WHERE sequence > @sequence ORDER BY sequence LIMIT @count", new { sequence, count = sequences.Length });
        return [.. sequences.Zip(rows, (number, row) => (number, row.ToBatch()))];
    }

    /// <summary>The batches that no anchor holds, oldest first, as many as fit <paramref name="maxBlobs"/> blobs.</summary>
    public async Task<IReadOnlyList<StoredBatch>> WaitingBatchesAsync(int maxBlobs, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<BatchRow> rows = await connection.QueryAsync<BatchRow>(
            $"""
            SELECT {BatchRow.Columns} FROM batch
            WHERE NOT EXISTS (SELECT 1 FROM anchored_batch WHERE batch_id = batch.id)
            ORDER BY sequence LIMIT @maxBlobs
            """,
            new { maxBlobs });
        var fitting = new List<StoredBatch>();
        int blobs = 0;
        foreach (StoredBatch batch in rows.Select(row => row.ToBatch()))
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

    /// <summary>The latest anchoring of a batch, with its anchor, or null where no anchor holds it.</summary>
    public async Task<(AnchoredBatch Batch, Anchor Anchor, Bytes32 TransactionHash)?> FindAnchoringAsync(BatchId id, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        AnchoringRow? row = await connection.QueryFirstOrDefaultAsync<AnchoringRow>(
            """
            SELECT b.first_blob AS FirstBlob, b.blob_count AS BlobCount, a.anchor_index AS AnchorIndex, a.root AS Root, a.first_blob AS AnchorFirstBlob,
                   a.blob_count AS AnchorBlobCount, a.block_number AS BlockNumber, a.expiry AS Expiry, a.transaction_hash AS TransactionHash
            FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index
            WHERE b.batch_id = @id ORDER BY b.first_blob DESC LIMIT 1
            """,
            new { id = id.Value.ToArray() });
        return row is null ? null : (row.ToBatch(id), row.ToAnchor(), Bytes32.FromBytes(row.TransactionHash));
    }

    /// <summary>The anchors that hold a batch and stand in L1 blocks up to one.</summary>
    public async Task<IReadOnlyList<Anchor>> AnchorsOfAsync(BatchId id, ulong lastBlock, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<AnchorRow> rows = await connection.QueryAsync<AnchorRow>(
            """
            SELECT a.anchor_index AS AnchorIndex, a.root AS Root, a.first_blob AS FirstBlob, a.blob_count AS BlobCount, a.block_number AS BlockNumber, a.expiry AS Expiry
            FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index
            WHERE b.batch_id = @id AND a.block_number <= @lastBlock
            """,
            new { id = id.Value.ToArray(), lastBlock = (long)Math.Min(lastBlock, long.MaxValue) });
        return [.. rows.Select(row => row.ToAnchor())];
    }

    /// <summary>All anchors of this operator, by index.</summary>
    public async Task<IReadOnlyList<Anchor>> AnchorsAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<AnchorRow> rows = await connection.QueryAsync<AnchorRow>(
            """
            SELECT anchor_index AS AnchorIndex, root AS Root, first_blob AS FirstBlob, blob_count AS BlobCount, block_number AS BlockNumber, expiry AS Expiry
            FROM anchor ORDER BY anchor_index
            """);
        return [.. rows.Select(row => row.ToAnchor())];
    }

    /// <summary>The anchored batch that covers a blob position, or null where none does.</summary>
    public async Task<AnchoredBatch?> FindBatchAtAsync(ulong position, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        AnchoredBatchRow? row = await connection.QueryFirstOrDefaultAsync<AnchoredBatchRow>(AnchoredBatchRow.At, new { position = (long)position });
        return row is null || (ulong)(row.FirstBlob + row.BlobCount) <= position ? null : row.ToBatch();
    }

    /// <summary>The anchored batches that cover blob positions, each with what was stored of it.</summary>
    /// <param name="positions">Positions in ascending order.</param>
    /// <exception cref="InvalidDataException">A position is covered by no anchor, or by a batch that was not stored here: the ledger is behind L1 or damaged.</exception>
    public async Task<IReadOnlyList<(ulong Position, AnchoredBatch Anchored, StoredBatch Stored)>> BlobsAtAsync(IReadOnlyList<ulong> positions, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        var blobs = new List<(ulong, AnchoredBatch, StoredBatch)>(positions.Count);
        (AnchoredBatch Anchored, StoredBatch Stored)? last = null;
        foreach (ulong position in positions)
        {
            if (last is not { } known || position >= known.Anchored.FirstBlob + known.Anchored.BlobCount)
            {
                AnchoredBatchRow? row = await connection.QueryFirstOrDefaultAsync<AnchoredBatchRow>(AnchoredBatchRow.At, new { position = (long)position });
                AnchoredBatch anchored = row?.ToBatch() is { } found && position < found.FirstBlob + found.BlobCount
                    ? found
                    : throw new InvalidDataException($"the ledger knows no batch at blob position {position}");
                BatchRow stored = await connection.QueryFirstOrDefaultAsync<BatchRow>($"SELECT {BatchRow.Columns} FROM batch WHERE id = @id", new { id = row.BatchId })
                    ?? throw new InvalidDataException($"batch {anchored.Batch} is anchored for this operator but not in its ledger");
                last = known = (anchored, stored.ToBatch());
            }

            blobs.Add((position, known.Anchored, known.Stored));
        }

        return blobs;
    }

    /// <summary>The epochs from <paramref name="first"/> on whose proof was seen on L1.</summary>
    public async Task<IReadOnlySet<ulong>> ProvenEpochsAsync(ulong first, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<long> epochs = await connection.QueryAsync<long>("SELECT epoch FROM proof WHERE epoch >= @first", new { first = (long)first });
        return epochs.Select(epoch => (ulong)epoch).ToHashSet();
    }

    /// <summary>The leaves of an anchor, 48 bytes each.</summary>
    /// <exception cref="InvalidDataException">There is no such anchor: the ledger is behind L1 or damaged.</exception>
    public async Task<byte[]> AnchorCommitmentsAsync(uint anchorIndex, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<byte[]>("SELECT commitments FROM anchor WHERE anchor_index = @index", new { index = (long)anchorIndex })
            ?? throw new InvalidDataException($"the ledger knows no anchor {anchorIndex}");
    }

    /// <summary>The proofs from epoch <paramref name="first"/> to <paramref name="last"/> that were seen on L1, by epoch.</summary>
    public async Task<IReadOnlyList<ProofSeen>> ProofsAsync(ulong first, ulong last, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<ProofRow> rows = await connection.QueryAsync<ProofRow>(
            """
            SELECT epoch AS Epoch, block_number AS BlockNumber, transaction_hash AS TransactionHash, seed AS Seed
            FROM proof WHERE epoch BETWEEN @first AND @last ORDER BY epoch
            """,
            new { first = (long)first, last = (long)last });
        return [.. rows.Select(row => row.ToProof())];
    }

    /// <summary>The last block followed, or null at the start.</summary>
    public async Task<BlockPoint?> TipAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        BlockRow? row = await connection.QueryFirstOrDefaultAsync<BlockRow>(
            "SELECT number AS Number, hash AS Hash FROM followed_block ORDER BY number DESC LIMIT 1");
        return row?.ToPoint();
    }

    /// <summary>The followed blocks that are kept, newest first.</summary>
    public async Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<BlockRow> rows = await connection.QueryAsync<BlockRow>(
            "SELECT number AS Number, hash AS Hash FROM followed_block ORDER BY number DESC");
        return [.. rows.Select(row => row.ToPoint())];
    }

    /// <summary>Takes what a run of blocks held, and the new tip, in one transaction.</summary>
    public async Task AdvanceAsync(
        BlockPoint tip, IReadOnlyList<AnchorSeen> anchors, IReadOnlyList<ProofSeen> proofs, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach (AnchorSeen seen in anchors)
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
                transaction);
            await connection.ExecuteAsync(
                "INSERT INTO anchored_batch (first_blob, blob_count, anchor_index, batch_id) VALUES (@FirstBlob, @BlobCount, @AnchorIndex, @BatchId)",
                seen.Batches.Select(batch => new
                {
                    FirstBlob = (long)batch.FirstBlob,
                    BlobCount = (long)batch.BlobCount,
                    AnchorIndex = (long)batch.AnchorIndex,
                    BatchId = batch.Batch.Value.ToArray(),
                }),
                transaction);
        }

        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO proof (epoch, block_number, transaction_hash, seed) VALUES (@Epoch, @BlockNumber, @TransactionHash, @Seed)",
            proofs.Select(proof => new
            {
                Epoch = (long)proof.Epoch,
                BlockNumber = (long)proof.BlockNumber,
                TransactionHash = proof.TransactionHash.ToArray(),
                Seed = proof.Seed.ToArray(),
            }),
            transaction);
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO followed_block (number, hash) VALUES (@Number, @Hash)",
            new { Number = (long)tip.Number, Hash = tip.Hash.ToArray() },
            transaction);
        await connection.ExecuteAsync(
            "DELETE FROM followed_block WHERE number <= @old", new { old = (long)tip.Number - KeptBlocks }, transaction);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Forgets everything seen in blocks after <paramref name="lastGood"/>: they are no longer part of the chain.</summary>
    /// <param name="lastGood">The common ancestor's number, or -1 for following anew from the start.</param>
    public async Task RewindAsync(long lastGood, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            DELETE FROM anchored_batch WHERE anchor_index IN (SELECT anchor_index FROM anchor WHERE block_number > @lastGood);
            DELETE FROM anchor WHERE block_number > @lastGood;
            DELETE FROM proof WHERE block_number > @lastGood;
            DELETE FROM followed_block WHERE number > @lastGood;
            """,
            new { lastGood },
            transaction);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<StoredBatch?> FindAsync(string column, Bytes32 value, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        BatchRow? row = await connection.QueryFirstOrDefaultAsync<BatchRow>(
            $"SELECT {BatchRow.Columns} FROM batch WHERE {column} = @value", new { value = value.ToArray() });
        return row?.ToBatch();
    }

    private async Task<SqliteConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await connection.ExecuteAsync("PRAGMA synchronous = FULL");
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private sealed record BatchRow(byte[] Id, byte[] PayloadHash, long PayloadLength, byte[] Commitments, long StoredAt)
    {
        public const string Columns =
            "id AS Id, payload_hash AS PayloadHash, payload_length AS PayloadLength, commitments AS Commitments, stored_at AS StoredAt";

        public StoredBatch ToBatch() => new(
            new BatchId(Bytes32.FromBytes(Id)),
            Bytes32.FromBytes(PayloadHash),
            (uint)PayloadLength,
            Commitments,
            DateTimeOffset.FromUnixTimeMilliseconds(StoredAt));
    }

    private sealed record AnchorRow(long AnchorIndex, byte[] Root, long FirstBlob, long BlobCount, long BlockNumber, long Expiry)
    {
        public Anchor ToAnchor() =>
            new((uint)AnchorIndex, Bytes32.FromBytes(Root), (ulong)FirstBlob, (uint)BlobCount, (ulong)BlockNumber, (ulong)Expiry);
    }

    private sealed record AnchoredBatchRow(long FirstBlob, long BlobCount, long AnchorIndex, byte[] BatchId)
    {
        public const string At =
            """
            SELECT first_blob AS FirstBlob, blob_count AS BlobCount, anchor_index AS AnchorIndex, batch_id AS BatchId
            FROM anchored_batch WHERE first_blob <= @position ORDER BY first_blob DESC LIMIT 1
            """;

        public AnchoredBatch ToBatch() => new(new BatchId(Bytes32.FromBytes(BatchId)), (uint)AnchorIndex, (ulong)FirstBlob, (uint)BlobCount);
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
        byte[] TransactionHash)
    {
        public AnchoredBatch ToBatch(BatchId id) => new(id, (uint)AnchorIndex, (ulong)FirstBlob, (uint)BlobCount);

        public Anchor ToAnchor() =>
            new((uint)AnchorIndex, Bytes32.FromBytes(Root), (ulong)AnchorFirstBlob, (uint)AnchorBlobCount, (ulong)BlockNumber, (ulong)Expiry);
    }

    private sealed record ProofRow(long Epoch, long BlockNumber, byte[] TransactionHash, byte[] Seed)
    {
        public ProofSeen ToProof() => new((ulong)Epoch, (ulong)BlockNumber, Bytes32.FromBytes(TransactionHash), Bytes32.FromBytes(Seed));
    }

    private sealed record BlockRow(long Number, byte[] Hash)
    {
        public BlockPoint ToPoint() => new((ulong)Number, Bytes32.FromBytes(Hash));
    }
}
