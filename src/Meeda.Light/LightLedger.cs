using System.Data.Common;
using System.Globalization;
using System.Numerics;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;

namespace Meeda.Light;

/// <summary>
/// A light node's database: the index of L1's logs about every operator, the verdicts on them, and the spending. All
/// but the spending can be rebuilt from L1.
/// </summary>
internal sealed partial class LightLedger : IAsyncDisposable
{
    // Only the spending cannot be read from L1: the third migration rebuilds the rest from scratch.
    internal static readonly string[] Migrations =
    [
        "CREATE TABLE IF NOT EXISTS spending (transaction_hash {bytes} PRIMARY KEY, wei TEXT NOT NULL)",
        "SELECT 1",
        $$"""
            DROP TABLE IF EXISTS batch;
            DROP TABLE IF EXISTS anchor;
            DROP TABLE IF EXISTS proof;
            DROP TABLE IF EXISTS demand;
            DROP TABLE IF EXISTS operator;
            DROP TABLE IF EXISTS followed_block;
            {{ChainIndex.Schema}}
            ALTER TABLE anchor ADD COLUMN verdict BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE proof ADD COLUMN verdict BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE demand ADD COLUMN verdict BIGINT NOT NULL DEFAULT 0;
            CREATE INDEX anchor_verdict ON anchor (verdict) WHERE verdict IN (0, 2);
            CREATE INDEX proof_verdict ON proof (verdict) WHERE verdict IN (0, 2);
            CREATE TABLE operator (address {bytes} PRIMARY KEY, next_epoch BIGINT NOT NULL);
            """,
    ];

    /// <summary>The schema's name, in messages.</summary>
    internal const string SchemaName = "light node's ledger";

    private readonly SqliteDatabase _database;
    private readonly FolderLock _lock;

    private LightLedger(SqliteDatabase database, FolderLock folderLock)
    {
        _database = database;
        _lock = folderLock;
        Index = new ChainIndex(database);
    }

    /// <summary>The index of L1's logs about every operator.</summary>
    public ChainIndex Index { get; }

    /// <summary>What was brought up to date as it was opened.</summary>
    public IReadOnlyList<SchemaChange> Upgrades => _database.Upgrades;

    /// <summary>Opens the ledger in a folder.</summary>
    /// <exception cref="IOException">The file there is not a light node's, or another light node uses it.</exception>
    /// <exception cref="InvalidDataException">A newer program wrote it.</exception>
    public static async Task<LightLedger> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        DurableFile.CreateFolder(folder);
        FolderLock folderLock = Lock(folder);
        var database = new SqliteDatabase(Path.Combine(folder, "light.sqlite"));
        try
        {
            await PrepareAsync(database, cancellationToken);
            return new LightLedger(database, folderLock);
        }
        catch
        {
            await database.DisposeAsync();
            folderLock.Dispose();
            throw;
        }
    }

    private static async Task PrepareAsync(SqliteDatabase database, CancellationToken cancellationToken)
    {
        await using (DbConnection connection = await database.ConnectAsync(cancellationToken))
        {
            long tables = await connection.ExecuteScalarAsync<long>(
                "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
                cancellationToken
            );
            if (tables > 0 && !await database.HasTableAsync("spending", cancellationToken))
            {
                // Another program's tables, some of which may have the same names.
                throw new IOException("light.sqlite was not made by a light node");
            }
        }

        await database.MigrateAsync(SchemaName, Migrations, cancellationToken);
    }

    /// <summary>Adds the events of a range of blocks, and the new tip, in one transaction.</summary>
    public Task AdvanceAsync(BlockPoint tip, ChainEvents events, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async (connection, transaction) =>
            {
                await ChainIndex.AddAsync(tip, events, connection, transaction, cancellationToken);
                await connection.ExecuteAsync(
                    "INSERT INTO operator (address, next_epoch) VALUES (@Operator, 0) ON CONFLICT DO NOTHING",
                    events
                        .Anchors.Select(each => each.Operator)
                        .Distinct()
                        .Select(each => new { Operator = each.ToArray() }),
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );

    /// <summary>
    /// Removes the events of blocks after <paramref name="lastGood"/> (-1 for all). Misses are checked again from the
    /// epoch of that block on.
    /// </summary>
    public Task RollBackAsync(long lastGood, ulong epoch, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            async (connection, transaction) =>
            {
                await ChainIndex.RollBackAsync(lastGood, connection, transaction, cancellationToken);
                await connection.ExecuteAsync(
                    $"""
                    UPDATE anchor SET verdict = {(int)Verdict.Invalid} WHERE verdict = {(int)Verdict.Resolved};
                    UPDATE proof SET verdict = {(int)Verdict.Invalid} WHERE verdict = {(int)Verdict.Resolved};
                    UPDATE demand SET verdict = {(int)Verdict.Pending};
                    UPDATE operator SET next_epoch = MIN(next_epoch, @epoch);
                    """,
                    new { epoch = (long)epoch },
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );

    /// <summary>The total spending in wei: gas, and bonds that were not returned.</summary>
    public async Task<BigInteger> SpentAsync(CancellationToken cancellationToken)
    {
        IEnumerable<string> amounts = await QueryAsync<string>("SELECT wei FROM spending", null, cancellationToken);
        return amounts.Aggregate(
            BigInteger.Zero,
            (sum, wei) => sum + BigInteger.Parse(wei, CultureInfo.InvariantCulture)
        );
    }

    /// <summary>Records the cost of a transaction.</summary>
    public Task AddSpendingAsync(Bytes32 transactionHash, BigInteger wei, CancellationToken cancellationToken) =>
        ExecuteAsync(
            "INSERT OR REPLACE INTO spending (transaction_hash, wei) VALUES (@hash, @wei)",
            new { hash = transactionHash.ToArray(), wei = wei.ToString(CultureInfo.InvariantCulture) },
            cancellationToken
        );

    /// <summary>Closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _lock.Dispose();
    }

    /// <summary>The lock of a light node's folder: one process sends from its key.</summary>
    /// <exception cref="IOException">Another light node has it.</exception>
    public static FolderLock Lock(string folder)
    {
        try
        {
            return new FolderLock(folder, "light");
        }
        catch (IOException)
        {
            throw new IOException("another light node uses it");
        }
    }

    private async Task<IEnumerable<T>> QueryAsync<T>(
        string sql,
        object? parameters,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await _database.ConnectAsync(cancellationToken);
        return await connection.QueryAsync<T>(sql, parameters, cancellationToken);
    }

    private Task ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            (connection, transaction) => connection.ExecuteAsync(sql, parameters, transaction, cancellationToken),
            cancellationToken
        );
}
