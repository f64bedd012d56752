using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Attack;
using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Client;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// Bounties on data past its retention, on anvil with real blob transactions: put up by the command, carried by an
/// operator that is an archive, and read back out of the blobs.
/// </summary>
public sealed class BountyTests : IAsyncDisposable
{
    private static readonly SystemParameters Parameters = LocalParameters.Value with
    {
        Retention = 24,
        ProofWindow = 12,
        PublishWindow = 12,
        AnchorGrace = 16,
        MissPenalty = LocalParameters.Value.MinimumStake / 4,
    };

    private readonly BountyContract _unreached = new(null!, BountyContract.UsualAddress);
    private Arena _arena = null!;
    private OperatorNode _archive = null!;
    private Address _carrier;
    private Address _funder;
    private string _funderKey = "";

    private BountyContract Contract => new(_arena.Client, _unreached.Address);

    public async ValueTask DisposeAsync()
    {
        if (_arena is not null)
        {
            await _arena.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task Expired_batches_come_back_for_a_bounty_that_pays_and_for_none_that_does_not()
    {
        await StartAsync();
        (BatchId dear, byte[] payload) = await PutAsync(300_000);
        (BatchId cheap, _) = await PutAsync(1_000);
        await ExpireAsync(dear);
        await ExpireAsync(cheap);

        // The one that is too low is the older one: it was looked at when the other is paid.
        await FundAsync(cheap, blobs: 1, "--amount", "1gwei", "--blocks", "400");
        ulong before = await HeadAsync();
        BigInteger balance = await EtherAsync(_carrier);
        BigInteger each = await FundAsync(dear, blobs: 3);
        await _arena.UntilAsync("the bounties are paid", async () => (await StandingAsync()).Count == 1);

        // The contract keeps the other bounty alone; the carrier has all three, less what its transaction cost.
        Assert.Equal(1_000_000_000, await EtherAsync(Contract.Address));
        (BigInteger fees, int transactions) = await FeesOfAsync(_carrier, before);
        Assert.Equal(1, transactions);
        Assert.Equal(balance + (3 * each) - fees, await EtherAsync(_carrier));
        await AssertReadableAsync(dear, payload, before);

        // Nobody takes the other one, and its funder has it back once its life is over.
        await _archive.StopAsync();
        (string shown, _) = await RunAsync("show", $"{cheap}");
        Assert.Contains(
            "1 gwei",
            shown.Replace("0.000000001 ether", "1 gwei", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "the first of 1 bounties can be withdrawn from block",
            (await RunAsync("refund", $"{cheap}", "--yes", "--key-file", _funderKey)).Error,
            StringComparison.Ordinal
        );
        await _arena.MineAsync(400);
        (string refunded, _) = await RunAsync("refund", "--yes", "--json", "--key-file", _funderKey);
        Assert.Single(JsonDocument.Parse(refunded).RootElement.GetProperty("transactions").EnumerateArray());
        Assert.Empty(await StandingAsync());
        Assert.Equal(0, await EtherAsync(Contract.Address));
    }

    [SkippableFact]
    public async Task A_restart_while_the_blob_is_on_its_way_carries_it_once()
    {
        await StartAsync();
        (BatchId id, byte[] payload) = await PutAsync(100_000);
        await ExpireAsync(id);
        ulong before = await HeadAsync();
        BigInteger balance = await EtherAsync(_carrier);

        // Funded while it is away, so that no block can be faster than this test.
        await _archive.StopAsync();
        BigInteger each = await FundAsync(id, blobs: 1);
        await _arena.Rpc.CallAsync("evm_setIntervalMining", [0], CancellationToken.None);
        await _archive.StartAsync();
        while (await NonceAsync(BlockTag.Pending) == 0)
        {
            await Task.Delay(50);
        }

        await _archive.StopAsync();
        await _archive.StartAsync();
        await _arena.Rpc.CallAsync("evm_setIntervalMining", [1], CancellationToken.None);
        await _arena.UntilAsync("the bounty is paid", async () => (await StandingAsync()).Count == 0);

        // A second bounty on the same blob is another one; the archive has looked at the first again before it.
        BigInteger second = await FundAsync(id, blobs: 1);
        await _arena.UntilAsync("the second is paid", async () => (await StandingAsync()).Count == 0);
        (BigInteger fees, int transactions) = await FeesOfAsync(_carrier, before);
        Assert.Equal(2, transactions);
        Assert.Equal(balance + each + second - fees, await EtherAsync(_carrier));
        await AssertReadableAsync(id, payload, before);
    }

    private async Task StartAsync()
    {
        _arena = await Arena.StartAsync(Parameters);
        (_carrier, string carrierKey) = await _arena.AccountKeyAsync();
        (_funder, _funderKey) = await _arena.AccountKeyAsync();
        _archive = await _arena.OperatorNodeAsync(
            ("Meeda:Storage:GraceBlocks", "0"),
            ("Meeda:Storage:RetentionInterval", "00:00:00.5"),
            ("Meeda:Storage:LocalCopyBytes", "0"),
            ("Meeda:Bounties:Archive", "true"),
            ("Meeda:Bounties:Interval", "300ms"),
            ("Meeda:Bounties:LeastBlocksLeft", "1"),
            ("Meeda:Signer:BlobKeyFile", carrierKey)
        );
    }

    private async Task<(BatchId Id, byte[] Payload)> PutAsync(int length)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(length);
        using var http = new HttpClient { BaseAddress = _archive.Http.BaseAddress };
        using var body = new ByteArrayContent(payload);
        using HttpResponseMessage answer = await http.PostAsync(new Uri("put", UriKind.Relative), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        Assert.True(
            AltDaCommitment.TryDecode(
                await answer.Content.ReadAsByteArrayAsync(),
                AltDaCommitment.DefaultDaLayerByte,
                out AltDaCommitment commitment,
                out _
            )
        );
        return (new BatchId(commitment.Hash), payload);
    }

    private async Task ExpireAsync(BatchId id)
    {
        AnchorBody? anchor = null;
        await _arena.UntilAsync("it is anchored", async () => (anchor = await _archive.AnchorOfAsync(id)) is not null);
        await _arena.MineToAsync(anchor!.Expiry + 1);
    }

    private async Task<(string Output, string Error)> RunAsync(params string[] arguments)
    {
        (_, string output, string error) = await CommandLine.RunAsync(
            _arena.Folder,
            ["bounty", .. arguments, "--rpc", $"{_arena.L1}", .. ContractOf(arguments)]
        );
        return (output, error);
    }

    private string[] ContractOf(string[] arguments) =>
        arguments[0] == "refund" ? [] : ["--contract", $"{_arena.System.Address}"];

    /// <summary>Puts up bounties by the command.</summary>
    /// <returns>What is on each blob.</returns>
    private async Task<BigInteger> FundAsync(BatchId id, int blobs, params string[] more)
    {
        BigInteger before = await EtherAsync(_funder);
        (string output, string error) = await RunAsync([$"{id}", "--yes", "--json", "--key-file", _funderKey, .. more]);
        Assert.True(error.Length == 0, error);
        JsonElement plan = JsonDocument.Parse(output).RootElement;
        JsonElement sent = Assert.Single(plan.GetProperty("transactions").EnumerateArray());
        BigInteger value = BigInteger.Parse(sent.GetProperty("value").GetString()!, CultureInfo.InvariantCulture);
        JsonElement receipt = await ReceiptAsync(sent.GetProperty("hash").GetString()!);
        Assert.Equal(before - value - FeeOf(receipt), await EtherAsync(_funder));
        Assert.Equal(0, value % blobs);
        return value / blobs;
    }

    /// <summary>What an account's transactions cost since a block, and how many there were.</summary>
    private async Task<(BigInteger Wei, int Count)> FeesOfAsync(Address account, ulong first)
    {
        BigInteger sum = 0;
        int count = 0;
        for (ulong number = first; number <= await HeadAsync(); number++)
        {
            JsonElement block = await _arena.Rpc.CallAsync(
                "eth_getBlockByNumber",
                [$"0x{number:x}", true],
                CancellationToken.None
            );
            foreach (JsonElement transaction in block.GetProperty("transactions").EnumerateArray())
            {
                if (Address.Parse(transaction.GetProperty("from").GetString()!) == account)
                {
                    sum += FeeOf(await ReceiptAsync(transaction.GetProperty("hash").GetString()!));
                    count++;
                }
            }
        }

        return (sum, count);
    }

    private async Task<JsonElement> ReceiptAsync(string hash) =>
        await _arena.Rpc.CallAsync("eth_getTransactionReceipt", [hash], CancellationToken.None);

    private static BigInteger FeeOf(JsonElement receipt)
    {
        BigInteger fee = Number(receipt, "gasUsed") * Number(receipt, "effectiveGasPrice");
        return receipt.TryGetProperty("blobGasUsed", out JsonElement blobs) && blobs.ValueKind == JsonValueKind.String
            ? fee + (Number(receipt, "blobGasUsed") * Number(receipt, "blobGasPrice"))
            : fee;
    }

    private static BigInteger Number(JsonElement receipt, string name) =>
        BigInteger.Parse(
            "0" + receipt.GetProperty(name).GetString()![2..],
            NumberStyles.HexNumber,
            CultureInfo.InvariantCulture
        );

    /// <summary>The payload is what the blobs that L1 carried decode to, found by L1's logs alone.</summary>
    private async Task AssertReadableAsync(BatchId id, byte[] payload, ulong first)
    {
        BatchBlobs? batch = await BatchBlobs.FindAsync(_arena.Client, _arena.System, id, 0, CancellationToken.None);
        var blobs = new List<byte>();
        foreach (Bytes32 hash in batch!.VersionedHashes())
        {
            blobs.AddRange(await _arena.PublishedBlobAsync(hash, first, await HeadAsync()));
        }

        Assert.True(BlobEncoding.TryDecode([.. blobs], out byte[] decoded, out BlobDecodingError error), $"{error}");
        Assert.Equal(payload, decoded);
    }

    private async Task<IReadOnlyList<StandingBounty>> StandingAsync() =>
        await Contract.ReadAsync(0, 100, CancellationToken.None);

    private Task<ulong> HeadAsync() => _arena.Client.GetBlockNumberAsync(CancellationToken.None);

    private Task<ulong> NonceAsync(BlockTag tag) =>
        _arena.Client.GetTransactionCountAsync(_carrier, tag, CancellationToken.None);

    private Task<BigInteger> EtherAsync(Address address) =>
        _arena.Client.GetBalanceAsync(address, BlockTag.Latest, CancellationToken.None);
}
