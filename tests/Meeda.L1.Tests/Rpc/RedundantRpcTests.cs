using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Rpc;

/// <summary>
/// Two endpoints of one real chain, each behind an HTTP server that can be silent, behind, ahead, on a fork, or
/// refuse.
/// </summary>
public sealed class RedundantRpcTests : IAsyncLifetime
{
    private const int Height = 100;
    private static readonly Address To = Address.Parse("0x000000000000000000000000000000000000beef");
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TransactionSenderOptions Quick = new()
    {
        Confirmations = 0,
        PollInterval = TimeSpan.FromMilliseconds(20),
    };

    private readonly ConcurrentQueue<EndpointNotice> _notices = new();
    private readonly List<IDisposable> _connections = [];
    private Anvil _anvil = null!;
    private RpcProxy[] _proxies = [];
    private EthereumClient _node = null!;
    private EthereumClient _both = null!;

    public async Task InitializeAsync()
    {
        if (Anvil.Binary is null)
        {
            return;
        }

        // A chain of 12 s slots that has its head at this moment.
        _anvil = await StartAnvilAsync();
        _node = new EthereumClient(Connect(_anvil.Rpc));
        await Connect(_anvil.Rpc).CallAsync("anvil_mine", [Quantity(Height), "0xc"], None);
        _proxies = [RpcProxy.Start(_anvil.Rpc), RpcProxy.Start(_anvil.Rpc)];
        _both = Redundant([.. _proxies.Select(proxy => proxy.Rpc)]);
    }

