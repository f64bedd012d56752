using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Transactions;

/// <summary>
/// A request is executed once, whatever is lost on the way to the node, cancelled, reorganised, restarted or rejected.
/// </summary>
public sealed class TransactionSenderFaultTests
{
    private static readonly Address To = Address.Parse("0x00000000000000000000000000000000000a11ce");
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TransactionSenderOptions Quick = new()
    {
        Confirmations = 0,
        PollInterval = TimeSpan.FromMilliseconds(20),
    };

    [SkippableTheory]
    [InlineData(Fault.LoseAnswer, 1)]
    [InlineData(Fault.LoseAnswer, 1 + JsonRpcClient.Retries)]
    [InlineData(Fault.LoseRequest, 1 + JsonRpcClient.Retries)]
    public async Task Send_HandingInGetsLost_ArrivesOnce(Fault fault, int times)
    {
        await using Chain chain = await Chain.StartAsync();
        int left = times;
        chain.Connection.Faults = (method, _) => method == "eth_sendRawTransaction" && left-- > 0 ? fault : Fault.None;
        TransactionReceipt receipt = await chain.Sender(Quick).SendAsync(new TransactionRequest(To, [], 5), None);
        Assert.True(receipt.Succeeded);
        Assert.True(left <= 0);
        await AssertArrivedAsync(chain, wei: 5, transactions: 1);
    }

    [SkippableFact]
    public async Task Send_NodeRefuses_ThrowsAndLeavesTheNonceFree()
    {
        await using Chain chain = await Chain.StartAsync();
        int left = 1;
        chain.Connection.Faults = (method, _) =>
            method == "eth_sendRawTransaction" && left-- > 0 ? Fault.Refuse : Fault.None;
        TransactionSender sender = chain.Sender(Quick);
        await Assert.ThrowsAsync<JsonRpcException>(() => sender.SendAsync(new TransactionRequest(To, [], 5), None));
        await sender.SendAsync(new TransactionRequest(To, [], 7), None);
        await AssertArrivedAsync(chain, wei: 7, transactions: 1);
    }

    [SkippableFact]
    public async Task Send_NodeAnswersWithErrorsAfterwards_IsWaitedFor()
    {
        await using Chain chain = await Chain.StartAsync();
        int left = 3;
        chain.Connection.Faults = (method, _) =>
            method == "eth_getTransactionReceipt" && left-- > 0 ? Fault.Refuse : Fault.None;
        await chain.Sender(Quick).SendAsync(new TransactionRequest(To, [], 5), None);
        await AssertArrivedAsync(chain, wei: 5, transactions: 1);
    }

    [SkippableFact]
    public async Task Send_AfterACancelledOneThatTheMempoolLost_BothArriveOnce()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        TransactionSender sender = chain.Sender(Quick);
        using var cancellation = new CancellationTokenSource();
        Task<TransactionReceipt> cancelled = sender.SendAsync(new TransactionRequest(To, [], 5), cancellation.Token);
        Bytes32 first = await chain.PendingAsync(known: null);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await chain.CallAsync("anvil_dropTransaction", first.ToString());

