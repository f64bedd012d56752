using Dapper;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Light;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class LightLedgerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rewind_AStatementFails_ChangesNothingAndLeavesNoTransactionBehind()
    {
        await using LightLedger ledger = await LightLedger.OpenAsync(_folder.Path, CancellationToken.None);
        await ledger.AdvanceAsync(new BlockPoint(5, Bytes32.Zero), new ChainEvents([], [], []), CancellationToken.None);
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(_folder.Path, "light.sqlite")}"))
        {
            await connection.ExecuteAsync(
                "CREATE TRIGGER no BEFORE DELETE ON followed_block BEGIN SELECT RAISE(ABORT, 'no'); END"
            );
            await Assert.ThrowsAsync<SqliteException>(() => ledger.RollBackAsync(-1, 0, CancellationToken.None));
            await connection.ExecuteAsync("DROP TRIGGER no");
        }

        Assert.Equal(
            [5UL],
            (await ledger.Index.FollowedBlocksAsync(CancellationToken.None)).Select(block => block.Number)
        );
        await ledger.AdvanceAsync(new BlockPoint(6, Bytes32.Zero), new ChainEvents([], [], []), CancellationToken.None);
        await ledger.RollBackAsync(5, 0, CancellationToken.None);
        Assert.Equal(
            [5UL],
            (await ledger.Index.FollowedBlocksAsync(CancellationToken.None)).Select(block => block.Number)
        );
    }

    [Fact]
    public async Task Open_ADatabaseOfAnotherProgram_IsRefusedAndLeftUnchanged()
    {
        string path = Path.Combine(_folder.Path, "light.sqlite");
        await using var connection = new SqliteConnection($"Data Source={path}");
        await connection.ExecuteAsync("CREATE TABLE anchor (x INTEGER); INSERT INTO anchor VALUES (1)");
        await Assert.ThrowsAsync<IOException>(() => LightLedger.OpenAsync(_folder.Path, CancellationToken.None));
        Assert.Equal(1, await connection.ExecuteScalarAsync<long>("SELECT x FROM anchor"));
    }
}
