using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.Node.Tests.Storage;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>A ledger and its providers serve one chain, contract and account (docs/durability.md).</summary>
public sealed class LedgerOwnerTests : IAsyncLifetime
{
    private static readonly Address Contract = Address.Parse("0x00000000000000000000000000000000000000c0"),
        OtherContract = Address.Parse("0x00000000000000000000000000000000000000c1");
    private static readonly Address Account = Address.Parse("0x00000000000000000000000000000000000000a1"),
        OtherAccount = Address.Parse("0x00000000000000000000000000000000000000a2");

    private readonly TemporaryFolder _folder = new();
    private readonly FakeL1 _l1 = new() { Head = 50 };
    private readonly StorageOptions _storage = new();
    private Ledger _ledger = null!;

    public async Task InitializeAsync()
    {
        _storage.Folder = _folder.Path;
        Directory.CreateDirectory(Path.Combine(_folder.Path, "rows"));
        _storage.Providers.Add(Path.Combine(_folder.Path, "rows"));
        _storage.ToleratedLosses = 0;
        _ledger = await SqliteLedger.OpenLeadingAsync(_folder.Path);
    }

    public async Task DisposeAsync()
    {
        await _ledger.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task Ensure_AtTheFirstStartAndTheNext_Passes()
    {
        await EnsureAsync();
        await EnsureAsync();
        Assert.Equal(new LedgerBinding(1, Contract, Account), await _ledger.FindBindingAsync(default));
    }

    [Fact]
    public async Task Ensure_WithAnotherContractAccountOrChain_IsRefusedWithWhatIsDifferent()
    {
        await EnsureAsync();
        Assert.Contains(
            $"contract {Contract}",
            (await RefusedAsync(contract: OtherContract)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"account {Account}",
            (await RefusedAsync(account: OtherAccount)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains("chain 1,", (await RefusedAsync(chain: 5)).Message, StringComparison.Ordinal);
        await EnsureAsync();
    }

    /// <summary>As for replicas on one database, each with its own provider folders.</summary>
    [Fact]
    public async Task Ensure_WithProvidersThatSayNothing_IsRefusedByTheLedgerItself()
    {
        await EnsureAsync();
        (Address, Address, ulong)[] others =
        [
            (OtherContract, Account, 1),
            (Contract, OtherAccount, 1),
            (Contract, Account, 5),
        ];
        foreach ((Address contract, Address account, ulong chain) in others)
        {
            File.Delete(Path.Combine(_folder.Path, "rows", LedgerOwner.FileName));
            SetupException refusal = await RefusedAsync(contract, account, chain);
            Assert.StartsWith("data folder", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Ensure_OfALedgerThatHoldsAnchors_AdoptsThoseThatTheContractKeeps_AndRefusesOthers()
    {
        var anchor = new Anchor(0, Keccak256.Hash([1]), 0, 1, 10, 500);
        await _ledger.AdvanceAsync(
            new BlockPoint(20, Bytes32.Zero),
            [new AnchorEvent(anchor, Bytes32.Zero, new byte[48], [])],
            [],
            default
        );
        Assert.Contains("does not keep", (await RefusedAsync()).Message, StringComparison.Ordinal);
        Assert.Null(await _ledger.FindBindingAsync(default));
        _l1.Keep(anchor);
        await EnsureAsync();
        Assert.NotNull(await _ledger.FindBindingAsync(default));
    }

    [Fact]
    public async Task Ensure_WithAProvidersFolderOfAnotherOperator_IsRefused()
    {
        await EnsureAsync();
        using var second = new TemporaryFolder();
        await using Ledger other = await SqliteLedger.OpenLeadingAsync(second.Path);
        SetupException refusal = await Assert.ThrowsAsync<SetupException>(() =>
            EnsureAsync(account: OtherAccount, ledger: other)
        );
        Assert.Contains("provider", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NotePlaces_ThatChanged_AreToldOnce()
    {
        await EnsureAsync();
        Assert.Empty(await _ledger.NotePlacesAsync([.. _storage.Places], 0, default));
        Assert.Equal(2, (await _ledger.NotePlacesAsync(["/elsewhere"], 1, default)).Count);
        Assert.Empty(await _ledger.NotePlacesAsync(["/elsewhere"], 1, default));
    }

    private Task<SetupException> RefusedAsync(Address? contract = null, Address? account = null, ulong chain = 1) =>
        Assert.ThrowsAsync<SetupException>(() => EnsureAsync(contract, account, chain));

    private async Task EnsureAsync(
        Address? contract = null,
        Address? account = null,
        ulong chain = 1,
        Ledger? ledger = null
    )
    {
        var client = new EthereumClient(_l1);
        using RowProviders providers = await RowProviders.OpenAsync(_storage, ledger ?? _ledger, default);
        await new LedgerOwner(
            Options.Create(_storage),
            client,
            ledger ?? _ledger,
            new SystemContract(client, contract ?? Contract),
            new OperatorAccount(account ?? Account),
            providers,
            TimeProvider.System,
            NullLogger<LedgerOwner>.Instance
        ).EnsureAsync(chain, default);
    }
}