        Task<TransactionReceipt> next = sender.SendAsync(new TransactionRequest(To, [], 7), None);
        Assert.Equal(first, await chain.PendingAsync(known: null));
        await chain.CallAsync("anvil_mine");
        Bytes32 second = await chain.PendingAsync(known: first);
        await chain.CallAsync("anvil_mine");
        Assert.Equal(second, (await next).TransactionHash);
        await AssertArrivedAsync(chain, wei: 12, transactions: 2);
    }

    [SkippableFact]
    public async Task Send_WhileAReorganisationUndidTheOneBefore_DoesNotTakeItsNonce()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        await chain.CallAsync("anvil_mine", "0x5");
        TransactionSender sender = chain.Sender(Quick with { Confirmations = 3 });
        Task<TransactionReceipt> first = sender.SendAsync(new TransactionRequest(To, [], 5), None);
        await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_mine");
        Task<TransactionReceipt> second = sender.SendAsync(new TransactionRequest(To, [], 7), None);
        await chain.HandedInAsync(2);
        Bytes32[] hashes = [.. chain.HandedIn().Select(raw => Keccak256.Hash(Convert.FromHexString(raw[2..])))];

        // Both are dropped, unnoticed until the mempool is empty: each must be resubmitted with its own nonce.
        chain.Connection.Faults = (method, _) =>
            method is "eth_getTransactionReceipt" or "eth_sendRawTransaction" ? Fault.Refuse : Fault.None;
        await chain.CallAsync("anvil_reorg", 1, Array.Empty<object>());
        await chain.CallAsync("anvil_dropAllTransactions");
        Assert.Equal(0ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Pending, None));
        chain.Connection.Faults = (_, _) => Fault.None;

        await chain.PendingCountAsync(2);
        await chain.CallAsync("anvil_mine", "0x5");
        Bytes32[] mined = [(await first).TransactionHash, (await second).TransactionHash];
        Assert.Equal(hashes, mined);
        await AssertArrivedAsync(chain, wei: 12, transactions: 2);
    }

    /// <summary>
    /// The first was confirmed, so no caller waits for it; the second can only be mined after it.
    /// </summary>
    [SkippableFact]
    public async Task Send_AReorganisationDeeperThanTheConfirmationsUndidTheOneBefore_BringsBothBack()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        await chain.CallAsync("anvil_mine", "0x5");
        TransactionSender sender = chain.Sender(Quick with { Confirmations = 0 });
        Task<TransactionReceipt> first = sender.SendAsync(new TransactionRequest(To, [], 5), None);
        await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_mine");
        Bytes32 confirmed = (await first).TransactionHash;
        Task<TransactionReceipt> second = sender.SendAsync(new TransactionRequest(To, [], 7), None);
        await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_reorg", 1, Array.Empty<object>());
        await chain.CallAsync("anvil_dropAllTransactions");

        await chain.PendingCountAsync(2);
        await chain.CallAsync("anvil_mine", "0x2");
        Assert.True((await second).Succeeded);
        Assert.NotNull(await chain.Client.GetTransactionReceiptAsync(confirmed, None));
        await AssertArrivedAsync(chain, wei: 12, transactions: 2);
    }

    [SkippableFact]
    public async Task Send_AfterAReorganisationThatIsNotNoticedYet_TakesANonceOfItsOwn()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        await chain.CallAsync("anvil_mine", "0x5");
        TransactionSender sender = chain.Sender(Quick with { Confirmations = 3 });
        Task<TransactionReceipt> first = sender.SendAsync(new TransactionRequest(To, [], 5), None);
        await chain.PendingAsync(known: null);

        // The first call has seen its block when it requests the head: then the second may start. From then on it gets
        // no responses.
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        chain.Connection.Faults = (method, _) =>
        {
            if (method == "eth_blockNumber")
            {
                seen.TrySetResult();
            }

            return seen.Task.IsCompleted && method == "eth_getTransactionReceipt" ? Fault.Refuse : Fault.None;
        };
        await chain.CallAsync("anvil_mine");
        await seen.Task;
        await chain.CallAsync("anvil_reorg", 1, Array.Empty<object>());
        await chain.CallAsync("anvil_dropAllTransactions");
        Assert.Equal(0ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Pending, None));
        Task<TransactionReceipt> second = sender.SendAsync(new TransactionRequest(To, [], 7), None);
        await chain.HandedInAsync(2);
        chain.Connection.Faults = (_, _) => Fault.None;

        await chain.PendingCountAsync(2);
        await chain.CallAsync("anvil_mine", "0x5");
        Assert.NotEqual((await first).TransactionHash, (await second).TransactionHash);
        await AssertArrivedAsync(chain, wei: 12, transactions: 2);
    }

    [SkippableFact]
    public async Task Send_AReplacementIsRefused_FeesGoOnRising()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        var raws = new List<string>();
        chain.Connection.Faults = (method, raw) =>
        {
            if (method != "eth_sendRawTransaction")
            {
                return Fault.None;
            }

            if (!raws.Contains(raw))
            {
                raws.Add(raw);
            }

            // The second one's fees are too low, however often it is submitted.
            return raws.IndexOf(raw) == 1 ? Fault.Refuse : Fault.None;
        };
        var clock = new HeldClock();
        Task<TransactionReceipt> sending = chain
            .Sender(Quick, time: clock)
            .SendAsync(new TransactionRequest(To, [], 5), None);
        Bytes32 first = await chain.PendingAsync(known: null);
        clock.Advance(Quick.ResendAfter);
        await chain.HandedInAsync(2);
        clock.Advance(Quick.ResendAfter);
        await chain.PendingAsync(known: first);
        await chain.CallAsync("anvil_mine");
        Assert.True((await sending).Succeeded);
        await AssertArrivedAsync(chain, wei: 5, transactions: 1);
    }

    [SkippableFact]
    public async Task Send_BaseFeeRisesBeyondTheOffer_IsRaisedToItAndMined()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        var clock = new HeldClock();
        TransactionSender sender = chain.Sender(Quick, time: clock);
        Task<TransactionReceipt> sending = sender.SendAsync(new TransactionRequest(To, [], 5), None);
        await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_setNextBlockBaseFeePerGas", "0xba43b7400"); // 50 gwei; anvil starts at 1.
        await chain.CallAsync("anvil_mine");
        Assert.Equal(0ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Latest, None));
        clock.Advance(Quick.ResendAfter);
        await chain.HandedInAsync(2);
        await chain.PendingCountAsync(1);
        await chain.CallAsync("anvil_mine");
        TransactionReceipt receipt = await sending;
        Assert.Equal(Keccak256.Hash(Convert.FromHexString(chain.HandedIn()[^1][2..])), receipt.TransactionHash);
        await AssertArrivedAsync(chain, wei: 5, transactions: 1);
    }

    [SkippableFact]
    public async Task Send_NodeRestartsWithAnEmptyMempool_IsHandedInAgain()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        Task<TransactionReceipt> sending = chain.Sender(Quick).SendAsync(new TransactionRequest(To, [], 5), None);
        Bytes32 hash = await chain.PendingAsync(known: null);
        await chain.RestartAsync("--no-mining");
        Assert.Equal(hash, await chain.PendingAsync(known: null));
        await chain.CallAsync("anvil_mine");
        Assert.Equal(hash, (await sending).TransactionHash);
        await AssertArrivedAsync(chain, wei: 5, transactions: 1);
    }

    [SkippableFact]
    public async Task Send_ByANewSenderWhileAnEarlierOnesIsPending_GoesBehindIt()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        using var end = new CancellationTokenSource();
        Task<TransactionReceipt> earlier = chain.Sender(Quick).SendAsync(new TransactionRequest(To, [], 5), end.Token);
        await chain.PendingAsync(known: null);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => earlier);
        Task<TransactionReceipt> later = chain.Sender(Quick).SendAsync(new TransactionRequest(To, [], 7), None);
        await chain.PendingCountAsync(2);
        await chain.CallAsync("anvil_mine");
        Assert.True((await later).Succeeded);
        await AssertArrivedAsync(chain, wei: 12, transactions: 2);
    }

    [SkippableFact]
    public async Task Send_TwoSendersOfOneAccount_WhatIsNotSaidToHaveFailedArrivedOnce()
    {
        await using Chain chain = await Chain.StartAsync("--block-time", "1");
        TransactionSender[] senders = [chain.Sender(Quick), chain.Sender(Quick)];
        int[] arrived = await Task.WhenAll(
            senders.Select(
                async (sender, i) =>
                {
                    try
                    {
                        await sender.SendAsync(new TransactionRequest(To, [], i + 1), None);
                        return i + 1;
                    }
                    catch (Exception refused) when (refused is JsonRpcException or NonceTakenException)
                    {
                        return 0;
                    }
                }
            )
        );
        Assert.InRange(arrived.Sum(), 1, 3);
        await AssertArrivedAsync(chain, arrived.Sum(), (ulong)arrived.Count(wei => wei > 0));
    }

    [SkippableFact]
    public async Task Send_TwoAccountsAtOnce_DoNotDisturbEachOther()
    {
        await using Chain chain = await Chain.StartAsync();
        // Anvil's second account
        const string Other = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
        TransactionSender[] senders = [chain.Sender(Quick), chain.Sender(Quick, Other)];
        await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => senders[i % 2].SendAsync(new TransactionRequest(To, [], 1), None))
        );
        Assert.Equal(8, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
        foreach (TransactionSender sender in senders)
        {
            Assert.Equal(4ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Latest, None));
        }
    }

    [SkippableFact]
    public async Task Send_ThroughEveryKindOfFailure_NeverSendsTheKey()
    {
        await using Chain chain = await Chain.StartAsync();
        TransactionSender sender = chain.Sender(Quick);
        var failures = new List<Exception?>();
        foreach (Fault fault in (Fault[])[Fault.LoseRequest, Fault.Refuse])
        {
            chain.Connection.Faults = (_, _) => fault;
            failures.Add(await Record.ExceptionAsync(() => sender.SendAsync(new TransactionRequest(To, [], 1), None)));
        }

        chain.Connection.Faults = (_, _) => Fault.None;
        await sender.SendAsync(new TransactionRequest(To, [], 1), None);
        string key = Anvil.FundedKey[2..];
        Assert.All(
            failures,
            failure =>
                Assert.DoesNotContain(
                    key,
                    Assert.IsAssignableFrom<Exception>(failure).ToString(),
                    StringComparison.OrdinalIgnoreCase
                )
        );
        Assert.Contains(
            chain.Connection.Sent,
            body => body.Contains("eth_sendRawTransaction", StringComparison.Ordinal)
        );
        Assert.All(chain.Connection.Sent, body => Assert.DoesNotContain(key, body, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Construct_OptionsOutOfRange_AreRefused()
    {
        using var http = new HttpClient();
        var client = new EthereumClient(new JsonRpcClient(http));
        var signer = Meeda.L1.Signing.PrivateKeySigner.FromHex(Anvil.FundedKey);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new TransactionSender(client, signer, new() { FeeBumpPercent = 9 })
        );
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new TransactionSender(client, signer, new() { Confirmations = -1 })
        );
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new TransactionSender(client, signer, new() { GasMarginPercent = -1 })
        );
    }

    private static async Task AssertArrivedAsync(Chain chain, int wei, ulong transactions)
    {
        Assert.Equal(wei, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.Equal(
            transactions,
            await chain.Client.GetTransactionCountAsync(chain.Sender().Address, BlockTag.Latest, None)
        );
    }
}
