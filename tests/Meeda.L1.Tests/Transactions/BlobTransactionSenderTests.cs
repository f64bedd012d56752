using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Transactions;

/// <summary>Transactions with blobs (EIP-4844, EIP-7594) through a real node, which checks every cell proof.</summary>
public sealed class BlobTransactionSenderTests
{
    // The zero polynomial: its commitment and all its proofs are the infinity.
    private static readonly byte[] Infinity = [0xc0, .. new byte[47]];

    private static readonly BlobSidecar Zero = new(
        [new byte[BlobSidecar.BlobLength]],
        [Infinity],
        [.. Enumerable.Repeat(Infinity, BlobSidecar.CellsPerBlob)]
    );

    // A contract that keeps what BLOBHASH(0) is: PUSH0 BLOBHASH PUSH0 SSTORE STOP, behind the code that returns it.
    private static readonly byte[] KeepsBlobHash = Convert.FromHexString("645f495f5500" + "5f52" + "6005601bf3");

    [SkippableFact]
    public async Task SendAsync_WithABlob_IsSeenByBLOBHASH()
    {
        await using Chain chain = await Chain.StartAsync();
        TransactionSender sender = chain.Sender();
        Address contract = (await sender.SendAsync(new TransactionRequest(null, KeepsBlobHash), CancellationToken.None))
            .ContractAddress!
            .Value;
        TransactionReceipt receipt = await sender.SendAsync(
            new TransactionRequest(contract, [], 0, Zero),
            CancellationToken.None
        );
        Assert.True(receipt.Succeeded);
        JsonElement kept = await chain.CallAsync("eth_getStorageAt", contract.ToString(), "0x0", "latest");
        Assert.Equal(Zero.VersionedHashes()[0].ToString(), kept.GetString());

        // A transaction without blobs works as before, and sees no blob hash.
        await sender.SendAsync(new TransactionRequest(contract, []), CancellationToken.None);
        kept = await chain.CallAsync("eth_getStorageAt", contract.ToString(), "0x0", "latest");
        Assert.Equal(Bytes32.Zero.ToString(), kept.GetString());
    }

    [SkippableFact]
    public async Task SendAsync_WithABlobThatIsNotMined_DoublesAllThreeFees()
    {
        await using Chain chain = await Chain.StartAsync("--no-mining");
        var clock = new HeldClock();
        var options = new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(20) };
        TransactionSender sender = chain.Sender(options, time: clock);
        Task<TransactionReceipt> sending = sender.SendAsync(
            new TransactionRequest(Address.Parse("0x00000000000000000000000000000000000000c0"), [], 0, Zero),
            CancellationToken.None
        );
        Bytes32 first = await chain.PendingAsync(null);
        JsonElement before = await chain.CallAsync("eth_getTransactionByHash", first.ToString());
        clock.Advance(options.ResendAfter);
        JsonElement after = await chain.CallAsync(
            "eth_getTransactionByHash",
            (await chain.PendingAsync(first)).ToString()
        );
        Assert.All(
            ["maxFeePerGas", "maxPriorityFeePerGas", "maxFeePerBlobGas"],
            name => Assert.True(Quantity(after.GetProperty(name)) >= 2 * Quantity(before.GetProperty(name)), name)
        );
        await chain.CallAsync("anvil_mine", "0x1");
        Assert.True((await sending).Succeeded);
    }

    [Fact]
    public async Task SendAsync_WithBlobsThatAreNotWellFormed_SendsNothing()
    {
        using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:1") };
        using var sender = new TransactionSender(
            new EthereumClient(new JsonRpcClient(http)),
            PrivateKeySigner.FromHex(Anvil.FundedKey),
            new()
        );
        BlobSidecar missing = Zero with { CellProofs = [Infinity] };
        await Assert.ThrowsAsync<ArgumentException>(() =>
            sender.SendAsync(new TransactionRequest(Address.Zero, [], 0, missing), CancellationToken.None)
        );
        await Assert.ThrowsAsync<ArgumentException>(() =>
            sender.SendAsync(new TransactionRequest(null, [], 0, Zero), CancellationToken.None)
        );
    }

    private static BigInteger Quantity(JsonElement hex) =>
        BigInteger.Parse("0" + hex.GetString()![2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
