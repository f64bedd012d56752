using System.Collections.Concurrent;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.L1.Rpc;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>The block that the follower accepts as final, on a scripted L1; and its messages about failures.</summary>
public sealed class L1FollowerTests : IAsyncLifetime
{
    private static readonly Address Account = Address.Parse("0x00000000000000000000000000000000000a11ce");
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly Lines _lines = new();
    private readonly FakeRpc _rpc;
    private ulong _head = 100;
    private string _chain = "";
    private object? _final;
    private Ledger _ledger = null!;
    private L1Follower _follower = null!;

    public L1FollowerTests()
    {
        _rpc = new FakeRpc(
            (method, parameters) =>
                (method, parameters) switch
                {
                    ("eth_blockNumber", _) => FakeRpc.Quantity(_head),
                    ("eth_getCode", _) => "0x60",
                    ("eth_getLogs", _) => Array.Empty<object>(),
                    ("eth_getBlockByNumber", ["finalized", ..]) => _final,
                    ("eth_getBlockByNumber", [string number, ..]) => FakeRpc.Number(number) <= _head
                        ? FakeRpc.Block(FakeRpc.Number(number), _chain)
                        : null,
                    _ => throw FakeRpc.Unknown(method),
                }
        );
    }

    public async Task InitializeAsync()
    {
        var database = new SqliteDatabase(Path.Combine(_folder.Path, "ledger.sqlite"));
        var lease = new Lease(database, TimeSpan.FromMinutes(1));
        _ledger = await Ledger.OpenAsync(database, lease, None);
        var client = new EthereumClient(_rpc);
        var contract = new SystemContract(client, Address.Zero);
        var account = new OperatorAccount(Account);
        _follower = new L1Follower(
            Options.Create(new L1Options()),
            client,
            contract,
            account,
            _ledger,
            new BatchSignal(),
            new LeaderElection(lease, _clock, NullLogger<LeaderElection>.Instance),
            new OperatorStanding(client, contract, account, _ledger, _clock, NullLogger<OperatorStanding>.Instance),
            _clock,
            _lines
        );
    }

    public async Task DisposeAsync()
    {
        _follower.Dispose();
        await _ledger.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Final_OfAnHonestEndpoint_IsWhatItSays_AndNeverGoesBack()
    {
        Assert.Equal(36ul, await FinalAfterAsync(FakeRpc.Block(36)));
        Assert.Equal(68ul, await FinalAfterAsync(FakeRpc.Block(68)));
        Assert.Equal(68ul, await FinalAfterAsync(FakeRpc.Block(40)));
        Assert.Equal(68ul, await FinalAfterAsync(null));
    }

    [Fact]
    public async Task Final_ABlockThatIsNotOnTheChain_IsNotTrusted()
    {
        Assert.Equal(36ul, await FinalAfterAsync(FakeRpc.Block(36)));
        Assert.Equal(36ul, await FinalAfterAsync(FakeRpc.Block(10_000_000)));
        Assert.Equal(36ul, await FinalAfterAsync(FakeRpc.Block(90, "another chain")));
        Assert.Equal(2, _lines.Count(line => line.Contains("is not on its chain: ignored", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Final_BeyondWhatWasFollowed_EndsThere()
    {
        await _follower.CatchUpAsync(None);
        _head = 5_000;
        _final = FakeRpc.Block(4_000);
        await _follower.LookAtFinalAsync(None);
        Assert.Equal(100ul, _follower.Final);
    }

    [Fact]
    public async Task Final_WhatWasFollowedIsAnotherChain_StaysUntilItIsReadAnew()
    {
        await _follower.CatchUpAsync(None);
        _chain = "reorganised";
        _final = FakeRpc.Block(90, _chain);
        await _follower.LookAtFinalAsync(None);
        Assert.Equal(0ul, _follower.Final);
        Assert.Equal(90ul, await FinalAfterAsync(_final));
    }

    [Fact]
    public async Task Final_AnEndpointWithoutTheTag_IsNone_AndSaidOnce()
    {
        _ = await FinalAfterAsync(null);
        Assert.Equal(0ul, await FinalAfterAsync(null));
        Assert.Single(_lines, line => line.Contains("names no final block", StringComparison.Ordinal));
    }

    [Fact]
    public void Outage_GoesOn_IsSaidOnceAMinuteWithItsOwnReason()
    {
        var outage = new Outage("following L1", _clock, _lines);
        for (int second = 0; second <= 180; second++)
        {
            outage.Failed(new L1UnreachableException("eth_blockNumber: no connection to the node"));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1 + 3, _lines.Count);
        Assert.All(_lines, line => Assert.Contains("L1 does not answer", line, StringComparison.Ordinal));
        outage.Failed(new Microsoft.Data.Sqlite.SqliteException("disk full", 13));
        outage.Failed(new LeaseLostException());
        outage.Failed(new JsonRpcException("eth_call", -32000, "header not found", []));
        Assert.All(_lines.Skip(4), line => Assert.DoesNotContain("does not answer", line, StringComparison.Ordinal));
        Assert.Equal(7, _lines.Count);
        Assert.True(outage.Pause(TimeSpan.FromSeconds(2)) > TimeSpan.FromSeconds(5));
        outage.Over();
        Assert.Equal(TimeSpan.FromSeconds(2), outage.Pause(TimeSpan.FromSeconds(2)));
    }

    /// <summary>A history needs hundreds of blocks; final ones are requested only once.</summary>
    [Fact]
    public async Task Seed_OfAFinalBlock_IsAskedForOnce()
    {
        var rpc = new FakeRpc(
            (method, parameters) =>
                (method, parameters) switch
                {
                    ("eth_chainId", _) => "0x1",
                    ("eth_blockNumber", _) => FakeRpc.Quantity(_head),
                    ("eth_call", _) => "0x"
                        + string.Concat(
                            Enumerable
                                .Range(0, 17)
                                .Select(_ => 4.ToString("x64", System.Globalization.CultureInfo.InvariantCulture))
                        ),
                    ("eth_getBlockByNumber", ["finalized", ..]) => FakeRpc.Block(60),
                    ("eth_getBlockByNumber", [string number, ..]) => FakeRpc.Block(FakeRpc.Number(number)),
                    _ => throw FakeRpc.Unknown(method),
                }
        );
        var client = new EthereumClient(rpc);
        var verification = new EpochVerification(
            client,
            new SystemContract(client, Address.Zero),
            _ledger.Index,
            null!,
            _clock
        );
        async Task<int> CallsAsync()
        {
            int before = rpc.Calls.Count;
            for (ulong epoch = 1; epoch <= 20; epoch++)
            {
                await verification.SeedAsync(Account, epoch, None);
            }

            return rpc.Calls.Count - before;
        }

        Assert.Equal(20 + 1 + 1 + 2, await CallsAsync()); // each block, the parameters, the chain, what is final
        Assert.Equal(6, await CallsAsync()); // the six blocks that are not final
    }

    private async Task<ulong> FinalAfterAsync(object? final)
    {
        _final = final;
        await _follower.CatchUpAsync(None);
        await _follower.LookAtFinalAsync(None);
        return _follower.Final;
    }

    /// <summary>Keeps what is logged.</summary>
    private sealed class Lines : ConcurrentQueue<string>, ILogger<L1Follower>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
            {
                Enqueue(formatter(state, exception));
            }
        }
    }
}
