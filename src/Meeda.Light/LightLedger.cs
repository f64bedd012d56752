using System.Data.Common;
using System.Globalization;
using System.Numerics;
using Dapper;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting;
using Microsoft.Data.Sqlite;

namespace Meeda.Light;

/// <summary>What a light node found out about something that an operator did.</summary>
internal enum Verdict
{
    /// <summary>Not checked yet.</summary>
    Pending = 0,

    /// <summary>Follows the protocol.</summary>
    Valid = 1,

    /// <summary>Violates the protocol, and no fraud proof of it is on L1 yet.</summary>
    Invalid = 2,

    /// <summary>Nothing is left to do: the operator was slashed, or the matter expired.</summary>
    Resolved = 3,
}

/// <summary>
/// What a light node knows, rebuilt from L1's logs alone: every operator's anchors with their leaves, proofs, misses
/// and demands, and what it made of them. Losing
/// the file costs time, not knowledge, but for what was spent.
/// </summary>
internal sealed partial class LightLedger
{
    // Followed blocks kept for finding the common ancestor after a reorganisation.
    private const int KeptBlocks = 512;

    // A ledger of another version is emptied, but for the spending, and read from L1 anew.
    private const long Version = 2;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS anchor (
            operator         BLOB NOT NULL,
            anchor_index     INTEGER NOT NULL,
            root             BLOB NOT NULL,
            first_blob       INTEGER NOT NULL,
            blob_count       INTEGER NOT NULL,
            block_number     INTEGER NOT NULL,
            expiry           INTEGER NOT NULL,
            transaction_hash BLOB NOT NULL,
            verdict          INTEGER NOT NULL DEFAULT 0,
            commitments      BLOB NOT NULL,
            PRIMARY KEY (operator, anchor_index)
        );
        CREATE TABLE IF NOT EXISTS batch (
            id           BLOB NOT NULL,
            operator     BLOB NOT NULL,
            anchor_index INTEGER NOT NULL,
            first_blob   INTEGER NOT NULL,
            blob_count   INTEGER NOT NULL,
            block_number INTEGER NOT NULL,
            PRIMARY KEY (id, operator, first_blob)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS proof (
            operator         BLOB NOT NULL,
            epoch            INTEGER NOT NULL,
            block_number     INTEGER NOT NULL,
            transaction_hash BLOB NOT NULL,
            seed             BLOB NOT NULL,
            verdict          INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (operator, epoch)
        );
        CREATE TABLE IF NOT EXISTS demand (
            id             INTEGER PRIMARY KEY,
            operator       BLOB NOT NULL,
            position       INTEGER NOT NULL,
            demander       BLOB NOT NULL,
            versioned_hash BLOB NOT NULL,
            deadline       INTEGER NOT NULL,
            block_number   INTEGER NOT NULL,
            verdict        INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX IF NOT EXISTS anchor_verdict ON anchor (verdict) WHERE verdict IN (0, 2);
        CREATE INDEX IF NOT EXISTS proof_verdict ON proof (verdict) WHERE verdict IN (0, 2);
        CREATE INDEX IF NOT EXISTS anchor_block ON anchor (block_number);
        CREATE INDEX IF NOT EXISTS batch_block ON batch (block_number);
        CREATE TABLE IF NOT EXISTS operator (address BLOB PRIMARY KEY, next_epoch INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS followed_block (number INTEGER PRIMARY KEY, hash BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS spending (transaction_hash BLOB PRIMARY KEY, wei TEXT NOT NULL);
        """;

    private readonly string _connectionString;

    private LightLedger(string path)
    {
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 30 }.ToString();
    }

    /// <summary>Opens the ledger in a folder.</summary>
    public static async Task<LightLedger> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        DurableFile.CreateFolder(folder);
        var ledger = new LightLedger(Path.Combine(folder, "light.sqlite"));
        await using SqliteConnection connection = await ledger.ConnectAsync(cancellationToken);
        long tables = await connection.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        );
        if (
            tables > 0
            && await connection.ExecuteScalarAsync<long>(
                "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'spending'"
            ) == 0
        )
        {
            // Its tables, some of which may have the same names, are somebody else's.
            throw new IOException("light.sqlite was not made by a light node");
        }

        await connection.ExecuteAsync("PRAGMA journal_mode = WAL");
        if (await connection.ExecuteScalarAsync<long>("PRAGMA user_version") != Version)
        {
            await connection.ExecuteAsync(
                "DROP TABLE IF EXISTS anchor; DROP TABLE IF EXISTS batch; DROP TABLE IF EXISTS proof; DROP TABLE "
                    + "IF EXISTS demand; DROP TABLE IF EXISTS operator; DROP TABLE IF EXISTS followed_block"
            );
            await connection.ExecuteAsync($"PRAGMA user_version = {Version}");
        }

        await connection.ExecuteAsync(Schema);
        return ledger;
    }

    /// <summary>The followed blocks that are kept, newest first.</summary>
    public async Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<(long Number, byte[] Hash)> rows = await connection.QueryAsync<(long, byte[])>(
            "SELECT number, hash FROM followed_block ORDER BY number DESC"
        );
        return [.. rows.Select(row => new BlockPoint((ulong)row.Number, Bytes32.FromBytes(row.Hash)))];
    }

    /// <summary>Takes what a run of blocks held, and the new tip, in one transaction.</summary>
    public async Task AdvanceAsync(BlockPoint tip, ChainEvents events, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            INSERT INTO anchor (operator, anchor_index, root, first_blob, blob_count, block_number, expiry, transaction_hash, commitments)
            VALUES (@Operator, @Index, @Root, @FirstBlob, @BlobCount, @BlockNumber, @Expiry, @TransactionHash, @Commitments)
            """,
            events.Anchors.Select(each => new
            {
                Operator = each.Operator.ToArray(),
                Index = (long)each.Seen.Anchor.Index,
                Root = each.Seen.Anchor.Root.ToArray(),
                FirstBlob = (long)each.Seen.Anchor.FirstBlob,
                BlobCount = (long)each.Seen.Anchor.BlobCount,
                BlockNumber = (long)each.Seen.Anchor.BlockNumber,
                Expiry = (long)each.Seen.Anchor.Expiry,
                TransactionHash = each.Seen.TransactionHash.ToArray(),
                each.Seen.Commitments,
            }),
            transaction
        );
        await connection.ExecuteAsync(
            "INSERT INTO batch (id, operator, anchor_index, first_blob, blob_count, block_number) VALUES (@Id, "
                + "@Operator, @AnchorIndex, @FirstBlob, @BlobCount, @BlockNumber)",
            events.Anchors.SelectMany(each =>
                each.Seen.Batches.Select(batch => new
                {
                    Id = batch.Batch.Value.ToArray(),
                    Operator = each.Operator.ToArray(),
                    AnchorIndex = (long)batch.AnchorIndex,
                    FirstBlob = (long)batch.FirstBlob,
                    BlobCount = (long)batch.BlobCount,
                    BlockNumber = (long)each.Seen.Anchor.BlockNumber,
                })
            ),
            transaction
        );
        await connection.ExecuteAsync(
            "INSERT OR IGNORE INTO operator (address, next_epoch) VALUES (@Operator, 0)",
            events.Anchors.Select(each => each.Operator).Distinct().Select(each => new { Operator = each.ToArray() }),
            transaction
        );
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO proof (operator, epoch, block_number, transaction_hash, seed) VALUES "
                + "(@Operator, @Epoch, @BlockNumber, @TransactionHash, @Seed)",
            events.Proofs.Select(each => new
            {
                Operator = each.Operator.ToArray(),
                Epoch = (long)each.Proof.Epoch,
                BlockNumber = (long)each.Proof.BlockNumber,
                TransactionHash = each.Proof.TransactionHash.ToArray(),
                Seed = each.Proof.Seed.ToArray(),
            }),
            transaction
        );
        await connection.ExecuteAsync(
            """
            INSERT OR REPLACE INTO demand (id, operator, position, demander, versioned_hash, deadline, block_number)
            VALUES (@Id, @Operator, @Position, @Demander, @VersionedHash, @Deadline, @BlockNumber)
            """,
            events.Demands.Select(each => new
            {
                Id = (long)each.Id,
                Operator = each.Operator.ToArray(),
                Position = (long)each.Position,
                Demander = each.Demander.ToArray(),
                VersionedHash = each.VersionedHash.ToArray(),
                Deadline = (long)each.Deadline,
                BlockNumber = (long)each.BlockNumber,
            }),
            transaction
        );
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO followed_block (number, hash) VALUES (@Number, @Hash)",
            new { Number = (long)tip.Number, Hash = tip.Hash.ToArray() },
            transaction
        );
        await connection.ExecuteAsync(
            "DELETE FROM followed_block WHERE number <= @old",
            new { old = (long)tip.Number - KeptBlocks },
            transaction
        );
        await transaction.CommitAsync(cancellationToken);
        Remember(events.Anchors);
    }

