using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Transactions;

/// <summary>
/// Several transactions of one account at once, on a chain that drops some, raises its fees, or is behind a faulty
/// node.
/// </summary>
public sealed class SeveralInFlightTests
{
    private const string FiftyGwei = "0xba43b7400"; // anvil starts at 1
    private static readonly Address To = Address.Parse("0x0000000000000000000000000000000000005e7e");
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TransactionSenderOptions Quick = new()
    {
        Confirmations = 0,
        PollInterval = TimeSpan.FromMilliseconds(20),
    };
    private static readonly byte[] Infinity = [0xc0, .. new byte[BlobSidecar.PointLength - 1]];
    private static readonly BlobSidecar Zero = new(
        [new byte[BlobSidecar.BlobLength]],
        [Infinity],
        [.. Enumerable.Repeat(Infinity, BlobSidecar.CellsPerBlob)]
    );

    [SkippableFact]
    public async Task Send_TheMempoolLosesTheFirstOfThree_TheGapIsFilledAndAllArrive()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        TransactionSender sender = chain.Sender(Quick);
        Task<TransactionReceipt>[] sending = await StartThreeAsync(chain, sender);
        Bytes32 first = Keccak256.Hash(Convert.FromHexString(chain.HandedIn()[0][2..]));
        chain.Connection.Faults = (method, _) => method == "eth_sendRawTransaction" ? Fault.LoseRequest : Fault.None;
        await chain.CallAsync("anvil_dropTransaction", first.ToString());

        // Without the first, no block can hold the others.
        await chain.CallAsync("anvil_mine");
        Assert.Equal(0ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Latest, None));

        chain.Connection.Faults = (_, _) => Fault.None;
        await chain.PendingCountAsync(3);
        await chain.CallAsync("anvil_mine");
        TransactionReceipt[] receipts = await Task.WhenAll(sending);
        Assert.Equal(first, receipts[0].TransactionHash);
        Assert.Equal(7, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Send_TheBaseFeeJumpsAboveAllThree_AllAreRaisedAndArriveOnce()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        var clock = new HeldClock();
        TransactionSender sender = chain.Sender(Quick, time: clock);
        Task<TransactionReceipt>[] sending = await StartThreeAsync(chain, sender);
        await chain.CallAsync("anvil_setNextBlockBaseFeePerGas", FiftyGwei);
        await chain.CallAsync("anvil_mine");
        clock.Advance(Quick.ResendAfter);
        await chain.PendingCountAsync(3);
        await chain.CallAsync("anvil_mine");
        Assert.All(await Task.WhenAll(sending), receipt => Assert.True(receipt.EffectiveGasPrice > 10_000_000_000));
        Assert.Equal(7, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.Equal(3ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Latest, None));
    }

    /// <summary>
    /// A geth node rejects an account's blob transactions while it holds others from that account, and vice versa.
    /// </summary>
    [SkippableFact]
    public async Task Send_WithAndWithoutBlobsAtOnce_NeverWaitForABlockTogether()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        TransactionSender sender = chain.Sender(Quick);
        Task<TransactionReceipt>[] sending =
        [
            .. Enumerable
                .Range(0, 6)
                .Select(i => sender.SendAsync(new TransactionRequest(To, [], 1, i % 2 == 0 ? Zero : null), None)),
        ];
        Task<TransactionReceipt[]> all = Task.WhenAll(sending);
        while (!all.IsCompleted)
        {
            JsonElement pending = (await chain.CallAsync("eth_getBlockByNumber", "pending", true)).GetProperty(
                "transactions"
            );
            Assert.True(
                pending
                    .EnumerateArray()
                    .Select(transaction => transaction.GetProperty("type").GetString())
                    .Distinct()
                    .Count() <= 1,
                "both kinds wait at once"
            );
            if (pending.GetArrayLength() > 0)
            {
                await chain.CallAsync("anvil_mine");
            }
        }

        Assert.Equal(6, (await all).Select(receipt => receipt.TransactionHash).Distinct().Count());
        Assert.Equal(6, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableTheory]
    [InlineData(ProxyFault.AcceptAndHang)]
    [InlineData(ProxyFault.Hang)]
    [InlineData(ProxyFault.Unavailable)]
    public async Task Send_TheNodeIsHeardNothingOfAfterItWasHandedIn_ArrivesOnce(ProxyFault fault)
    {
        await using Anvil anvil = await Anvil.StartAsync();
        await using RpcProxy proxy = RpcProxy.Start(anvil.Rpc);
        int left = 3;
        proxy.Faults = method =>
            method == "eth_sendRawTransaction" && Interlocked.Decrement(ref left) >= 0 ? fault : ProxyFault.None;
        await SendThreeOverAsync(proxy, anvil);
        Assert.True(left < 0);
    }

    [SkippableTheory]
    [InlineData("eth_getTransactionReceipt")]
    [InlineData("eth_getTransactionByHash")]
    [InlineData("eth_blockNumber")]
    [InlineData("eth_getTransactionCount")]
    public async Task Send_TheNodeAnswersEveryThirdCallWithAnError_ArrivesOnce(string method)
    {
        await using Anvil anvil = await Anvil.StartAsync();
        await using RpcProxy proxy = RpcProxy.Start(anvil.Rpc);
        int calls = 0;

        // The caller must repeat a request that fails before anything was signed, so the errors begin once a
        // transaction is in flight.
        proxy.Faults = called =>
            called == method
            && proxy.Calls.Contains("eth_sendRawTransaction")
            && Interlocked.Increment(ref calls) % 3 == 1
                ? ProxyFault.Error
                : ProxyFault.None;
        await SendThreeOverAsync(proxy, anvil, first: 1);
    }

    private static async Task<Task<TransactionReceipt>[]> StartThreeAsync(Chain chain, TransactionSender sender)
    {
        var sending = new List<Task<TransactionReceipt>>();
        for (int i = 0; i < 3; i++)
        {
            sending.Add(sender.SendAsync(new TransactionRequest(To, [], 1 << i), None));
            await chain.PendingCountAsync(i + 1);
        }

        return [.. sending];
    }

    /// <summary>
    /// Three at once, with keys, each repeated by its caller while the sender reports that nothing was sent: each
    /// arrives once.
    /// </summary>
    private static async Task SendThreeOverAsync(RpcProxy proxy, Anvil anvil, int first = 3)
    {
        using var http = new HttpClient { BaseAddress = proxy.Rpc };
        using var direct = new HttpClient { BaseAddress = anvil.Rpc };
        var node = new EthereumClient(new JsonRpcClient(direct));
        using var sender = new TransactionSender(
            new EthereumClient(
                new JsonRpcClient(http, retries: 1, attemptLimit: Patience.Of(TimeSpan.FromMilliseconds(500)))
            ),
            PrivateKeySigner.FromHex(Anvil.FundedKey),
            Quick with
            {
                MaxInFlight = first,
            }
        );
        await Task.WhenAll(
            Enumerable
                .Range(0, 3)
                .Select(async i =>
                {
                    while (true)
                    {
                        try
                        {
                            return await sender.SendAsync(
                                new TransactionRequest(To, [], 1 << i) { Keys = [$"{i}"] },
                                None
                            );
                        }
                        catch (Exception refused) when (refused is JsonRpcException or L1UnreachableException)
                        {
                            await Task.Yield();
                        }
                    }
                })
        );
        Assert.Equal(7, await node.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.Equal(3ul, await node.GetTransactionCountAsync(sender.Address, BlockTag.Latest, None));
    }
}
