using System.Numerics;
using System.Text;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Node.Tests.Model;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Operator.Proofs;
using Xunit;

namespace Meeda.Node.Tests.Services;

/// <summary>The service that publishes demanded blobs on L1 before the stake is lost.</summary>
public sealed class BlobPublisherTests : IAsyncLifetime
{
    private static readonly CellProver Cells = new(TrustedSetup.Ethereum);

    // From contracts/interfaces, written out: the fake L1 does not implement demands.
    private static readonly string Demanded = Keccak256
        .Hash(Encoding.UTF8.GetBytes("Demanded(uint256,address,bytes32,address,uint64,uint40,uint256)"))
        .ToString();

    private static readonly string GetDemand = Keccak256.Hash(Encoding.UTF8.GetBytes("getDemand(uint256)")).ToString()[
        ..10
    ];

    private static readonly string OpenDemands = Keccak256
        .Hash(Encoding.UTF8.GetBytes("openDemands(address)"))
        .ToString()[..10];

    private ServiceWorld _world = null!;
    private BlobPublisher _publisher = null!;
    private StoredBatch _batch = null!;
    private ulong _demandedAt;
    private ulong _deadline;
    private Bytes32 _hash;
    private int _status; // open
    private int _demands = 1;
    private int _openDemands;
    private Func<int, int> _position = _ => 0;

    public async Task InitializeAsync()
    {
        _world = await ServiceWorld.OpenAsync();
        _publisher = _world.Own(
            new BlobPublisher(
                _world.L1Options,
                _world.Client,
                _world.Contract,
                _world.Account,
                new BlobSource(
                    _world.Ledger,
                    _world.Rows,
                    new Absence(_world.Follower, _world.Ledger, _world.Contract, _world.Account),
                    ServiceWorld.Key,
                    _world.Log<BlobSource>()
                ),
                Cells,
                new PublicationSender(_world.Sender, null),
                _world.Election,
                _world.Clock,
                _world.Log<BlobPublisher>()
            )
        );
        _batch = await _world.PutAndPlaceAsync(1, 2, 3);
        await _world.AnchorAsync(_batch);
        byte[] hash = System.Security.Cryptography.SHA256.HashData(_batch.Commitments);
        hash[0] = 1; // EIP-4844: the version, and the rest of the commitment's hash
        _hash = Bytes32.FromBytes(hash);
        _demandedAt = _world.Chain.Head;
        _deadline = _demandedAt + 1_000;
        _world.L1.Answer = Answer;
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Run_ABlobIsDemanded_IsPublishedOnce()
    {
        await _publisher.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Demand 5 answered in transaction"));
        _status = 1; // published
        await _world.PassAsync(ServiceWorld.Poll * 10);
        Assert.Equal(1, Sent());
        Assert.False(_publisher.ExecuteTask!.IsCompleted);
    }

    [Theory]
    [InlineData(1)] // published by another account
    [InlineData(2)] // over
    public async Task Run_TheDemandIsNotOpen_SendsNothing(int status)
    {
        _status = status;
        await _publisher.StartAsync(default);
        await _world.PassAsync(ServiceWorld.Poll * 10);
        Assert.Equal(0, Sent());
        Assert.False(_world.HasLogged("is demanded"));
    }

    [Fact]
    public async Task Run_TheDeadlineIsOver_SendsNothing()
    {
        _deadline = _demandedAt;
        await _publisher.StartAsync(default);
        await _world.PassAsync(ServiceWorld.Poll * 10);
        Assert.Equal(0, Sent());
    }

    [Fact]
    public async Task Run_TheProvidersAreDown_SaysSoEachTime_AndPublishesWhenTheyAreBack()
    {
        SetAll(ProviderFault.Down);
        await _publisher.StartAsync(default);
        await _world.UntilAsync(() =>
            _world.Lines.Lines.Count(line => line.StartsWith("Demand 5 is not answered yet", StringComparison.Ordinal))
            > 2
        );
        Assert.Equal(0, Sent());
        SetAll(ProviderFault.None);
        await _world.UntilAsync(() => _world.HasLogged("Demand 5 answered in transaction"));
    }

    /// <summary>
    /// In a queue, a demand may be far older than the window: L1 reports an open demand, so the publisher searches for
    /// it.
    /// </summary>
    [Fact]
    public async Task Run_AnOpenDemandIsOlderThanTheWindow_IsFoundAndPublished()
    {
        _openDemands = 1;
        await _world.MineAsync((int)_world.Parameters.PublishWindow + 200);
        await _publisher.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Demand 5 answered in transaction"));
    }

    [Fact]
    public async Task Run_SeveralDemands_AreAnsweredInOneTransaction()
    {
        _demands = 3;
        await _publisher.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Demand 7 answered in transaction"));
        Assert.True(_world.HasLogged("Demand 5 answered in transaction"));
        Assert.Equal(1, Sent());
    }

    [Fact]
    public async Task Run_OneOfSeveralBlobsCannotBeRead_TheOthersAreAnswered()
    {
        _demands = 2;
        _position = index => index == 0 ? 999 : 0; // where nothing is anchored
        await _publisher.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Demand 6 answered in transaction"));
        Assert.True(_world.HasLogged("Demand 5 is not answered yet"));
        Assert.False(_world.HasLogged("Demand 5 answered in transaction"));
    }

    /// <summary>The demand names a different blob than the one at that position: L1 was reorganised.</summary>
    [Fact]
    public async Task Run_TheDemandNamesAnotherBlob_SendsNothing()
    {
        _hash = Keccak256.Hash([9]);
        await _publisher.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("L1 reorganised while the demands were answered"));
        Assert.Equal(0, Sent());
    }

