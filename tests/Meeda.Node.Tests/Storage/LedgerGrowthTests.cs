using System.Data.Common;
using Dapper;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>What open routes read from an old ledger, counted in the database's own steps.</summary>
public sealed class LedgerGrowthTests : IDisposable
{
    // An anchor every 5 blocks, for this many blocks.
    private const int AnchorBlocks = 5;
    private const int Retention = 500;

    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task WhatRoutesRead_FromALedgerTwentyTimesAsOld_IsAsMuch()
    {
        Dictionary<string, long> young = await CountAsync(1_000);
        Dictionary<string, long> old = await CountAsync(20_000);
        Assert.True(young["/status"] > 0); // the steps are counted indeed
        Assert.All(
            old,
            read =>
                Assert.True(
                    read.Value <= (2 * young[read.Key]) + 1_000,
                    $"{read.Key}: {young[read.Key]} steps from 1,000 anchors, {read.Value} from 20,000"
                )
        );
    }

    private async Task<Dictionary<string, long>> CountAsync(int anchors)
    {
        var database = new CountingDatabase(Path.Combine(_folder.Path, $"{anchors}.sqlite"));
        await using Ledger ledger = await Ledger.OpenAsync(
            database,
            new Lease(database, TimeSpan.FromMinutes(1)),
            default
        );
        await FillAsync(database, anchors);
        ulong tip = (ulong)anchors * AnchorBlocks;
        var parameters = new EpochParameters(10, 4, 1, 1, 2, 50);
        var id = new BatchId(Bytes32.FromBytes(IdOf(anchors - 10)));
        var steps = new Dictionary<string, long>();
        await MeasureAsync("/status", () => ledger.CountStatesAsync(tip, tip - 64, default));
        await MeasureAsync("/status, backlog", () => ledger.BacklogAsync(default));
        await MeasureAsync("/batches/<id>", () => ledger.FindAnchoringAsync(id, default));
        await MeasureAsync(
            "/epochs, the prover",
            () => ledger.Index.LiveRangeAsync(Address.Zero, parameters, (tip / 10) - 1, default)
        );
        await MeasureAsync(
            "/proof",
            () => ledger.Index.AnchorsAtAsync(Address.Zero, [(ulong)anchors - 10, (ulong)anchors - 9], default)
        );
        await MeasureAsync("/blobs", () => ledger.FindBatchAtAsync((ulong)anchors - 10, default));
        return steps;

        async Task MeasureAsync<T>(string name, Func<Task<T>> read)
        {
            await read();
            long before = database.Steps;
            await read();
            steps[name] = database.Steps - before;
        }
    }

    private static byte[] IdOf(int number) => [.. new byte[28], .. BitConverter.GetBytes(number).Reverse()];

    /// <summary>Fills the tables as years of service would: one batch in each anchor.</summary>
    private static Task FillAsync(Database database, int anchors) =>
        database.WriteAsync(
            async (connection, transaction) =>
            {
                await connection.ExecuteAsync(
                    "INSERT INTO batch (id, payload_hash, payload_length, commitments, stored_at, placed_at, "
                        + "waiting, first_anchor, last_anchor) VALUES (@id, @id, 10, @id, 1, 2, 0, @number, @number)",
                    Enumerable.Range(0, anchors).Select(number => new { id = IdOf(number), number = (long)number }),
                    transaction
                );
                await connection.ExecuteAsync(
                    "INSERT INTO anchor (operator, anchor_index, root, first_blob, blob_count, block_number, expiry, "
                        + "transaction_hash, commitments) "
                        + "VALUES (@other, @number, @id, @number, 1, @block, @expiry, @id, @id)",
                    Enumerable
                        .Range(0, anchors)
                        .Select(number => new
                        {
                            other = new byte[20],
                            id = IdOf(number),
                            number = (long)number,
                            block = (long)number * AnchorBlocks,
                            expiry = ((long)number * AnchorBlocks) + Retention,
                        }),
                    transaction
                );
                await connection.ExecuteAsync(
                    "INSERT INTO anchored_batch (operator, first_blob, blob_count, anchor_index, batch_id) "
                        + "VALUES (@other, @number, 1, @number, @id)",
                    Enumerable
                        .Range(0, anchors)
                        .Select(number => new
                        {
                            other = new byte[20],
                            id = IdOf(number),
                            number = (long)number,
                        }),
                    transaction
                );
                await connection.ExecuteAsync(
                    "UPDATE batch_count SET count = @anchors",
                    new { anchors = (long)anchors },
                    transaction
                );
            },
            default
        );

    /// <summary>A database that counts the instructions of SQLite's machine, ten at a time.</summary>
    private sealed class CountingDatabase(string path) : Database
    {
        private readonly SqliteDatabase _inner = new(path, survivesPowerCut: false);
        private long _steps;

        public long Steps => Interlocked.Read(ref _steps);

        public override bool IsShared => _inner.IsShared;

        public override async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken)
        {
            DbConnection connection = await _inner.ConnectAsync(cancellationToken);
            raw.sqlite3_progress_handler(
                ((SqliteConnection)connection).Handle,
                10,
                _ =>
                {
                    Interlocked.Add(ref _steps, 10);
                    return 0;
                },
                null
            );
            return connection;
        }

        public override Task WriteAsync(
            Func<DbConnection, DbTransaction, Task> work,
            CancellationToken cancellationToken
        ) => _inner.WriteAsync(work, cancellationToken);

        public override Task MigrateAsync(
            string schema,
            IReadOnlyList<string> migrations,
            CancellationToken cancellationToken
        ) => _inner.MigrateAsync(schema, migrations, cancellationToken);

        public override Task<long> VersionAsync(string schema, CancellationToken cancellationToken) =>
            _inner.VersionAsync(schema, cancellationToken);

        public override Task<bool> HasTableAsync(string table, CancellationToken cancellationToken) =>
            _inner.HasTableAsync(table, cancellationToken);

        public override Task<bool> HasColumnAsync(string table, string column, CancellationToken cancellationToken) =>
            _inner.HasColumnAsync(table, column, cancellationToken);

        public override ValueTask DisposeAsync() => _inner.DisposeAsync();
    }
}