    /// <summary>
    /// Forgets everything seen in blocks after <paramref name="lastGood"/> (-1 for all), and looks at misses anew
    /// from the epoch of that block on.
    /// </summary>
    public async Task RollBackAsync(long lastGood, ulong epoch, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            DELETE FROM anchor WHERE block_number > @lastGood;
            DELETE FROM batch WHERE block_number > @lastGood;
            DELETE FROM proof WHERE block_number > @lastGood;
            DELETE FROM demand WHERE block_number > @lastGood;
            DELETE FROM followed_block WHERE number > @lastGood;
            UPDATE anchor SET verdict = 2 WHERE verdict = 3;
            UPDATE proof SET verdict = 2 WHERE verdict = 3;
            UPDATE demand SET verdict = 0;
            UPDATE operator SET next_epoch = MIN(next_epoch, @epoch);
            """,
            new { lastGood, epoch = (long)epoch },
            transaction
        );
        await transaction.CommitAsync(cancellationToken);
        Forget();
    }

    /// <summary>What was spent so far, in wei: gas, and bonds that nobody gave back.</summary>
    public async Task<BigInteger> SpentAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<string> amounts = await connection.QueryAsync<string>("SELECT wei FROM spending");
        return amounts.Aggregate(
            BigInteger.Zero,
            (sum, wei) => sum + BigInteger.Parse(wei, CultureInfo.InvariantCulture)
        );
    }

    /// <summary>Notes what a transaction cost.</summary>
    public async Task AddSpendingAsync(Bytes32 transactionHash, BigInteger wei, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO spending (transaction_hash, wei) VALUES (@hash, @wei)",
            new { hash = transactionHash.ToArray(), wei = wei.ToString(CultureInfo.InvariantCulture) }
        );
    }

    private async Task<SqliteConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
