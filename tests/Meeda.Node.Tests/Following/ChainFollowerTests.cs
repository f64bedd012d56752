using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Chain.Following;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Node.Tests.Model;
using Meeda.Node.Tests.Storage;
using Xunit;

namespace Meeda.Node.Tests.Following;

/// <summary>The follower on a chain in memory: what it keeps is always what a new one would read.</summary>
public sealed class ChainFollowerTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Address First = AnchoringChain.First.Address;

    private readonly AnchoringChain _world = new();
    private readonly LineLogger _log = new();
    private readonly MemoryChain _kept = new();
    private readonly ScriptedRpc _rpc;

    public ChainFollowerTests() => _rpc = new ScriptedRpc(_world.Chain);

    private FakeChain L1 => _world.Chain;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CatchUp_AnchorsOfTwoOperators_KeepsThoseThatItFollows(bool isOne)
    {
        await _world.AnchorSomeAsync();
        Assert.Equal(L1.Head, await Follower(isOne ? First : null).CatchUpAsync(None));
        Assert.Equal(isOne ? 6 : 9, _kept.Lines.Count);
        Assert.Equal(isOne, _kept.Lines.All(line => line.StartsWith(First.ToString(), StringComparison.Ordinal)));
        Assert.Equal(L1.Head, (await _kept.TipAsync(None))!.Value.Number);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CatchUp_AfterAReorganisationOfAnyDepth_KeepsWhatANewFollowerReads(bool isOne)
    {
        await _world.AnchorSomeAsync();
        int depths = (int)L1.Head;
        for (int depth = 1; depth <= depths; depth++)
        {
            ChainFollower follower = Follower(isOne ? First : null);
            await follower.CatchUpAsync(None);
            L1.Reorganise(depth); // The anchors wait for a block again.
            L1.Mine(depth % 3);
            await follower.CatchUpAsync(None);
            await EqualsANewOneAsync(isOne);
        }
    }

    [Fact]
    public async Task CatchUp_AfterAReorganisation_TellsHowFarBackAndHowFarItReads()
    {
        var told = new List<string>();
        await _world.AnchorSomeAsync();
        ChainFollower follower = new(Client, _world.Contract, _kept, First, 0, _log)
        {
            Advanced = block => told.Add($"+{block}"),
            RolledBack = block => told.Add($"-{block}"),
        };
        await follower.CatchUpAsync(None);
        ulong before = L1.Head;
        L1.Mine();
        await follower.CatchUpAsync(None);
        L1.Reorganise(1);
        await follower.CatchUpAsync(None);
        Assert.Equal([$"+{before}", $"+{before + 1}", $"-{before}", $"+{before + 1}"], told);
    }

    [Theory]
    [InlineData(true, "silence")]
    [InlineData(false, "silence")]
    [InlineData(true, "cancelled")]
    [InlineData(false, "cancelled")]
    [InlineData(true, "reorganised")]
    [InlineData(false, "reorganised")]
    public async Task CatchUp_InterruptedAtAnyCall_ANewProcessGoesOnFromThere(bool isOne, string interruption)
    {
        await _world.AnchorSomeAsync();
        ChainFollower old = Follower(isOne ? First : null);
        await old.CatchUpAsync(None);
        for (int call = 1, calls = int.MaxValue; call <= calls; call++)
        {
            await _world.AnchorAsync(AnchoringChain.First);
            await _world.AnchorAsync(AnchoringChain.Second);
            L1.Mine(2);
            L1.Reorganise(2);
            L1.Mine();
            using var stop = new CancellationTokenSource();
            int start = _rpc.Calls;
            int target = call;
            _rpc.Before = number =>
            {
                if (number - start == target)
                {
                    switch (interruption)
                    {
                        case "silence":
                            throw new L1UnreachableException("it is away") { Problem = L1Problem.Connection };
                        case "cancelled":
                            stop.Cancel();
                            break;
                        default:
                            L1.Reorganise(3);
                            L1.Mine();
                            break;
                    }
                }
            };
            Exception? failure = await Record.ExceptionAsync(() =>
                Follower(isOne ? First : null).CatchUpAsync(stop.Token)
            );
            Assert.True(
                failure is null or L1UnreachableException or OperationCanceledException or InvalidDataException
            );
            calls = Math.Min(calls, failure is null && _rpc.Calls - start < call ? call : int.MaxValue);
            _rpc.Before = null;
            await Follower(isOne ? First : null).CatchUpAsync(None);
            await EqualsANewOneAsync(isOne);
        }

        Assert.Equal(0, _kept.Restarts);
    }

    [Fact]
    public async Task CatchUp_TheEndpointAllowsFewBlocks_ReadsAllInShorterRanges()
    {
        var world = new AnchoringChain(blocks: 4_500);
        await world.AnchorSomeAsync();
        var rpc = new ScriptedRpc(world.Chain)
        {
            Lie = (method, parameters, truth) =>
            {
                if (method != "eth_getLogs")
                {
                    return truth;
                }

                JsonElement filter = JsonSerializer.SerializeToElement(parameters[0]);
                return Number(filter, "toBlock") - Number(filter, "fromBlock") < 700
                    ? truth
                    : throw new JsonRpcException(method, -32005, "query exceeds max block range", []);
            },
        };
        var follower = new ChainFollower(new EthereumClient(rpc), Over(rpc, world), _kept, First, 0, _log);
        Assert.Equal(world.Chain.Head, await follower.CatchUpAsync(None));
        Assert.Equal(6, _kept.Lines.Count);
        Assert.True(_kept.Writes > 4_500 / 700);
    }

    [Fact]
    public async Task CatchUp_LogsOfTheHeadAreLate_WritesNothingUntilTheyAreThere()
    {
        await _world.AnchorSomeAsync();
        ChainFollower follower = Follower(First);
        await follower.CatchUpAsync(None);
        await _world.AnchorAsync(AnchoringChain.First);
        L1.Mine();
        ulong tip = (await _kept.TipAsync(None))!.Value.Number;
        _rpc.Lie = NoLogs;
        InvalidDataException late = await Assert.ThrowsAsync<InvalidDataException>(() => follower.CatchUpAsync(None));
        Assert.Contains(
            "show 6 anchors of this operator, and the contract keeps 7",
            late.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(tip, (await _kept.TipAsync(None))!.Value.Number);
        _rpc.Lie = null;
        await follower.CatchUpAsync(None);
        await EqualsANewOneAsync(isOne: true);
        Assert.Equal(0, _kept.Restarts);
    }

    [Fact]
    public async Task CatchUp_LogsStayHidden_ReadsEverythingAgainOnceAndNoMore()
    {
        await _world.AnchorSomeAsync();
        ChainFollower follower = Follower(First);
        _rpc.Lie = NoLogs;
        for (int poll = 0; poll < 30; poll++)
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => follower.CatchUpAsync(None));
        }

        Assert.Equal(1, _kept.Restarts);
        Assert.Equal(0, _kept.Writes);
        _rpc.Lie = null;
        await follower.CatchUpAsync(None);
        await EqualsANewOneAsync(isOne: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CatchUp_StartsBehindTheFirstAnchors_ReadsFromTheContractsDeployment(bool isOne)
    {
        await _world.AnchorSomeAsync();
        ulong late = L1.Head - 2;

        // The endpoint reports that the contract did not exist before, so the late start is accepted at first.
        bool isTold = false;
        _rpc.Lie = (method, _, truth) =>
        {
            if (method != "eth_getCode" || isTold)
            {
                return truth;
            }

            isTold = true;
            return JsonSerializer.SerializeToElement("0x");
        };
        await Follower(isOne ? First : null, late).CatchUpAsync(None);
        Assert.True(isTold);
        Assert.Equal(1, _kept.Restarts);
        await EqualsANewOneAsync(isOne);
        Assert.Contains(_log.Lines, line => line.Contains("are missing; reading L1 again", StringComparison.Ordinal));
    }

    private EthereumClient Client => new(_rpc);

    private static SystemContract Over(JsonRpc rpc, AnchoringChain world) =>
        new(new EthereumClient(rpc), world.Chain.Contract);

    private static ulong Number(JsonElement filter, string name) =>
        Convert.ToUInt64(filter.GetProperty(name).GetString(), 16);

    private static JsonElement NoLogs(string method, IReadOnlyList<object?> parameters, JsonElement truth) =>
        method == "eth_getLogs" ? JsonSerializer.SerializeToElement(Array.Empty<object>()) : truth;

    private ChainFollower Follower(Address? only, ulong fromBlock = 0) =>
        new(Client, Over(_rpc, _world), _kept, only, fromBlock, _log);

    private async Task EqualsANewOneAsync(bool isOne)
    {
        var fresh = new MemoryChain();
        var follower = new ChainFollower(new EthereumClient(L1), _world.Contract, fresh, isOne ? First : null, 0, _log);
        Assert.Equal(L1.Head, await follower.CatchUpAsync(None));
        Assert.Equal(fresh.Lines, _kept.Lines);
        Assert.Equal(await fresh.TipAsync(None), await _kept.TipAsync(None));
    }
}
