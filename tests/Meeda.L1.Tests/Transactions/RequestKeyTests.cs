using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Transactions;

/// <summary>
/// A request with a key takes effect once, however often it is made and whatever the chain reorganises meanwhile.
/// </summary>
public sealed class RequestKeyTests
{
    private static readonly Address To = Address.Parse("0x00000000000000000000000000000000000c0ffe");
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

    // A contract whose first call succeeds and every later one reverts with 01020304:
    // PUSH0 SLOAD PUSH1 0a JUMPI, PUSH1 1 PUSH0 SSTORE STOP, JUMPDEST PUSH4 01020304 PUSH0 MSTORE PUSH1 4 PUSH1 1c
    // REVERT, behind the code that returns it.
    private static readonly byte[] OnlyOnce = Convert.FromHexString(
        "601780" + "60095f395ff3" + "5f54600a5760015f5500" + "5b63010203045f526004601cfd"
    );

    [SkippableFact]
    public async Task Send_TwiceAtOnceWithAKeyInCommon_IsOneTransaction()
    {
        await using Chain chain = await Chain.StartAsync();
        TransactionSender sender = chain.Sender(Quick);
        TransactionReceipt[] receipts = await Task.WhenAll(
            sender.SendAsync(Request(5, "a", "b"), None),
            sender.SendAsync(Request(7, "b", "c"), None),
            sender.SendAsync(Request(11, "d"), None)
        );
        Assert.Equal(receipts[0].TransactionHash, receipts[1].TransactionHash);
        Assert.NotEqual(receipts[0].TransactionHash, receipts[2].TransactionHash);
        Assert.Equal(16, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Send_AgainAfterItsCallerWasCancelled_WaitsForTheSameTransaction()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        TransactionSender sender = chain.Sender(Quick);
        using var cancellation = new CancellationTokenSource();
        Task<TransactionReceipt> cancelled = sender.SendAsync(Request(5, "a"), cancellation.Token);
        Bytes32 hash = await chain.PendingAsync(known: null);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Task<TransactionReceipt> again = sender.SendAsync(Request(5, "a"), None);
        await chain.CallAsync("anvil_mine");
        Assert.Equal(hash, (await again).TransactionHash);
        Assert.Equal(1ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Pending, None));
    }

    [SkippableFact]
    public async Task Send_AgainWhatADeepReorganisationTookBack_BringsTheFirstOneBack()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        await chain.CallAsync("anvil_mine", "0x5");
        TransactionSender sender = chain.Sender(Quick);
        Task<TransactionReceipt> first = sender.SendAsync(Request(5, "a"), None);
        await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_mine");
        Bytes32 hash = (await first).TransactionHash;
        await TakeBackAsync(chain);

