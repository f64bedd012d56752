using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Tests.Transactions;
using Meeda.Testing;
using Nethereum.RLP;
using Xunit;

namespace Meeda.L1.Tests.Rpc;

/// <summary>
/// Headers of anvil's blocks, and those of <c>contracts/vectors/protocol.json</c>, which another implementation
/// encoded.
/// </summary>
public sealed class BlockHeaderTests
{
    private static readonly string[] Names =
    [
        "parentHash",
        "sha3Uncles",
        "miner",
        "stateRoot",
        "transactionsRoot",
        "receiptsRoot",
        "logsBloom",
        "difficulty",
        "number",
        "gasLimit",
        "gasUsed",
        "timestamp",
        "extraData",
        "mixHash",
        "nonce",
        "baseFeePerGas",
        "withdrawalsRoot",
        "blobGasUsed",
        "excessBlobGas",
        "parentBeaconBlockRoot",
        "requestsHash",
    ];

    private static readonly string[] Quantities =
    [
        "difficulty",
        "number",
        "gasLimit",
        "gasUsed",
        "timestamp",
        "baseFeePerGas",
        "blobGasUsed",
        "excessBlobGas",
    ];

    private static readonly Dictionary<string, byte[]> Vectors = JsonDocument
        .Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "contracts", "vectors", "protocol.json")))
        .RootElement.GetProperty("headers")
        .EnumerateArray()
        .ToDictionary(
            vector => vector.GetProperty("name").GetString()!,
            vector => Convert.FromHexString(vector.GetProperty("rlp").GetString()!.AsSpan(2))
        );

    [SkippableFact]
    public async Task GetBlockHeader_OfAnvilsBlocks_HashesToTheBlocksHash()
    {
        await using Chain chain = await Chain.StartAsync();
        await chain.Rpc.CallAsync("anvil_mine", ["0x3"], default);
        for (ulong number = 0; number <= 3; number++)
        {
            BlockHeader? header = await chain.Client.GetBlockHeaderAsync(number, default);
            Block? block = await chain.Client.GetBlockAsync(BlockTag.Number(number), default);
            Assert.Equal(block!.Hash, header!.Hash);
            Assert.Equal(block.Hash, Keccak256.Hash(header.Rlp));
        }

        Assert.Null(await chain.Client.GetBlockHeaderAsync(9, default));
    }

    [Theory]
    [InlineData("of Paris")]
    [InlineData("of Osaka")]
    [InlineData("with a long extraData")]
    public async Task GetBlockHeader_OfADescribedVector_IsItsEncoding(string name)
    {
        var rpc = new FakeRpc((method, _) => method == "eth_getBlockByNumber" ? Describe(Vectors[name]) : null);
        Assert.Equal(Vectors[name], (await new EthereumClient(rpc).GetBlockHeaderAsync(7, default))!.Rlp);
    }

    [Fact]
    public async Task GetBlockHeader_WithFieldsOfALaterFork_IsAskedForRaw()
    {
        byte[] rlp = Vectors["with fields of the future"];
        var rpc = new FakeRpc(
            (method, _) => method == "eth_getBlockByNumber" ? Describe(rlp) : "0x" + Convert.ToHexStringLower(rlp)
        );
        Assert.Equal(rlp, (await new EthereumClient(rpc).GetBlockHeaderAsync(7, default))!.Rlp);
        Assert.Contains("debug_getRawHeader", rpc.Calls);
    }

    [Fact]
    public async Task GetBlockHeader_ARawHeaderOfAnotherBlock_IsRefused()
    {
        var rpc = new FakeRpc(
            (method, _) =>
                method == "eth_getBlockByNumber"
                    ? Describe(Vectors["with fields of the future"])
                    : "0x" + Convert.ToHexStringLower(Vectors["of Osaka"])
        );
        L1UnreachableException refused = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            new EthereumClient(rpc).GetBlockHeaderAsync(7, default)
        );
        Assert.Contains("header of block 7", refused.Message);
    }

    [Theory]
    [InlineData("mixHash")]
    [InlineData("hash")]
    public async Task GetBlockHeader_WithAFieldMissing_NamesIt(string missing)
    {
        Dictionary<string, string> block = Describe(Vectors["of Osaka"]);
        block.Remove(missing);
        L1UnreachableException refused = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            new EthereumClient(new FakeRpc((_, _) => block)).GetBlockHeaderAsync(7, default)
        );
        Assert.Contains($"has no {missing}", refused.Message);
    }

    private static Dictionary<string, string> Describe(byte[] rlp)
    {
        var fields = (RLPCollection)RLP.Decode(rlp);
        var block = fields
            .Zip(Names)
            .ToDictionary(
                field => field.Second,
                field =>
                {
                    string digits = Convert.ToHexStringLower(field.First.RLPData ?? []);
                    return Quantities.Contains(field.Second)
                        ? "0x" + (digits.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : "0")
                        : "0x" + digits;
                }
            );
        block["hash"] = Keccak256.Hash(rlp).ToString();
        return block;
    }
}
