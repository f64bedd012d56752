using System.Collections.Concurrent;
using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Transactions;

/// <summary>A process completes what a killed one began, wherever it was killed; and many requests at once.</summary>
public sealed class TransactionJournalTests
{
    private static readonly Address To = Address.Parse("0x00000000000000000000000000000000000b0b00");
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TransactionSenderOptions Quick = new()
    {
        Confirmations = 0,
        PollInterval = TimeSpan.FromMilliseconds(20),
    };

    [SkippableFact]
    public async Task Send_ManyAtOnce_AllArriveOnce_NoMoreInFlightThanAllowed()
    {
        await using Chain chain = await Chain.StartAsync("--block-time", "1");
        TransactionSender sender = chain.Sender(Quick with { MaxInFlight = 5 });
        Task<TransactionReceipt>[] sending =
        [
            .. Enumerable
                .Range(0, 12)
                .Select(i => sender.SendAsync(new TransactionRequest(To, [], BigInteger.One << i), None)),
        ];
        TransactionReceipt[] receipts = await Task.WhenAll(sending);
        Assert.Equal(12, receipts.Select(receipt => receipt.TransactionHash).Distinct().Count());
        Assert.True(
            receipts.GroupBy(receipt => receipt.BlockNumber).Max(block => block.Count()) is > 1 and <= 5,
            "several share a block, no more than may be in flight"
        );
        Assert.Equal((1 << 12) - 1, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.True(await sender.IsSettledAsync(None));
    }

    [SkippableTheory]
    [InlineData(Fault.LoseRequest)] // killed between the journal and the node
    [InlineData(Fault.LoseAnswer)] // killed after the node had it
    public async Task Resume_AfterAKillAroundTheHandingIn_ArrivesOnce(Fault fault)
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        var journal = new Journal();
        using var kill = new CancellationTokenSource();
        var struck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        chain.Connection.Faults = (method, _) =>
        {
            if (method == "eth_sendRawTransaction")
            {
                struck.TrySetResult();
                return fault;
            }

            return Fault.None;
        };
        Task<TransactionReceipt> first = Sender(chain, journal, Quick)
            .SendAsync(new TransactionRequest(To, [], 5), kill.Token);
        await struck.Task;
        await kill.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => first);
        Assert.Single(journal.Kept);

        chain.Connection.Faults = (_, _) => Fault.None;
        TransactionSender second = Sender(chain, journal, Quick);
        Assert.False(await second.IsSettledAsync(None));
        Assert.Equal(journal.Kept.Values.Single().Hashes[^1], await chain.PendingAsync(known: null));
        await chain.CallAsync("anvil_mine");
        await Patience.UntilAsync(async () => await second.IsSettledAsync(None), TimeSpan.FromSeconds(60));

