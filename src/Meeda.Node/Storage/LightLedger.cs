using System.Data.Common;
using System.Globalization;
using System.Numerics;
using Dapper;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Microsoft.Data.Sqlite;

namespace Meeda.Node.Storage;

/// <summary>What a light node found out about something that an operator did.</summary>
internal enum Verdict
{
    /// <summary>Not looked at yet.</summary>
    Open = 0,

    /// <summary>As the protocol wants it.</summary>
    Right = 1,

    /// <summary>Against the protocol; L1 does not know it yet.</summary>
    Wrong = 2,

    /// <summary>Against the protocol, and nothing is left to do about it.</summary>
    Settled = 3,
}

/// <summary>An anchor of some operator with its leaves.</summary>
internal sealed record LightAnchor(Address Operator, Anchor Anchor, byte[] Commitments);

/// <summary>
/// What a light node knows, rebuilt from L1's logs alone: every operator's anchors with their leaves, proofs and misses, and what it made of them. Losing the file costs
/// time, not knowledge, but for what was spent.
/// </summary>
internal sealed class LightLedger
{
    // Followed blocks kept for finding the common ancestor after a reorganisation.
    private const int KeptBlocks = 512;

    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS anchor (
            operator      BLOB NOT NULL,
            anchor_index  INTEGER NOT NULL,
            root          BLOB NOT NULL,
            first_blob    INTEGER NOT NULL,
            blob_count    INTEGER NOT NULL,
            block_number  INTEGER NOT NULL,
            expiry        INTEGER NOT NULL,
            commitments   BLOB NOT NULL,
            verdict       INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (operator, anchor_index)
        );
        CREATE TABLE IF NOT EXISTS proof (
            operator      BLOB NOT NULL,
            epoch         INTEGER NOT NULL,
            block_number  INTEGER NOT NULL,
            verdict       INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (operator, epoch)
        );
        CREATE INDEX IF NOT EXISTS anchor_verdict ON anchor (verdict);
        CREATE INDEX IF NOT EXISTS proof_verdict ON proof (verdict);
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
        await connection.ExecuteAsync("PRAGMA journal_mode = WAL");
        await connection.ExecuteAsync(Schema);
        return ledger;
    }

    /// <summary>The followed blocks that are kept, newest first.</summary>
    public async Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<(long Number, byte[] Hash)> rows = await connection.QueryAsync<(long, byte[])>("SELECT number, hash FROM followed_block ORDER BY number DESC");
        return [.. rows.Select(row => new BlockPoint((ulong)row.Number, Bytes32.FromBytes(row.Hash)))];
    }

    /// <summary>Takes what a run of blocks held, and the new tip, in one transaction.</summary>
    public async Task AdvanceAsync(
        BlockPoint tip, IReadOnlyList<LightAnchor> anchors, IReadOnlyList<(Address Operator, ProofSeen Proof)> proofs, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            INSERT INTO anchor (operator, anchor_index, root, first_blob, blob_count, block_number, expiry, commitments)
            VALUES (@Operator, @Index, @Root, @FirstBlob, @BlobCount, @BlockNumber, @Expiry, @Commitments)
            """,
            anchors.Select(seen => new
            {
                Operator = seen.Operator.ToArray(),
                Index = (long)seen.Anchor.Index,
                Root = seen.Anchor.Root.ToArray(),
                FirstBlob = (long)seen.Anchor.FirstBlob,
                BlobCount = (long)seen.Anchor.BlobCount,
                BlockNumber = (long)seen.Anchor.BlockNumber,
                Expiry = (long)seen.Anchor.Expiry,
                seen.Commitments,
            }),
            transaction);
        await connection.ExecuteAsync(
            "INSERT OR IGNORE INTO operator (address, next_epoch) VALUES (@Operator, 0)", anchors.Select(seen => new { Operator = seen.Operator.ToArray() }), transaction);
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO proof (operator, epoch, block_number) VALUES (@Operator, @Epoch, @BlockNumber)",
            proofs.Select(seen => new { Operator = seen.Operator.ToArray(), Epoch = (long)seen.Proof.Epoch, BlockNumber = (long)seen.Proof.BlockNumber }),
            transaction);
        await connection.ExecuteAsync("INSERT OR REPLACE INTO followed_block (number, hash) VALUES (@Number, @Hash)", new { Number = (long)tip.Number, Hash = tip.Hash.ToArray() }, transaction);
        await connection.ExecuteAsync("DELETE FROM followed_block WHERE number <= @old", new { old = (long)tip.Number - KeptBlocks }, transaction);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Forgets everything seen in blocks after <paramref name="lastGood"/> (-1 for all), and looks at misses anew from the epoch of that block on.</summary>
    public async Task RewindAsync(long lastGood, ulong epoch, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            BEGIN;
            DELETE FROM anchor WHERE block_number > @lastGood;
            DELETE FROM proof WHERE block_number > @lastGood;
            DELETE FROM followed_block WHERE number > @lastGood;
            UPDATE anchor SET verdict = 2 WHERE verdict = 3;
            UPDATE proof SET verdict = 2 WHERE verdict = 3;
            UPDATE operator SET next_epoch = MIN(next_epoch, @epoch);
            COMMIT;
            """,
            new { lastGood, epoch = (long)epoch });
    }

    /// <summary>The operators that ever anchored, with the first epoch whose miss was not looked at.</summary>
    public async Task<IReadOnlyList<(Address Operator, ulong NextEpoch)>> OperatorsAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<(byte[] Address, long NextEpoch)> rows = await connection.QueryAsync<(byte[], long)>("SELECT address, next_epoch FROM operator");
        return [.. rows.Select(row => (Address.FromBytes(row.Address), (ulong)row.NextEpoch))];
    }

    /// <summary>Notes up to where an operator's misses were looked at.</summary>
    public async Task SetNextEpochAsync(Address operatorAddress, ulong epoch, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync("UPDATE operator SET next_epoch = @epoch WHERE address = @address", new { epoch = (long)epoch, address = operatorAddress.ToArray() });
    }

    /// <summary>All anchors of an operator by index, without their leaves.</summary>
    public async Task<IReadOnlyList<Anchor>> AnchorsAsync(Address operatorAddress, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<AnchorRow> rows = await connection.QueryAsync<AnchorRow>(
            $"SELECT {AnchorRow.Columns} FROM anchor WHERE operator = @address ORDER BY anchor_index", new { address = operatorAddress.ToArray() });
        return [.. rows.Select(row => row.ToAnchor())];
    }

    /// <summary>The leaves of an anchor, 48 bytes each.</summary>
    public async Task<byte[]> CommitmentsAsync(Address operatorAddress, uint anchorIndex, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        return (await connection.ExecuteScalarAsync<byte[]>(
            "SELECT commitments FROM anchor WHERE operator = @address AND anchor_index = @index", new { address = operatorAddress.ToArray(), index = (long)anchorIndex }))!;
    }

    /// <summary>Some anchors with that verdict, oldest first.</summary>
    public async Task<IReadOnlyList<LightAnchor>> AnchorsWithAsync(Verdict verdict, int most, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<AnchorRow> rows = await connection.QueryAsync<AnchorRow>(
            $"SELECT {AnchorRow.Columns}, operator AS Operator, commitments AS Commitments FROM anchor WHERE verdict = @verdict ORDER BY block_number LIMIT @most", new { verdict = (int)verdict, most });
        return [.. rows.Select(row => new LightAnchor(Address.FromBytes(row.Operator!), row.ToAnchor(), row.Commitments!))];
    }

    /// <summary>Notes what was found out about an anchor.</summary>
    public async Task SetAnchorVerdictAsync(Address operatorAddress, uint anchorIndex, Verdict verdict, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            "UPDATE anchor SET verdict = @verdict WHERE operator = @address AND anchor_index = @index",
            new { verdict = (int)verdict, address = operatorAddress.ToArray(), index = (long)anchorIndex });
    }

    /// <summary>Some proofs with that verdict, oldest first, with the block that holds each.</summary>
    public async Task<IReadOnlyList<(Address Operator, ulong Epoch, ulong BlockNumber)>> ProofsWithAsync(Verdict verdict, int most, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<(byte[] Operator, long Epoch, long BlockNumber)> rows = await connection.QueryAsync<(byte[], long, long)>(
            "SELECT operator, epoch, block_number FROM proof WHERE verdict = @verdict ORDER BY block_number LIMIT @most", new { verdict = (int)verdict, most });
        return [.. rows.Select(row => (Address.FromBytes(row.Operator), (ulong)row.Epoch, (ulong)row.BlockNumber))];
    }

    /// <summary>Whether a proof of that epoch was seen.</summary>
    public async Task<bool> HasProofAsync(Address operatorAddress, ulong epoch, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
            "SELECT COUNT(*) FROM proof WHERE operator = @address AND epoch = @epoch", new { address = operatorAddress.ToArray(), epoch = (long)epoch }) != 0;
    }

    /// <summary>Notes what was found out about a proof.</summary>
    public async Task SetProofVerdictAsync(Address operatorAddress, ulong epoch, Verdict verdict, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            "UPDATE proof SET verdict = @verdict WHERE operator = @address AND epoch = @epoch", new { verdict = (int)verdict, address = operatorAddress.ToArray(), epoch = (long)epoch });
    }

    /// <summary>What was spent on gas so far, in wei.</summary>
    public async Task<BigInteger> SpentAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<string> amounts = await connection.QueryAsync<string>("SELECT wei FROM spending");
        return amounts.Aggregate(BigInteger.Zero, (sum, wei) => sum + BigInteger.Parse(wei, CultureInfo.InvariantCulture));
    }

    /// <summary>Notes what a transaction cost.</summary>
    public async Task AddSpendingAsync(Bytes32 transactionHash, BigInteger wei, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            "INSERT OR REPLACE INTO spending (transaction_hash, wei) VALUES (@hash, @wei)", new { hash = transactionHash.ToArray(), wei = wei.ToString(CultureInfo.InvariantCulture) });
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

    private sealed class AnchorRow
    {
        public const string Columns =
            "anchor_index AS AnchorIndex, root AS Root, first_blob AS FirstBlob, blob_count AS BlobCount, block_number AS BlockNumber, expiry AS Expiry";

        public long AnchorIndex { get; init; }

        public byte[] Root { get; init; } = [];

        public long FirstBlob { get; init; }

        public long BlobCount { get; init; }

        public long BlockNumber { get; init; }

        public long Expiry { get; init; }

        public byte[]? Operator { get; init; }

        public byte[]? Commitments { get; init; }

        public Anchor ToAnchor() => new((uint)AnchorIndex, Bytes32.FromBytes(Root), (ulong)FirstBlob, (uint)BlobCount, (ulong)BlockNumber, (ulong)Expiry);
    }
}
