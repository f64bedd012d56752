using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Http;
using Meeda.Node.Tests.Storage;
using Meeda.Operator;
using Meeda.Operator.Batches;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>Two operators on one database, as behind a load balancer: both give the same responses.</summary>
public sealed class ReplicaPressureTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<WebApplication> _operators = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (WebApplication each in _operators)
        {
            await each.DisposeAsync();
        }

        NpgsqlConnection.ClearAllPools();
        _folder.Dispose();
    }

    /// <summary>
    /// The leader's providers reject rows; it is paused, another operator becomes the leader, and its providers accept
    /// the backlog.
    /// </summary>
    [SkippableFact]
    public async Task Failover_AnyOperatorLeads_BeginsAndEndsForAll()
    {
        string database = await postgres.CreateDatabaseAsync();
        WebApplication first = await BuildAsync(database, "first"),
            second = await BuildAsync(database, "second");
        Ledger led = LedgerOf(first),
            followed = LedgerOf(second);
        Assert.True(await first.Services.GetRequiredService<Lease>().TryHoldAsync(CancellationToken.None));
        Assert.False(await second.Services.GetRequiredService<Lease>().TryHoldAsync(CancellationToken.None));
        Bytes32 hash = Keccak256.Hash([1]);
        await led.AddBatchAsync(
            new StoredBatch(new BatchId(hash), hash, 1, new byte[48], DateTimeOffset.UtcNow),
            [1],
            null,
            CancellationToken.None
        );
        await led.NoteRefusalAsync(CancellationToken.None);
        await UntilAsync(first, failingOver: true);
        await UntilAsync(second, failingOver: true);

        await using (var connection = new NpgsqlConnection(database))
        {
            await connection.OpenAsync();
            await using var expire = new NpgsqlCommand("UPDATE lease SET expires_at = 0", connection);
            await expire.ExecuteNonQueryAsync();
        }

        Assert.True(await second.Services.GetRequiredService<Lease>().TryHoldAsync(CancellationToken.None));
        await Assert.ThrowsAsync<LeaseLostException>(() => led.NoteRefusalAsync(CancellationToken.None));
        await followed.NoteAcceptanceAsync(CancellationToken.None);
        await UntilAsync(first, failingOver: false);
        await UntilAsync(second, failingOver: false);

        // Nor does a leader's report outlive the backlog that it was about.
        await followed.NoteRefusalAsync(CancellationToken.None);
        await UntilAsync(first, failingOver: true);
        await followed.MarkPlacedAsync([new BatchId(hash)], DateTimeOffset.UtcNow, CancellationToken.None);
        await UntilAsync(first, failingOver: false);
    }

    private static Ledger LedgerOf(WebApplication each) => each.Services.GetRequiredService<Ledger>();

    /// <summary>Waits until a put and the status agree on it.</summary>
    private static async Task UntilAsync(WebApplication each, bool failingOver)
    {
        var pressure = each.Services.GetRequiredService<IntakePressure>();
        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromMinutes(2));
        while (true)
        {
            Exception? refused = await Record.ExceptionAsync(() =>
                pressure.EnsureAcceptingAsync(1, isPaid: false, limit.Token)
            );
            if (
                refused is DaException { Error: DaError.FailOver } == failingOver
                && (await pressure.ReportAsync(limit.Token)).IsFailingOver == failingOver
            )
            {
                return;
            }

            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>Built but not started: nothing runs in the background.</summary>
    private async Task<WebApplication> BuildAsync(string database, string name)
    {
        string folder = Path.Combine(_folder.Path, name),
            keyFile = Path.Combine(_folder.Path, "operator.key");
        await File.WriteAllTextAsync(keyFile, new string('1', 64));
        WebApplication built = await OperatorApplication.BuildAsync(
            new Dictionary<string, string?>
            {
                ["Meeda:Storage:Folder"] = folder,
                ["Meeda:Storage:Database"] = database,
                ["Meeda:L1:Rpc"] = "http://127.0.0.1:1",
                ["Meeda:L1:Contract"] = "0x00000000000000000000000000000000000000c0",
                ["Meeda:L1:KeyFile"] = keyFile,
                ["Meeda:Intake:FailoverAfter"] = "00:00:00.001",
            },
            "http://127.0.0.1:0",
            quiet: true,
            CancellationToken.None
        );
        _operators.Add(built);
        return built;
    }
}
