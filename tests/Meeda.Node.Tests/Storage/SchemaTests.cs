using Meeda.Hosting.Persistence;
using Meeda.Light;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>Real databases of older and newer versions, created by running the migrations up to that version.</summary>
public sealed class SchemaTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();

    private string LedgerFile => Path.Combine(_folder.Path, "ledger.sqlite");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_AnOlderLedger_UpgradesItAndKeepsACopy()
    {
        int older = Array.FindIndex(
            Ledger.Migrations,
            migration => migration.Contains("CREATE TABLE restoration ", StringComparison.Ordinal)
        );
        await MakeAsync(LedgerFile, Ledger.SchemaName, Ledger.Migrations[..older]);
        await using Ledger ledger = await SqliteLedger.OpenLeadingAsync(_folder.Path);
        SchemaChange change = Assert.Single(ledger.Upgrades);
        Assert.Equal((older, Ledger.Migrations.Length), (change.From, change.To));
        Assert.Equal($"{LedgerFile}.schema-{older}", change.Copy);

        // The copy is the older ledger, which that version opens.
        await using var copy = new SqliteDatabase(change.Copy!);
        Assert.Equal(older, await copy.VersionAsync(Ledger.SchemaName, None));
        await copy.MigrateAsync(Ledger.SchemaName, Ledger.Migrations[..older], None);
        Assert.Empty(copy.Upgrades);
        Assert.False(await copy.HasTableAsync("restoration", None));
    }

    [Fact]
    public async Task Open_ANewLedgerAndAgain_IsNoUpgrade()
    {
        for (int i = 0; i < 2; i++)
        {
            await using Ledger ledger = await SqliteLedger.OpenLeadingAsync(_folder.Path);
            Assert.Empty(ledger.Upgrades);
        }

        Assert.Empty(Directory.GetFiles(_folder.Path, "*.schema-*"));
    }

    [Fact]
    public async Task Open_AnOlderLedgerOfWhichNoCopyCanBeMade_ChangesNothing()
    {
        int older = Ledger.Migrations.Length - 1;
        await MakeAsync(LedgerFile, Ledger.SchemaName, Ledger.Migrations[..older]);
        Directory.CreateDirectory($"{LedgerFile}.schema-{older}");
        IOException refusal = await Assert.ThrowsAsync<IOException>(() => SqliteLedger.OpenLeadingAsync(_folder.Path));
        Assert.Contains("nothing was changed", refusal.Message, StringComparison.Ordinal);
        await using var database = new SqliteDatabase(LedgerFile);
        Assert.Equal(older, await database.VersionAsync(Ledger.SchemaName, None));
    }

    [Fact]
    public async Task Open_ANewerLedger_IsRefusedWithBothVersionsAndWhatToDo()
    {
        await MakeAsync(LedgerFile, Ledger.SchemaName, [.. Ledger.Migrations, "SELECT 1"]);
        EnsureRefusal(
            await Assert.ThrowsAsync<InvalidDataException>(() => SqliteLedger.OpenLeadingAsync(_folder.Path)),
            Ledger.Migrations.Length
        );
    }

    [SkippableFact]
    public async Task Open_AnOlderAndANewerLedgerOfPostgres_UpgradesTheOneAndRefusesTheOther()
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        int known = Ledger.Migrations.Length;
        string connection = await server.CreateDatabaseAsync();
        await using (var before = new PostgresDatabase(connection))
        {
            await before.MigrateAsync(Ledger.SchemaName, Ledger.Migrations[..(known - 2)], None);
        }

        var database = new PostgresDatabase(connection);
        await using (
            Ledger ledger = await Ledger.OpenAsync(database, new Lease(database, TimeSpan.FromMinutes(1)), None)
        )
        {
            SchemaChange change = Assert.Single(ledger.Upgrades, change => change.Schema == Ledger.SchemaName);
            Assert.Equal((known - 2, known, null), (change.From, change.To, change.Copy));
        }

        await using (var newer = new PostgresDatabase(connection))
        {
            await newer.MigrateAsync(Ledger.SchemaName, [.. Ledger.Migrations, "SELECT 1"], None);
        }

        await using var refusing = new PostgresDatabase(connection);
        EnsureRefusal(
            await Assert.ThrowsAsync<InvalidDataException>(() =>
                Ledger.OpenAsync(refusing, new Lease(refusing, TimeSpan.FromMinutes(1)), None)
            ),
            known
        );
    }

    [Fact]
    public async Task Open_ALightNodesDatabaseOfOlderAndNewerVersions_UpgradesAndRefuses()
    {
        string path = Path.Combine(_folder.Path, "light.sqlite");
        int known = LightLedger.Migrations.Length;
        await MakeAsync(path, LightLedger.SchemaName, LightLedger.Migrations[..(known - 1)]);
        await using (LightLedger ledger = await LightLedger.OpenAsync(_folder.Path, None))
        {
            Assert.Equal($"{path}.schema-{known - 1}", Assert.Single(ledger.Upgrades).Copy);
        }

        await MakeAsync(path, LightLedger.SchemaName, [.. LightLedger.Migrations, "SELECT 1"]);
        EnsureRefusal(
            await Assert.ThrowsAsync<InvalidDataException>(() => LightLedger.OpenAsync(_folder.Path, None)),
            known
        );
    }

    private static async Task MakeAsync(string path, string schema, string[] migrations)
    {
        await using var database = new SqliteDatabase(path);
        await database.MigrateAsync(schema, migrations, None);
    }

    private static void EnsureRefusal(InvalidDataException refusal, int known)
    {
        Assert.Contains($"version {known + 1}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"up to {known}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("restore the copy or backup", refusal.Message, StringComparison.Ordinal);
    }
}
