using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Transactions;

/// <summary>Against a real EVM, which loses transactions, stops mining and reorganises.</summary>
public sealed class TransactionSenderTests
{
    private static readonly Address To = Address.Parse("0x00000000000000000000000000000000000a11ce");
    private static readonly CancellationToken None = CancellationToken.None;

    [SkippableFact]
    public async Task Send_AValue_ArrivesOnceWithItsReceipt()
    {
        await using Chain chain = await Chain.StartAsync();
        TransactionReceipt receipt = await chain.Sender().SendAsync(new TransactionRequest(To, [], 42), None);
        Assert.True(receipt.Succeeded);
        Assert.Equal(42, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.Equal(21_000ul, receipt.GasUsed);
        Assert.Equal(
            receipt.BlockHash,
            (await chain.Client.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), None))!.Hash
        );
    }

    [SkippableFact]
    public async Task Send_ACallThatWouldRevert_SendsNothing()
    {
        await using Chain chain = await Chain.StartAsync();
        TransactionSender sender = chain.Sender();

        // Creation code that reverts with four bytes.
        byte[] reverting = Convert.FromHexString("63010203046000526004601cfd");
        JsonRpcException refusal = await Assert.ThrowsAsync<JsonRpcException>(() =>
            sender.SendAsync(new TransactionRequest(null, reverting), None)
        );
        Assert.Equal([1, 2, 3, 4], refusal.RevertData);
        Assert.Equal(0ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Pending, None));
    }

    [SkippableFact]
    public async Task Send_ManyAtOnce_EachArrivesOnce()
    {
        await using Chain chain = await Chain.StartAsync();
        TransactionSender sender = chain.Sender();
        TransactionReceipt[] receipts = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => sender.SendAsync(new TransactionRequest(To, [], 1), None))
        );
        Assert.Equal(8, receipts.Select(receipt => receipt.TransactionHash).Distinct().Count());
        Assert.Equal(8, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Send_NoBlockTakesIt_IsSentAgainDearerAndArrivesOnce()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        var clock = new HeldClock();
        var options = new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(20) };
        TransactionSender sender = chain.Sender(options, time: clock);
        Task<TransactionReceipt> sending = sender.SendAsync(new TransactionRequest(To, [], 5), None);
        Bytes32 first = await chain.PendingAsync(known: null);
        clock.Advance(options.ResendAfter);
        Bytes32 second = await chain.PendingAsync(known: first);
        Assert.NotEqual(first, second);
        await chain.CallAsync("anvil_mine");
        TransactionReceipt receipt = await sending;
        Assert.True(receipt.Succeeded);
        await chain.CallAsync("anvil_mine");
        Assert.Equal(5, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
        Assert.Equal(1ul, await chain.Client.GetTransactionCountAsync(sender.Address, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Send_TheMempoolLosesIt_IsHandedInAgain()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        Task<TransactionReceipt> sending = chain
            .Sender(new() { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(20) })
            .SendAsync(new TransactionRequest(To, [], 6), None);
        Bytes32 hash = await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_dropTransaction", hash.ToString());
        Assert.Equal(hash, await chain.PendingAsync(known: null));
        await chain.CallAsync("anvil_mine");
        Assert.Equal(hash, (await sending).TransactionHash);
    }

    [SkippableFact]
    public async Task Send_AReorganisationUndoesIt_ArrivesAllTheSame()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        await chain.CallAsync("anvil_mine", "0x5");
        TransactionSender sender = chain.Sender(
            new() { Confirmations = 3, PollInterval = TimeSpan.FromMilliseconds(20) }
        );
        Task<TransactionReceipt> sending = sender.SendAsync(new TransactionRequest(To, [], 7), None);
        Bytes32 hash = await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_mine");
        await chain.CallAsync("anvil_reorg", 1, Array.Empty<object>());
        Assert.Null(await chain.Client.GetTransactionReceiptAsync(hash, None));
        Assert.Equal(hash, await chain.PendingAsync(known: null));
        await chain.CallAsync("anvil_mine", "0x4");
        Assert.Equal(hash, (await sending).TransactionHash);
        Assert.Equal(7, await chain.Client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Send_FeesAboveTheLimit_AreNeverPaid()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        await chain.CallAsync("anvil_setNextBlockBaseFeePerGas", "0x174876e800"); // 100 gwei
        await chain.CallAsync("anvil_mine");
        TransactionSender sender = chain.Sender(
            new()
            {
                Confirmations = 0,
                PollInterval = TimeSpan.FromMilliseconds(20),
                ResendAfter = TimeSpan.FromMilliseconds(20),
                MaxFeePerGas = 120_000_000_000,
            }
        );
        Task<TransactionReceipt> sending = sender.SendAsync(new TransactionRequest(To, [], 8), None);
        Bytes32 hash = await chain.PendingAsync(known: null);
        JsonElement transaction = await chain.Rpc.CallAsync("eth_getTransactionByHash", [hash.ToString()], None);
        Assert.Equal("0x1bf08eb000", transaction.GetProperty("maxFeePerGas").GetString());
        await chain.CallAsync("anvil_mine");
        Assert.True((await sending).Succeeded);
    }

    [SkippableFact]
    public async Task Send_NonceUsedByAnotherSender_Throws()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        TransactionSender sender = chain.Sender(
            new() { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(20) }
        );
        Task<TransactionReceipt> sending = sender.SendAsync(new TransactionRequest(To, [], 9), None);
        Bytes32 hash = await chain.PendingAsync(known: null);
        await chain.CallAsync("anvil_setNonce", sender.Address.ToString(), "0x5");
        await chain.CallAsync("anvil_dropTransaction", hash.ToString());
        NonceTakenException failure = await Assert.ThrowsAsync<NonceTakenException>(() => sending);
        Assert.Contains("one sender only", failure.Message, StringComparison.Ordinal);
    }
}
