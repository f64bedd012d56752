using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Node.Tests.Model;
using Meeda.Node.Tests.Services;
using Meeda.Operator.Bounties;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Operator.Proofs;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.Bounties;

/// <summary>
/// The service that carries blobs for bounties, and the book of them. The bounties' contract is played by the test: the
/// fake L1 has none.
/// </summary>
public sealed class BountyClaimsTests : IAsyncLifetime
{
    private static readonly CellProver Cells = new(TrustedSetup.Ethereum);
    private static readonly BigInteger Plenty = BigInteger.Pow(10, 18);

    private readonly List<Played> _bounties = [];
    private ServiceWorld _world = null!;
    private BountyContract _contract = null!;
    private BountyClaims _claims = null!;
    private StoredBatch _batch = null!;
    private Bytes32 _hash;
    private bool _isDeployed = true;
    private bool _isPaid = true;

    private OperatorAccount Account => _world.Account with { Publications = ModelNode.Signer.Address };

    public async Task InitializeAsync()
    {
        _world = await ServiceWorld.OpenAsync();
        _contract = new BountyContract(_world.Client, BountyContract.UsualAddress);
        _claims = _world.Own(
            new BountyClaims(
                Options.Create(new BountyOptions { Interval = ServiceWorld.Poll, LeastBlocksLeft = 100 }),
                _world.Client,
                _contract,
                Account,
                _world.Ledger,
                new BlobSource(
                    _world.Ledger,
                    _world.Rows,
                    new Absence(_world.Follower, _world.Ledger, _world.Contract, _world.Account),
                    ServiceWorld.Key,
                    _world.Log<BlobSource>()
                ),
                Cells,
                new PublicationSender(_world.Sender, _world.Sender),
                _world.Election,
                _world.Clock,
                _world.Log<BountyClaims>()
            )
        );
        _batch = await _world.PutAndPlaceAsync(1, 2, 3);
        await _world.AnchorAsync(_batch);
        _hash = BatchBlobs.VersionedHashes(_batch.Commitments)[0];
        _world.L1.Answer = Answer;
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Run_ABountyPays_IsClaimedOnce()
    {
        Put(Plenty);
        await _claims.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Bounties paid 1 ether: 1 blobs carried"));
        await _world.PassAsync(ServiceWorld.Poll * 10);
        Assert.Equal(1, Sent());
    }

    [Fact]
    public async Task Run_ABountyIsBelowTheCost_SendsNothing_UntilItIsNot()
    {
        Put(1_000);
        await _claims.StartAsync(default);
        await _world.PassAsync(ServiceWorld.Poll * 10);
        Assert.Equal(0, Sent());
        Put(Plenty);
        await _world.UntilAsync(() => _world.HasLogged("Bounties paid 1 ether: 1 blobs carried"));
        Assert.Equal(1, _bounties.Count(bounty => bounty.IsOpen));
    }

    /// <summary>Its funder could take it back in front of the blob.</summary>
    [Fact]
    public async Task Run_ABountyIsRefundableSoon_SendsNothing()
    {
        Put(Plenty, refundableIn: 99);
        await _claims.StartAsync(default);
        await _world.PassAsync(ServiceWorld.Poll * 10);
        Assert.Equal(0, Sent());
    }

    [Fact]
    public async Task Run_OtherBlobsAndBatches_AreNotClaimed()
    {
        Put(Plenty, hash: Keccak256.Hash([7]));
        Put(Plenty, about: Keccak256.Hash([8]));
        await _claims.StartAsync(default);
        await _world.PassAsync(ServiceWorld.Poll * 10);
        Assert.Equal(0, Sent());
    }

    /// <summary>The blob is mined, and somebody else had the bounty: it is said, and not tried again at once.</summary>
    [Fact]
    public async Task Run_ACompetitorWasPaid_SaysSo()
    {
        _isPaid = false;
        Put(Plenty);
        await _claims.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Bounties paid 0 ether of 1 ether, another account was faster"));
        await _world.PassAsync(ServiceWorld.Poll * 10);
        Assert.Equal(1, Sent());
    }

    /// <summary>What cannot be read now keeps others waiting no longer than a round.</summary>
    [Fact]
    public async Task Run_TheProvidersAreDown_SaysSo_AndClaimsLater()
    {
        SetAll(ProviderFault.Down);
        Put(Plenty);
        await _claims.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Bounties of 1 ether on 1 blobs are not claimed yet"));
        Assert.Equal(0, Sent());
        SetAll(ProviderFault.None);
        await _world.PassAsync(TimeSpan.FromMinutes(10));
        await _world.UntilAsync(() => _world.HasLogged("Bounties paid 1 ether: 1 blobs carried"));
    }

    [Fact]
    public async Task Run_TheContractIsNotThere_WaitsForIt()
    {
        _isDeployed = false;
        Put(Plenty);
        await _claims.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Claiming bounties waits: there is no BlobBounty at"));
        Assert.Equal(0, Sent());
        _isDeployed = true;
        await _world.UntilAsync(() => _world.HasLogged("Bounties paid 1 ether: 1 blobs carried"));
    }

    [Fact]
    public async Task Read_AfterAReorganisation_HasWhatStandsNow()
    {
        var book = new BountyBook(_world.Client, _contract, _world.Ledger);
        Put(Plenty);
        Put(Plenty + 1);
        await book.ReadAsync(default);
        Assert.Equal([0ul, 1], book.Held.Select(each => each.Bounty.Id).Order().ToArray());
        HeldBounty undone = book.Held.Single(each => each.Bounty.Id == 0);

        // The first is gone, and the second has its id.
        _bounties.RemoveAt(0);
        Assert.False(await book.StandsAsync(undone, default));
        await book.ReadAsync(default);
        Assert.Equal(Plenty + 1, Assert.Single(book.Held).Bounty.Amount);
        Assert.Equal(0ul, Assert.Single(book.Held).Bounty.Id);
    }

    /// <summary>Ids that no reorganisation can change are not read at each poll.</summary>
    [Fact]
    public async Task Read_OldBounties_AreReadOnce()
    {
        var book = new BountyBook(_world.Client, _contract, _world.Ledger);
        Put(Plenty);
        await _world.MineAsync(100);
        await book.ReadAsync(default);
        int calls = _world.L1.Calls.Count(method => method == "eth_call");
        await book.ReadAsync(default);
        Assert.Equal(2, _world.L1.Calls.Count(method => method == "eth_call") - calls); // both counts
        Assert.Single(book.Held);
    }

    private void Put(BigInteger amount, Bytes32? hash = null, Bytes32? about = null, ulong refundableIn = 10_000) =>
        _bounties.Add(
            new Played(
                hash ?? _hash,
                amount,
                _world.Chain.Head + refundableIn,
                about ?? _batch.Id.Value,
                _world.Chain.Head
            )
        );

    private object? Answer(string method, IReadOnlyList<object?> parameters)
    {
        JsonElement first = parameters.Count > 0 ? JsonSerializer.SerializeToElement(parameters[0]) : default;
        switch (method)
        {
            case "eth_getCode" when first.GetString() == $"{_contract.Address}":
                return _isDeployed ? "0xfe" : "0x";
            case "eth_estimateGas":
                return "0x10000";
            case "eth_sendRawTransaction":
                foreach (Played bounty in _bounties.Where(bounty => bounty.Amount >= Plenty))
                {
                    bounty.IsOpen = false;
                }

                return null;
            case "eth_getLogs" when first.GetRawText().Contains($"{_contract.Address}", StringComparison.Ordinal):
                return _isPaid
                    ? _bounties
                        .Index()
                        .Where(each => !each.Item.IsOpen)
                        .Select(each => PaidLog(each, first.GetProperty("fromBlock").GetString()!))
                        .ToArray()
                    : Array.Empty<object>();
            case "eth_call"
                when first
                    .GetProperty("to")
                    .GetString()!
                    .Equals($"{_contract.Address}", StringComparison.OrdinalIgnoreCase):
                return Call(first.GetProperty("data").GetString()!, $"{parameters[1]}");
            default:
                return null;
        }
    }

    private string Call(string data, string block)
    {
        if (data.Length <= 10)
        {
            // bountyCount, of the newest block or one before it.
            ulong at = block.StartsWith("0x", StringComparison.Ordinal)
                ? Convert.ToUInt64(block[2..], 16)
                : ulong.MaxValue;
            return "0x" + Word(_bounties.Count(bounty => bounty.FundedIn <= at));
        }

        int from = Convert.ToInt32(data[10..74], 16);
        Played[] page = [.. _bounties.Skip(from).Take(Convert.ToInt32(data[74..138], 16))];
        return "0x" + Word(32) + Word(page.Length) + string.Concat(page.Select(Encoded));
    }

    private static string Encoded(Played bounty) =>
        bounty.IsOpen
            ? bounty.Hash.ToString()[2..]
                + Word(bounty.Amount)
                + Word(0)
                + Word(bounty.RefundableFrom)
                + bounty.About.ToString()[2..]
            : string.Concat(Enumerable.Repeat(Word(0), 5));

    private object PaidLog((int Index, Played Item) each, string block) =>
        new
        {
            address = $"{_contract.Address}",
            topics = new[]
            {
                $"{Keccak256.Hash("BountyPaid(uint256,bytes32,address,uint256)"u8)}",
                "0x" + Word(each.Index),
                $"{each.Item.Hash}",
                "0x" + new string('0', 24) + $"{Account.Publications}"[2..].ToLowerInvariant(),
            },
            data = "0x" + Word(each.Item.Amount),
            blockNumber = block,
            blockHash = $"{Keccak256.Hash([1])}",
            transactionHash = $"{Keccak256.Hash([2])}",
            transactionIndex = "0x0",
            logIndex = FakeChain.Quantity(each.Index),
            removed = false,
        };

    private static string Word(BigInteger number) => number.ToString("x64", null)[^64..];

    private int Sent() => _world.L1.Calls.Count(method => method == "eth_sendRawTransaction") - 1; // the anchor

    private void SetAll(ProviderFault fault)
    {
        foreach (MemoryProvider provider in _world.Providers)
        {
            provider.Fault = fault;
        }
    }

    private sealed record Played(Bytes32 Hash, BigInteger Amount, ulong RefundableFrom, Bytes32 About, ulong FundedIn)
    {
        public bool IsOpen { get; set; } = true;
    }
}