        await second.SendAsyncAndMine(chain, new TransactionRequest(To, [], 7));
        Assert.Equal(12, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.Equal(2ul, await chain.Client.GetTransactionCountAsync(second.Address, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Resume_WhatTheMempoolLostAndIsTooCheapByNow_IsRaisedUnderItsNonce_AndItsFirstHashStillCounts()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        var journal = new Journal();
        using var kill = new CancellationTokenSource();
        Task<TransactionReceipt> first = Sender(chain, journal, Quick)
            .SendAsync(new TransactionRequest(To, [], 5), kill.Token);
        Bytes32 hash = await chain.PendingAsync(known: null);
        await kill.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await chain.CallAsync("anvil_dropTransaction", hash.ToString());
        await chain.CallAsync("anvil_setNextBlockBaseFeePerGas", "0xba43b7400");
        await chain.CallAsync("anvil_mine");

        var clock = new HeldClock();
        TransactionSender second = chain.Sender(Quick, journal: journal, time: clock);
        while (journal.Kept[0].Hashes.Count < 2)
        {
            Assert.False(await second.IsSettledAsync(None));
            clock.Advance(Quick.ResendAfter);
        }

        Assert.Equal(hash, journal.Kept[0].Hashes[0]);
        await chain.PendingCountAsync(1);
        await chain.CallAsync("anvil_mine");
        await Patience.UntilAsync(async () => await second.IsSettledAsync(None), TimeSpan.FromSeconds(60));

        Assert.Equal(5, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Send_TheJournalRefuses_NothingIsSent()
    {
        await using Chain chain = await Chain.StartAsync();
        var journal = new Journal { Refuses = true };
        await Assert.ThrowsAsync<IOException>(() =>
            Sender(chain, journal, Quick).SendAsync(new TransactionRequest(To, [], 5), None)
        );
        Assert.Empty(chain.HandedIn());
        journal.Refuses = false;
        Assert.True((await Sender(chain, journal, Quick).SendAsync(new TransactionRequest(To, [], 5), None)).Succeeded);
    }

    [SkippableFact]
    public async Task Forget_AnotherProcessWentOn_GoesOnBehindIt()
    {
        await using Chain chain = await Chain.StartAsync();
        var journal = new Journal();
        TransactionSender first = Sender(chain, journal, Quick),
            second = Sender(chain, journal, Quick);
        await first.SendAsync(new TransactionRequest(To, [], 1), None);
        await second.SendAsync(new TransactionRequest(To, [], 2), None);
        first.Forget();
        await first.SendAsync(new TransactionRequest(To, [], 4), None);
        Assert.Equal(7, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.Equal([0ul, 1ul, 2ul], journal.Kept.Keys.Order());
    }

    [SkippableFact]
    public async Task Journal_OfManyConfirmed_KeepsTheLastOnes()
    {
        await using Chain chain = await Chain.StartAsync();
        var journal = new Journal();
        TransactionSender sender = Sender(chain, journal, Quick with { PollInterval = TimeSpan.FromMilliseconds(1) });
        for (int i = 0; i < 70; i++)
        {
            await sender.SendAsync(new TransactionRequest(To, [], 1), None);
        }

        Assert.Equal(Enumerable.Range(6, 64).Select(nonce => (ulong)nonce), journal.Kept.Keys.Order());
        Assert.All(journal.Kept.Values, kept => Assert.True(kept.IsConfirmed));
    }

    [SkippableFact]
    public async Task Observer_OnItsWay_HearsOfDroppedRaisedAndStuck()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        var heard = new ConcurrentQueue<TransactionEvent>();
        var clock = new HeldClock();
        var options = Quick with { MaxFeePerGas = 4_000_000_000, MaxTip = 1_000_000_000, Observer = heard.Enqueue };
        TransactionSender sender = chain.Sender(options, time: clock);
        Task<TransactionReceipt> sending = sender.SendAsync(new TransactionRequest(To, [], 5), None);
        Bytes32 hash = await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_dropTransaction", hash.ToString());
        while (!heard.Any(each => each.Kind == TransactionEventKind.Dropped))
        {
            await chain.CallAsync("eth_blockNumber");
        }

        while (!heard.Any(each => each.Kind == TransactionEventKind.Stuck))
        {
            clock.Advance(options.ResendAfter);
            await chain.CallAsync("eth_blockNumber");
        }

        Assert.Contains(heard, each => each.Kind == TransactionEventKind.Dropped && each.Hash == hash);
        Assert.Contains(heard, each => each.Kind == TransactionEventKind.Raised && each.MaxFeePerGas <= 4_000_000_000);
        await chain.CallAsync("anvil_mine");
        Assert.True((await sending).Succeeded);
    }

    [SkippableFact]
    public async Task Tip_OfTheNode_IsKeptWithinItsLimits()
    {
        await using Chain chain = await Chain.StartAsync();
        TransactionReceipt dear = await chain
            .Sender(Quick with { MinTip = 7_000_000_000 })
            .SendAsync(new TransactionRequest(To, [], 1), None);
        TransactionReceipt cheap = await chain
            .Sender(Quick with { MaxTip = 1 })
            .SendAsync(new TransactionRequest(To, [], 1), None);
        Block first = (await chain.Client.GetBlockAsync(BlockTag.Number(dear.BlockNumber), None))!,
            second = (await chain.Client.GetBlockAsync(BlockTag.Number(cheap.BlockNumber), None))!;
        Assert.Equal(7_000_000_000, dear.EffectiveGasPrice - first.BaseFeePerGas);
        Assert.Equal(1, cheap.EffectiveGasPrice - second.BaseFeePerGas);
    }

    private static TransactionSender Sender(Chain chain, Journal journal, TransactionSenderOptions options) =>
        chain.Sender(options, journal: journal);

    /// <summary>A journal that outlives its senders.</summary>
    private sealed class Journal : ITransactionJournal
    {
        public ConcurrentDictionary<ulong, JournaledTransaction> Kept { get; } = new();

        public bool Refuses { get; set; }

        public Task<IReadOnlyList<JournaledTransaction>> ReadAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<JournaledTransaction>>([.. Kept.Values]);

        public Task WriteAsync(JournaledTransaction transaction, CancellationToken cancellationToken)
        {
            if (Refuses)
            {
                throw new IOException("refused by the test");
            }

            Kept[transaction.Nonce] = transaction;
            return Task.CompletedTask;
        }

        public Task RemoveAsync(ulong chainId, ulong nonce, CancellationToken cancellationToken)
        {
            Kept.TryRemove(nonce, out _);
            return Task.CompletedTask;
        }
    }
}

/// <summary>Sends on a chain that mines on command.</summary>
internal static class MiningSender
{
    public static async Task<TransactionReceipt> SendAsyncAndMine(
        this TransactionSender sender,
        Chain chain,
        TransactionRequest request
    )
    {
        Task<TransactionReceipt> sending = sender.SendAsync(request, CancellationToken.None);
        await chain.PendingCountAsync(1);
        await chain.CallAsync("anvil_mine");
        return await sending;
    }
}