    public async Task DisposeAsync()
    {
        _connections.ForEach(connection => connection.Dispose());
        foreach (RpcProxy proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        if (_anvil is not null)
        {
            await _anvil.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task Head_OfTwoThatAgree_IsTheirs()
    {
        RequireAnvil();
        Assert.Equal((ulong)Height, await _both.GetBlockNumberAsync(None));
        Assert.Empty(_notices);
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Head_OneClaimsBlocksThatDoNotExist_IsTheOtherOnes(int liar)
    {
        RequireAnvil();
        LieAhead(_proxies[liar], 5_000, timestampAhead: 0);
        Assert.Equal((ulong)Height, await _both.GetBlockNumberAsync(None));
        Assert.Equal(await BlockAsync(Height), await _both.GetBlockAsync(BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Head_OneClaimsBlocksOfTheFuture_IsLeftOutAndSaid()
    {
        RequireAnvil();
        LieAhead(_proxies[0], 5_000, timestampAhead: 60_000);
        Assert.Equal((ulong)Height, await _both.GetBlockNumberAsync(None));
        EndpointNotice notice = Assert.Single(_notices);
        Assert.Equal(0, notice.Endpoint);
        Assert.Contains("future", notice.Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Head_OneIsFarBehind_IsTheOtherOnes_AndItIsAcceptedAgainWhenItHasCaughtUp()
    {
        RequireAnvil();
        JsonNode old = await RawBlockAsync(Height - 50);
        _proxies[0].Lie = (method, parameters, result) =>
            method == "eth_getBlockByNumber" && parameters[0]!.GetValue<string>() == "latest"
                ? old.DeepClone()
                : result;
        Assert.Equal((ulong)Height, await _both.GetBlockNumberAsync(None));
        Assert.NotNull(Assert.Single(_notices).Problem);

        _proxies[0].Lie = (_, _, result) => result;
        while (_notices.Count < 2)
        {
            Assert.Equal((ulong)Height, await _both.GetBlockNumberAsync(None));
        }

        Assert.Equal(new EndpointNotice(0, null), _notices.Last());
    }

    [SkippableFact]
    public async Task Head_OneIsAFewBlocksBehind_IsWhatBothHave()
    {
        RequireAnvil();
        JsonNode old = await RawBlockAsync(Height - 3);
        _proxies[1].Lie = (method, parameters, result) =>
            method == "eth_getBlockByNumber" && parameters[0]!.GetValue<string>() == "latest"
                ? old.DeepClone()
                : result;
        Assert.Equal(Height - 3ul, await _both.GetBlockNumberAsync(None));
    }

    /// <summary>
    /// A second chain with the same first block: its blocks are not trusted, and state is read where both agree.
    /// </summary>
    [SkippableFact]
    public async Task Head_OneIsOnAFork_IsBelowTheFork()
    {
        RequireAnvil();
        string start = Start();
        await using Anvil one = await Anvil.StartAsync("--timestamp", start),
            two = await Anvil.StartAsync("--timestamp", start);
        await Connect(two.Rpc).CallAsync("anvil_setCoinbase", [To.ToString()], None);
        await Connect(one.Rpc).CallAsync("anvil_mine", ["0x5"], None);
        await Connect(two.Rpc).CallAsync("anvil_mine", ["0x7"], None);
        await Connect(two.Rpc).CallAsync("anvil_setBalance", [To.ToString(), "0x5"], None);
        EthereumClient forked = Redundant(one.Rpc, two.Rpc),
            turned = Redundant(two.Rpc, one.Rpc);
        Assert.Equal(0ul, await forked.GetBlockNumberAsync(None));
        Assert.Equal(0, await forked.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.Equal(0, await turned.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Head_TheForkIsDeeperThanTheSearch_TrustsNoHead()
    {
        RequireAnvil();
        await using Anvil other = await StartAnvilAsync();
        await Connect(other.Rpc).CallAsync("anvil_setCoinbase", [To.ToString()], None);
        await Connect(other.Rpc).CallAsync("anvil_mine", [Quantity(Height), "0xc"], None);
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            Redundant(_anvil.Rpc, other.Rpc).GetBlockNumberAsync(None)
        );
        Assert.Contains("disagree", failure.Message, StringComparison.Ordinal);

        // Of three, two outvote one.
        Assert.Equal(
            (await BlockAsync(Height))!.Hash,
            (await Redundant(other.Rpc, _proxies[0].Rpc, _proxies[1].Rpc).GetBlockAsync(BlockTag.Latest, None))!.Hash
        );
    }

    [SkippableTheory]
    [InlineData(ProxyFault.Hang)]
    [InlineData(ProxyFault.Unavailable)]
    [InlineData(ProxyFault.Error)]
    public async Task Read_OneDoesNotAnswer_TheOtherDoes(ProxyFault fault)
    {
        RequireAnvil();
        _proxies[0].Faults = _ => fault;
        Assert.Equal((ulong)Height, await _both.GetBlockNumberAsync(None));
        Assert.Equal(31337ul, await _both.GetChainIdAsync(None));
        _proxies[1].Faults = _ => fault;
        using var rpc = new RedundantRpc(
            [.. _proxies.Select(proxy => Connect(proxy.Rpc))],
            new() { HeadLimit = TimeSpan.FromMilliseconds(500) }
        );
        await Assert.ThrowsAsync<L1UnreachableException>(() => new EthereumClient(rpc).GetBlockNumberAsync(None));
    }

    [SkippableFact]
    public async Task Read_OneHangsForLong_IsWaitedForOnce()
    {
        RequireAnvil();
        _proxies[0].Faults = _ => ProxyFault.Hang;
        var clock = new WaitsClock();
        TimeSpan limit = Patience.Of(TimeSpan.FromSeconds(2));
        using var rpc = new RedundantRpc(
            [.. _proxies.Select(proxy => Connect(proxy.Rpc))],
            new() { HeadInterval = TimeSpan.Zero, HeadLimit = limit },
            clock
        );
        var client = new EthereumClient(rpc);
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal((ulong)Height, await client.GetBlockNumberAsync(None));
        }

        // The endpoint that answers gets the whole limit each time; the silent one only once, and a tenth of it
        // afterwards.
        Assert.Equal(13, clock.Waits.Count(wait => wait == limit));
        Assert.Equal(11, clock.Waits.Count(wait => wait == limit / 10));

        // It answers again and is queried again: the head that the other one invents is no longer trusted.
        _proxies[0].Faults = _ => ProxyFault.None;
        LieAhead(_proxies[1], 5_000, timestampAhead: 0);
        using CancellationTokenSource patience = Patience.Limit(TimeSpan.FromSeconds(30));
        while (await client.GetBlockNumberAsync(patience.Token) != Height) { }
    }

    [SkippableFact]
    public async Task Read_OneAnswersWithErrors_TheOtherIsAsked_ButAContractsAnswerIsFinal()
    {
        RequireAnvil();
        _proxies[0].Faults = method => method is "eth_getBalance" ? ProxyFault.Error : ProxyFault.None;
        Assert.True(
            await _both.GetBalanceAsync(PrivateKeySigner.FromHex(Anvil.FundedKey).Address, BlockTag.Latest, None) > 0
        );

        byte[] reverting = Convert.FromHexString("63010203046000526004601cfd");
        int before = _proxies[1].Calls.Count(method => method == "eth_estimateGas");
        JsonRpcException refusal = await Assert.ThrowsAsync<JsonRpcException>(() =>
            _both.EstimateGasAsync(To, new TransactionRequest(null, reverting), None)
        );
        Assert.Equal([1, 2, 3, 4], refusal.RevertData);
        Assert.Equal(before, _proxies[1].Calls.Count(method => method == "eth_estimateGas"));
    }

    [SkippableFact]
    public async Task Receipt_OfABlockThatOnlyOneHas_IsNotTrusted()
    {
        RequireAnvil();
        TransactionReceipt real = await SenderOver(_node).SendAsync(new TransactionRequest(To, [], 5), None);
        LieAhead(_proxies[0], 5_000, timestampAhead: 0);
        _proxies[0].Lie = Then(
            _proxies[0].Lie,
            (method, _, result) =>
            {
                if (method == "eth_getTransactionReceipt" && result is not null)
                {
                    result["blockNumber"] = Quantity(Height + 4_000);
                }

                return result;
            }
        );
        Assert.Null(await _both.GetTransactionReceiptAsync(real.TransactionHash, None));
        Assert.NotNull(await _node.GetTransactionReceiptAsync(real.TransactionHash, None));
    }

    [SkippableTheory]
    [InlineData(ProxyFault.None)]
    [InlineData(ProxyFault.Hang)]
    [InlineData(ProxyFault.AcceptAndHang)]
    [InlineData(ProxyFault.Unavailable)]
    [InlineData(ProxyFault.Error)]
    public async Task Send_WhateverOneDoesWithIt_ArrivesOnceAndReachesBoth(ProxyFault fault)
    {
        RequireAnvil();
        _proxies[0].Faults = method => method == "eth_sendRawTransaction" ? fault : ProxyFault.None;
        Assert.True((await SenderOver(_both).SendAsync(new TransactionRequest(To, [], 5), None)).Succeeded);
        Assert.Equal(5, await _node.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.All(_proxies, proxy => Assert.Contains("eth_sendRawTransaction", proxy.Calls));
    }

    [SkippableFact]
    public async Task Send_BothRefuse_IsTheirWords()
    {
        RequireAnvil();
        Assert.All(
            _proxies,
            proxy => proxy.Faults = method => method == "eth_sendRawTransaction" ? ProxyFault.Error : ProxyFault.None
        );
        JsonRpcException refusal = await Assert.ThrowsAsync<JsonRpcException>(() =>
            SenderOver(_both).SendAsync(new TransactionRequest(To, [], 5), None)
        );
        Assert.Equal("internal error, says the proxy", refusal.NodeMessage);
    }

    [SkippableFact]
    public async Task Send_WhileOneLiesAboutTheHead_WaitsForRealConfirmations()
    {
        RequireAnvil();
        LieAhead(_proxies[0], 5_000, timestampAhead: 0);
        Task<TransactionReceipt> sending = SenderOver(_both, Quick with { Confirmations = 3 })
            .SendAsync(new TransactionRequest(To, [], 5), None);
        await Patience.UntilAsync(
            async () => await _node.GetBalanceAsync(To, BlockTag.Latest, None) != 0,
            TimeSpan.FromSeconds(60)
        );

        // It is mined, and the liar reports thousands of blocks on top of it. That many polls later it is still waited
        // for.
        int looks = _proxies[0].Calls.Count;
        while (_proxies[0].Calls.Count < looks + 50)
        {
            await _node.GetBlockNumberAsync(None);
        }

        Assert.False(sending.IsCompleted);
        await Connect(_anvil.Rpc).CallAsync("anvil_mine", ["0x3"], None);
        Assert.True((await sending).Succeeded);
    }

    private static void RequireAnvil() =>
        Skip.If(
            Anvil.Binary is null,
            "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL"
        );

    private static Task<Anvil> StartAnvilAsync() => Anvil.StartAsync("--timestamp", Start());

    private static string Start() =>
        (DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (12 * Height)).ToString(CultureInfo.InvariantCulture);

    private static string Quantity(int value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");

    private static Func<string, JsonArray, JsonNode?, JsonNode?> Then(
        Func<string, JsonArray, JsonNode?, JsonNode?> first,
        Func<string, JsonArray, JsonNode?, JsonNode?> second
    ) => (method, parameters, result) => second(method, parameters, first(method, parameters, result));

    /// <summary>The endpoint invents that many blocks on top of the real head.</summary>
    private static void LieAhead(RpcProxy proxy, int blocks, int timestampAhead) =>
        proxy.Lie = (method, parameters, result) =>
        {
            if (method == "eth_blockNumber")
            {
                return Quantity(Height + blocks);
            }

            string tag = method == "eth_getBlockByNumber" ? parameters[0]!.GetValue<string>() : "";
            if (result is not null && tag == "latest")
            {
                result["number"] = Quantity(Height + blocks);
                result["hash"] = "0x" + new string('a', 64);
                result["timestamp"] =
                    "0x"
                    + (DateTimeOffset.UtcNow.ToUnixTimeSeconds() + timestampAhead).ToString(
                        "x",
                        CultureInfo.InvariantCulture
                    );
            }

            return result;
        };

    private JsonRpcClient Connect(Uri rpc)
    {
        var http = new HttpClient { BaseAddress = rpc };
        _connections.Add(http);
        return new JsonRpcClient(http, retries: 1, attemptLimit: Patience.Of(TimeSpan.FromSeconds(2)));
    }

    private EthereumClient Redundant(params Uri[] endpoints)
    {
        var rpc = new RedundantRpc(
            endpoints.Select(Connect),
            new RedundantRpcOptions
            {
                HeadInterval = TimeSpan.FromMilliseconds(10),
                HeadLimit = Patience.Of(TimeSpan.FromSeconds(10)),
                Observer = _notices.Enqueue,
            }
        );
        _connections.Add(rpc);
        return new EthereumClient(rpc);
    }

    private TransactionSender SenderOver(EthereumClient client, TransactionSenderOptions? options = null)
    {
        var sender = new TransactionSender(client, PrivateKeySigner.FromHex(Anvil.FundedKey), options ?? Quick);
        _connections.Add(sender);
        return sender;
    }

    private Task<Block?> BlockAsync(int number) => _node.GetBlockAsync(BlockTag.Number((ulong)number), None);

    private async Task<JsonNode> RawBlockAsync(int number) =>
        JsonNode.Parse(
            (await Connect(_anvil.Rpc).CallAsync("eth_getBlockByNumber", [Quantity(number), false], None)).GetRawText()
        )!;

    /// <summary>The system clock, recording the length of each requested wait.</summary>
    private sealed class WaitsClock : TimeProvider
    {
        public ConcurrentQueue<TimeSpan> Waits { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Enqueue(dueTime);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