        Task<TransactionReceipt> again = sender.SendAsync(Request(5, "a"), None);
        Assert.Equal(hash, await chain.PendingAsync(known: null));
        await chain.CallAsync("anvil_mine");
        Assert.Equal(hash, (await again).TransactionHash);
        Assert.Equal(5, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    /// <summary>
    /// The sender has not noticed that the confirmed transaction is gone: its nonce is free at the node, but is not
    /// used again.
    /// </summary>
    [SkippableFact]
    public async Task Send_AnotherAfterADeepReorganisation_DoesNotDisplaceWhatItTookBack()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        await chain.CallAsync("anvil_mine", "0x5");
        TransactionSender sender = chain.Sender(Quick);
        Task<TransactionReceipt> first = sender.SendAsync(Request(5), None);
        await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_mine");
        await first;
        await TakeBackAsync(chain);

        Task<TransactionReceipt> second = sender.SendAsync(Request(7), None);
        await chain.PendingCountAsync(2);
        await chain.CallAsync("anvil_mine");
        Assert.True((await second).Succeeded);
        Assert.Equal(12, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Send_AgainWhatReverted_IsSentAnew_AndTheRevertSaysWhy()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        TransactionSender sender = chain.Sender(Quick);
        Task<TransactionReceipt> deploying = sender.SendAsync(new TransactionRequest(null, OnlyOnce), None);
        await chain.PendingCountAsync(1);
        await chain.CallAsync("anvil_mine");
        Address contract = (await deploying).ContractAddress!.Value;

        // It would succeed on the state that the estimate uses; the state has changed when it is mined.
        var call = new TransactionRequest(contract, []) { Keys = ["once"] };
        Task<TransactionReceipt> calling = sender.SendAsync(call, None);
        await chain.PendingCountAsync(1);
        await chain.CallAsync(
            "anvil_setStorageAt",
            contract.ToString(),
            Bytes32.Zero.ToString(),
            "0x" + new string('0', 63) + "1"
        );
        await chain.CallAsync("anvil_mine");
        TransactionRevertedException reverted = await Assert.ThrowsAsync<TransactionRevertedException>(() => calling);
        Assert.Equal([1, 2, 3, 4], reverted.RevertData);

        // The sender now estimates it again, and the node reports a revert: it did not just wait for the old one.
        JsonRpcException refused = await Assert.ThrowsAsync<JsonRpcException>(() => sender.SendAsync(call, None));
        Assert.Equal([1, 2, 3, 4], refused.RevertData);
    }

    [SkippableFact]
    public async Task Send_BehindABlobTransactionWhoseCallerGoesAway_IsNotHeldUpForEver()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        TransactionSender sender = chain.Sender(Quick);
        using var cancellation = new CancellationTokenSource();
        Task<TransactionReceipt> blob = sender.SendAsync(new TransactionRequest(To, [], 5, Zero), cancellation.Token);
        await chain.PendingCountAsync(1);
        Task<TransactionReceipt> plain = sender.SendAsync(Request(7), None);

        // The plain transaction is not submitted while the other kind blocks it, so only the absence of a submission
        // shows that it waits.
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blob);
        Assert.Single(chain.HandedIn());
        await chain.CallAsync("anvil_mine");
        await chain.HandedInAsync(2);
        await chain.PendingCountAsync(1);
        await chain.CallAsync("anvil_mine");
        Assert.True((await plain).Succeeded);
        Assert.Equal(12, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Send_NodeIsFarBehindWhatTheJournalHolds_SendsNothing()
    {
        await using Chain chain = await Chain.StartAsync();
        byte[] wire = new FeeMarketTransaction(31337, 70, 1, 1, 21_000, To, 5, []).Sign(
            PrivateKeySigner.FromHex(Anvil.FundedKey)
        );
        var journal = new OneConfirmed(
            new JournaledTransaction(
                31337,
                70,
                Request(5),
                21_000,
                1,
                1,
                0,
                wire,
                [Keccak256.Hash(wire)],
                IsConfirmed: true
            )
        );
        using var sender = new TransactionSender(
            chain.Client,
            PrivateKeySigner.FromHex(Anvil.FundedKey),
            Quick,
            journal: journal
        );
        await Assert.ThrowsAsync<L1UnreachableException>(() => sender.SendAsync(Request(7), None));
        await Assert.ThrowsAsync<L1UnreachableException>(() => sender.IsSettledAsync(None));
        Assert.Equal(0ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Pending, None));

        // Transactions on another chain do not matter on this one.
        var other = new OneConfirmed(journal.Kept with { ChainId = 1 });
        using var elsewhere = new TransactionSender(
            chain.Client,
            PrivateKeySigner.FromHex(Anvil.FundedKey),
            Quick,
            journal: other
        );
        Assert.True((await elsewhere.SendAsync(Request(7), None)).Succeeded);
    }

    private static TransactionRequest Request(int wei, params string[] keys) => new(To, [], wei) { Keys = keys };

    private static async Task TakeBackAsync(Chain chain)
    {
        await chain.CallAsync("anvil_reorg", 1, Array.Empty<object>());
        await chain.CallAsync("anvil_dropAllTransactions");
        Assert.Equal(0, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    private sealed class OneConfirmed(JournaledTransaction kept) : ITransactionJournal
    {
        public JournaledTransaction Kept => kept;

        public Task<IReadOnlyList<JournaledTransaction>> ReadAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<JournaledTransaction>>([kept]);

        public Task WriteAsync(JournaledTransaction transaction, CancellationToken cancellationToken) =>
            Task.CompletedTask;

        public Task RemoveAsync(ulong chainId, ulong nonce, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
