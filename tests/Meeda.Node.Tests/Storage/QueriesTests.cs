using System.Data.Common;
using System.Numerics;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>Queries on SQLite.</summary>
public sealed class SqliteQueriesTests : QueriesTests
{
    private readonly TemporaryFolder _folder = new();

    private protected override Database Open() => new SqliteDatabase(Path.Combine(_folder.Path, "queries.sqlite"));

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>Queries on PostgreSQL.</summary>
public sealed class PostgresQueriesTests : QueriesTests
{
    private PostgresServer? _server;
    private string _connectionString = "";

    public override async Task InitializeAsync()
    {
        _server = await PostgresServer.StartAsync();
        _connectionString = await _server.CreateDatabaseAsync();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await base.DisposeAsync();
            await _server.DisposeAsync();
        }
    }

    private protected override Database Open() => new PostgresDatabase(_connectionString);
}

/// <summary>Queries on both databases: column types and cancellation.</summary>
public abstract class QueriesTests : IAsyncLifetime
{
    // Counts for minutes on any machine.
    private const string Endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT COUNT(*) FROM n";

    private Database _database = null!;
    private DbConnection _connection = null!;

    public virtual async Task InitializeAsync()
    {
        LedgerColumnTypes.Register();
        _database = Open();
        _connection = await _database.ConnectAsync(default);
    }

    public virtual async Task DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _database.DisposeAsync();
    }

    [SkippableFact]
    public async Task Query_Cancelled_StopsAndTheConnectionGoesOn()
    {
        using var stop = new CancellationTokenSource();
        Task endless = Task.Run(() => _connection.ExecuteScalarAsync<long>(Endless, stop.Token));

        // By then it runs, or is about to.
        await Task.WhenAny(endless, Task.Delay(Patience.Of(TimeSpan.FromMilliseconds(200))));
        Assert.False(endless.IsCompleted);
        await stop.CancelAsync();
        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless.WaitAsync(limit.Token));
        Assert.False(limit.IsCancellationRequested, "the query went on");
        Assert.Equal(7, await _connection.ExecuteScalarAsync<long>("SELECT 7", default));
    }

    [SkippableFact]
    public async Task Write_CancelledInTheMiddle_LeavesNothing()
    {
        await _connection.ExecuteAsync("CREATE TABLE word (text TEXT NOT NULL)", default);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _database.WriteAsync(
                async (connection, transaction) =>
                {
                    await connection.ExecuteAsync("INSERT INTO word VALUES ('one')", null, transaction, stop.Token);
                    await stop.CancelAsync();
                    await connection.ExecuteAsync("INSERT INTO word VALUES ('two')", null, transaction, stop.Token);
                },
                stop.Token
            )
        );
        Assert.Equal(0, await _connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM word", default));
        await _database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync("INSERT INTO word VALUES ('three')", null, transaction, default),
            default
        );
    }

    [SkippableFact]
    public async Task Columns_OfEveryType_GiveBackWhatWasWritten()
    {
        string bytes = _database is SqliteDatabase ? "BLOB" : "BYTEA";
        await _connection.ExecuteAsync(
            $"""
            CREATE TABLE kind (
                batch_id {bytes}, payload_hash {bytes}, sender {bytes}, max_fee TEXT, block_number BIGINT,
                blob_count BIGINT, stored_at BIGINT)
            """,
            default
        );
        var full = new Kinds(
            new BatchId(Keccak256.Hash([1])),
            Keccak256.Hash([2]),
            Address.Parse("0x00000000000000000000000000000000000000a1"),
            BigInteger.Pow(2, 200),
            long.MaxValue,
            uint.MaxValue,
            DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123)
        );
        Kinds[] all = [full, new(null, null, null, null, null, null, null)];
        foreach (Kinds kinds in all)
        {
            await _connection.ExecuteAsync(
                """
                INSERT INTO kind VALUES
                    (@BatchId, @PayloadHash, @Sender, @MaxFee, @BlockNumber, @BlobCount, @StoredAt)
                """,
                kinds,
                null,
                default
            );
        }

        Assert.Equal(
            all,
            await _connection.QueryAsync<Kinds>("SELECT * FROM kind ORDER BY COALESCE(block_number, 0) DESC", default)
        );
        Assert.Equal(
            full.BatchId,
            await _connection.QueryFirstOrDefaultAsync<BatchId>(
                "SELECT batch_id FROM kind WHERE batch_id = @BatchId",
                new { full.BatchId },
                default
            )
        );
    }

    [SkippableFact]
    public async Task Column_ANumberBeyondABigint_IsRefused() =>
        await Assert.ThrowsAsync<OverflowException>(() =>
            _connection.ExecuteScalarAsync<ulong>("SELECT @block", new { block = ulong.MaxValue }, default)
        );

    private protected abstract Database Open();

    private sealed record Kinds(
        BatchId? BatchId,
        Bytes32? PayloadHash,
        Address? Sender,
        BigInteger? MaxFee,
        ulong? BlockNumber,
        uint? BlobCount,
        DateTimeOffset? StoredAt
    );
}