    [Fact]
    public async Task Run_L1IsAway_PublishesWhenItIsBack()
    {
        _world.L1.GoAway();
        await _publisher.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Answering demands waits: L1 does not answer"));
        _world.L1.ComeBack();
        await _world.UntilAsync(() => _world.HasLogged("Demand 5 answered in transaction"));
    }

    [Fact]
    public async Task Run_TheLeaseIsLostInTheMiddle_SendsNothing_UntilItLeadsAgain()
    {
        _world.L1.Failure = method =>
        {
            _world.Lease.IsFree &= method != "eth_estimateGas";
            return null;
        };
        await _publisher.StartAsync(default);
        await _world.UntilAsync(() => !_world.Lease.IsFree && !_world.Election.IsLeading);
        await _world.PassAsync(ServiceWorld.Poll * 5);
        Assert.Equal(0, Sent());
        Assert.False(_world.HasLogged("is not answered yet"));
        _world.L1.ComeBack();
        _world.Lease.IsFree = true;
        await _world.UntilAsync(() => _world.HasLogged("Demand 5 answered in transaction"));
    }

    private static string Word(BigInteger number) => number.ToString("x64", null)[^64..];

    private static string Word(Address address) => new string('0', 24) + address.ToString()[2..];

    private object? Answer(string method, IReadOnlyList<object?> parameters)
    {
        JsonElement first = parameters.Count > 0 ? JsonSerializer.SerializeToElement(parameters[0]) : default;
        return method switch
        {
            "eth_call" when first.GetProperty("data").GetString()!.StartsWith(GetDemand, StringComparison.Ordinal) =>
                "0x"
                    + _hash.ToString()[2..]
                    + Word(_world.Account.Address)
                    + Word(_deadline)
                    + Word(_status)
                    + Word(Address.Zero)
                    + Word(1),
            "eth_call" when first.GetProperty("data").GetString()!.StartsWith(OpenDemands, StringComparison.Ordinal) =>
                "0x" + Word(_openDemands),
            "eth_getLogs" when first.GetRawText().Contains(Demanded, StringComparison.OrdinalIgnoreCase) => Number(
                first,
                "fromBlock"
            ) <= _demandedAt
            && _demandedAt <= Number(first, "toBlock")
                ? Enumerable.Range(0, _demands).Select(Log).ToArray()
                : Array.Empty<object>(),
            _ => null,
        };
    }

    private static ulong Number(JsonElement filter, string field) =>
        Convert.ToUInt64(filter.GetProperty(field).GetString()![2..], 16);

    private object Log(int index) =>
        new
        {
            address = _world.Contract.Publication.Address.ToString(),
            topics = new[] { Demanded, "0x" + Word(5 + index), "0x" + Word(_world.Account.Address), _hash.ToString() },
            data = "0x" + Word(Address.Zero) + Word(_position(index)) + Word(_deadline) + Word(1),
            blockNumber = FakeChain.Quantity(_demandedAt),
            blockHash = Keccak256.Hash([1]).ToString(),
            transactionHash = Keccak256.Hash([2]).ToString(),
            transactionIndex = "0x0",
            logIndex = FakeChain.Quantity(index),
            removed = false,
        };

    private int Sent() => _world.L1.Calls.Count(method => method == "eth_sendRawTransaction") - 1; // the anchor

    private void SetAll(ProviderFault fault)
    {
        foreach (MemoryProvider provider in _world.Providers)
        {
            provider.Fault = fault;
        }
    }
}
