using System.Globalization;
using CsCheck;
using Meeda.Hosting.Persistence;
using Meeda.Node.Tests.Storage;
using Meeda.Operator.Persistence;
using Meeda.Testing;
using Microsoft.Data.Sqlite;
using Xunit;
using Xunit.Abstractions;

namespace Meeda.Node.Tests.Model;

/// <summary>
/// Random sequences of events at an operator, compared with a simple model of its promises. A sequence that breaks a
/// promise is shrunk and printed; its seed repeats it. In the environment: <c>MEEDA_MODEL_ITERATIONS</c>, how many
/// sequences are tried; <c>MEEDA_MODEL_SEED</c>, the one to repeat; <c>MEEDA_MODEL_GO_ON</c>, to go on after a broken
/// promise; <c>MEEDA_MODEL_REPORT</c>, a file that hears of it too; <c>MEEDA_MODEL_IGNORE</c>, names of
/// <see cref="Invariant"/> that are known to be broken; <c>MEEDA_MODEL_WITHOUT</c>, words with which operations are
/// left out, as <c>LoseLedger,Lie = Logs</c>.
/// </summary>
public sealed class ModelTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    // A sequence takes seconds; one that hangs is a broken promise too.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    [SkippableFact]
    public Task AnySequence_OnSqlite_KeepsEveryPromise() => SampleAsync(new SqliteLedgers(), nodes: 1, iterations: 30);

    [SkippableFact]
    public Task AnySequence_OnPostgresWithTwoNodes_KeepsEveryPromise() =>
        SampleAsync(new PostgresLedgers(postgres), nodes: 2, iterations: 10);

    private async Task SampleAsync(Ledgers ledgers, int nodes, int iterations)
    {
        iterations = int.Parse(Setting("ITERATIONS") ?? $"{iterations}", CultureInfo.InvariantCulture);
        bool goesOn = Setting("GO_ON") is not null;
        var ignored = (Setting("IGNORE") ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(Enum.Parse<Invariant>)
            .ToHashSet();
        string[] without = (Setting("WITHOUT") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        var found = new List<string>();
        for (int i = 0; i < iterations; i++)
        {
            // A run without settings tries the same sequences each time; a nightly run with MEEDA_MODEL_RANDOM=1 tries
            // others each night.
            ulong seedOfRun = Setting("RANDOM") is null ? 1 : (ulong)Random.Shared.NextInt64();
            PCG random = Setting("SEED") is { } repeated ? PCG.Parse(repeated) : new PCG((uint)i, seedOfRun);
            string seed = random.ToString();
            Operation[] operations =
            [
                .. Operations
                    .Sequences.Generate(random, null, out _)
                    .Where(operation =>
                        !Array.Exists(without, word => operation.ToString().Contains(word, StringComparison.Ordinal))
                    ),
            ];
            if (await RunAsync(ledgers, nodes, operations, ignored) is not { } broken)
            {
                continue;
            }

            output.WriteLine($"seed {seed}: {broken.Message}; it is made shorter");
            if (Setting("REPORT") is { } first)
            {
                await File.AppendAllTextAsync(first, $"seed {seed}: {broken.Message}{Environment.NewLine}");
            }

            operations = await ShrinkAsync(ledgers, nodes, operations, broken.Invariant, ignored);
            broken = await RunAsync(ledgers, nodes, operations, ignored) ?? broken;
            string report =
                $"seed {seed}: {broken.Message}{Environment.NewLine}    "
                + $"{string.Join($",{Environment.NewLine}    ", operations.Select(operation => $"new {operation}"))}{Environment.NewLine}";
            output.WriteLine(report);
            found.Add(report);
            if (Setting("REPORT") is { } file)
            {
                await File.AppendAllTextAsync(file, report);
            }

            if (!goesOn)
            {
                break;
            }
        }

        Assert.True(found.Count == 0, string.Join(Environment.NewLine, found));
    }

    private static string? Setting(string name) => Environment.GetEnvironmentVariable("MEEDA_MODEL_" + name);

    /// <summary>Runs a sequence in a new world.</summary>
    /// <returns>The promise that was broken, or null.</returns>
    internal static async Task<BrokenInvariantException?> RunAsync(
        Ledgers ledgers,
        int nodes,
        IReadOnlyList<Operation> operations,
        IReadOnlySet<Invariant> ignored
    )
    {
        await using Ledgers.Session session = ledgers.Begin();
        await using ModelWorld world = await ModelWorld.StartAsync(session.OpenAsync, nodes, ignored);
        try
        {
            await PlayAsync().WaitAsync(Patience.Of(Longest));
            return null;
        }
        catch (BrokenInvariantException broken)
        {
            return broken;
        }
        catch (TimeoutException)
        {
            return new BrokenInvariantException(
                Invariant.NothingIsStuck,
                $"the sequence has not ended after {Longest.TotalMinutes} minutes; unfinished: "
                    + $"{string.Join(", ", world.Nodes.SelectMany(node => node.Unfinished))}"
            );
        }

        async Task PlayAsync()
        {
            foreach (Operation operation in operations)
            {
                await operation.RunAsync(world);
                await world.CheckAsync(isSettled: false);
            }

            await world.SettleAsync();
        }
    }

    /// <summary>Removes operations that are not needed to break the same promise.</summary>
    internal static async Task<Operation[]> ShrinkAsync(
        Ledgers ledgers,
        int nodes,
        Operation[] operations,
        Invariant invariant,
        IReadOnlySet<Invariant> ignored
    )
    {
        for (int length = Math.Max(1, operations.Length / 2); length >= 1; length /= 2)
        {
            int i = 0;
            while (i + length <= operations.Length)
            {
                Operation[] shorter = [.. operations[..i], .. operations[(i + length)..]];
                if ((await RunAsync(ledgers, nodes, shorter, ignored))?.Invariant == invariant)
                {
                    operations = shorter;
                }
                else
                {
                    i += length;
                }
            }
        }

        return operations;
    }
}

/// <summary>Creates the worlds' ledgers.</summary>
internal abstract class Ledgers
{
    public abstract Session Begin();

    internal abstract class Session : IAsyncDisposable
    {
        public abstract Task<Database> OpenAsync(int ledger);

        public abstract ValueTask DisposeAsync();
    }
}

/// <summary>On SQLite files, each in a folder that is deleted with its world.</summary>
internal sealed class SqliteLedgers : Ledgers
{
    public override Session Begin() => new Files();

    private sealed class Files : Session
    {
        private readonly TemporaryFolder _folder = new();

        public override Task<Database> OpenAsync(int ledger) =>
            Task.FromResult<Database>(
                new SqliteDatabase(Path.Combine(_folder.Path, $"{ledger}.sqlite"), survivesPowerCut: false)
            );

        public override ValueTask DisposeAsync()
        {
            SqliteConnection.ClearAllPools();
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>On databases of one PostgreSQL server.</summary>
internal sealed class PostgresLedgers(PostgresFixture postgres) : Ledgers
{
    public override Session Begin() => new Databases(postgres);

    private sealed class Databases(PostgresFixture postgres) : Session
    {
        private readonly Dictionary<int, string> _databases = [];

        public override async Task<Database> OpenAsync(int ledger)
        {
            if (!_databases.TryGetValue(ledger, out string? database))
            {
                _databases[ledger] = database = await postgres.CreateDatabaseAsync();
            }

            return new PostgresDatabase(database);
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
