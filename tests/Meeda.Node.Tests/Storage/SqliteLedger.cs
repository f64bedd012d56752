using Meeda.Hosting.Persistence;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>A ledger of its own for a test, on SQLite, and a leadership that is held already.</summary>
internal static class SqliteLedger
{
    public static async Task<Ledger> OpenAsync(string folder)
    {
        var database = new SqliteDatabase(Path.Combine(folder, "ledger.sqlite"));
        return await Ledger.OpenAsync(database, new Lease(database, TimeSpan.FromMinutes(1)), CancellationToken.None);
    }

    /// <summary>One whose lease is held.</summary>
    public static async Task<Ledger> OpenLeadingAsync(string folder)
    {
        var database = new SqliteDatabase(Path.Combine(folder, "ledger.sqlite"));
        var lease = new Lease(database, TimeSpan.FromMinutes(10));
        Ledger ledger = await Ledger.OpenAsync(database, lease, CancellationToken.None);
        Assert.True(await lease.TryHoldAsync(CancellationToken.None));
        return ledger;
    }

    public static LeaderElection Lead(string folder) =>
        new(
            new Lease(new SqliteDatabase(Path.Combine(folder, "ledger.sqlite")), TimeSpan.FromMinutes(1)),
            TimeProvider.System,
            NullLogger<LeaderElection>.Instance
        );
}
