using System.Numerics;
using CsCheck;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.Testing.Abi;
using Xunit;

namespace Meeda.L1.Tests.Abi;

/// <summary>Known answers are cast's (Foundry 1.7.1).</summary>
public sealed class ContractAbiTests
{
    private const string Json = """
        [
          {"type":"function","name":"f","inputs":[
             {"name":"a","type":"uint32"},{"name":"b","type":"int16"},{"name":"c","type":"address"},{"name":"d","type":"bool"},{"name":"e","type":"bytes4"},
             {"name":"g","type":"bytes"},{"name":"h","type":"string"},{"name":"i","type":"uint256[]"},
             {"name":"j","type":"tuple[2]","components":[{"name":"x","type":"uint8"},{"name":"y","type":"bytes"}]},
             {"name":"k","type":"tuple","components":[{"name":"p","type":"bool"},{"name":"q","type":"uint64"}]}],
           "outputs":[{"name":"","type":"uint256"}]},
          {"type":"function","name":"transfer","inputs":[{"name":"to","type":"address"},{"name":"amount","type":"uint256"}],"outputs":[{"name":"","type":"bool"}]},
          {"type":"event","name":"Transfer","inputs":[
             {"name":"from","type":"address","indexed":true},{"name":"to","type":"address","indexed":true},{"name":"value","type":"uint256","indexed":false}]},
          {"type":"error","name":"StakeTooLow","inputs":[{"name":"stake","type":"uint256"},{"name":"minimum","type":"uint256"}]},
          {"type":"constructor","inputs":[{"name":"p","type":"tuple","components":[{"name":"x","type":"uint8"}]}]},
          {"type":"receive"}
        ]
        """;

    private const string Encoded =
        "00000000000000000000000000000000000000000000000000000000fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
        + "000000000000000000000000d8da6bf26964af9d7eed9e03e53415d37aa960450000000000000000000000000000000000000000000000000000000000000001"
        + "deadbeef000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000160"
        + "00000000000000000000000000000000000000000000000000000000000001a000000000000000000000000000000000000000000000000000000000000001e0"
        + "00000000000000000000000000000000000000000000000000000000000002600000000000000000000000000000000000000000000000000000000000000001"
        + "000000000000000000000000000000000000000000000000ffffffffffffffff0000000000000000000000000000000000000000000000000000000000000003"
        + "01020300000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000006"
        + "68c3a96c6c6f00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000003"
        + "00000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000000000002"
        + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000000000000000000000000000000000000000000000000040"
        + "00000000000000000000000000000000000000000000000000000000000000a00000000000000000000000000000000000000000000000000000000000000007"
        + "00000000000000000000000000000000000000000000000000000000000000400000000000000000000000000000000000000000000000000000000000000000"
        + "00000000000000000000000000000000000000000000000000000000000000080000000000000000000000000000000000000000000000000000000000000040"
        + "0000000000000000000000000000000000000000000000000000000000000001ff00000000000000000000000000000000000000000000000000000000000000";

    private static readonly Address To = Address.Parse("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045");
    private static readonly BigInteger Most = BigInteger.Pow(2, 256) - 1;
    private static readonly ContractAbi Contract = ContractAbi.Parse(Json);

    private static object[] Arguments =>
        [
            uint.MaxValue,
            -2,
            To,
            true,
            new byte[] { 0xde, 0xad, 0xbe, 0xef },
            new byte[] { 1, 2, 3 },
            "héllo",
            new object[] { 1, 2, Most },
            new object[]
            {
                new object[] { (byte)7, Array.Empty<byte>() },
                new object[] { (byte)8, new byte[] { 0xff } },
            },
            new object[] { true, ulong.MaxValue },
        ];

    [Fact]
    public void Encode_EveryKindOfType_IsCasts() =>
        Assert.Equal(Encoded, Convert.ToHexStringLower(Contract.Function("f").Encode(Arguments).AsSpan(4)));

    [Fact]
    public void DecodeInput_EveryKindOfType_IsWhatWasEncoded()
    {
        AbiTuple decoded = Contract.Function("f").DecodeInput(Contract.Function("f").Encode(Arguments));
        Assert.Equal((uint.MaxValue, -2L), ((uint)decoded.Get<ulong>("a"), decoded.Get<long>("b")));
        Assert.Equal(To, decoded.Get<Address>("c"));
        Assert.True(decoded.Get<bool>("d"));
        Assert.Equal([0xde, 0xad, 0xbe, 0xef], decoded.Get<byte[]>("e"));
        Assert.Equal([1, 2, 3], decoded.Get<byte[]>("g"));
        Assert.Equal("héllo", decoded.Get<string>("h"));
        Assert.Equal([(BigInteger)1, (BigInteger)2, Most], decoded.Get<object[]>("i"));
        Assert.Equal(8ul, ((AbiTuple)decoded.Get<object[]>("j")[1]).Get<ulong>("x"));
        Assert.Equal(ulong.MaxValue, decoded.Get<AbiTuple>("k").Get<ulong>("q"));
        Assert.Throws<KeyNotFoundException>(() => decoded["nothing"]);
    }

    [Fact]
    public void SelectorAndTopic_OfErc20_AreCasts()
    {
        Assert.Equal("a9059cbb", Convert.ToHexStringLower(Contract.Function("transfer").Selector));
        Assert.Equal(
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
            Contract.Event("Transfer").Topic.ToString()
        );
    }

    [Fact]
    public void DecodeInput_AnyCutOrFlippedData_IsDecodedOrRefusedButNeverCrashes()
    {
        byte[] calldata = Contract.Function("f").Encode(Arguments);
        Gen.Select(Gen.Int[0, calldata.Length], Gen.Int[0, calldata.Length - 1], Gen.Byte)
            .Sample(
                (length, place, change) =>
                {
                    byte[] bad = [.. calldata];
                    bad[place] ^= change;
                    try
                    {
                        Contract.Function("f").DecodeInput(bad.AsSpan(0, length));
                    }
                    catch (AbiFormatException) { }
                }
            );
    }

    [Fact]
    public void Decode_RandomWords_AreDecodedOrRefusedButNeverCrash() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 64])
            .Sample(
                (tail, small) =>
                {
                    try
                    {
                        Contract
                            .Function("f")
                            .DecodeInput([.. Contract.Function("f").Selector, .. new byte[31], (byte)small, .. tail]);
                    }
                    catch (AbiFormatException) { }
                }
            );

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000002")]
    [InlineData("00")]
    [InlineData("")]
    public void Decode_NoBool_IsRefused(string output) =>
        Assert.Throws<AbiFormatException>(() => Contract.Function("transfer").Decode(Convert.FromHexString(output)));

    [Fact]
    public void Encode_ValuesOutOfTheirTypes_AreRefused()
    {
        AbiFunction transfer = Contract.Function("transfer");
        Assert.Throws<AbiFormatException>(() => transfer.Encode(To));
        Assert.Throws<AbiFormatException>(() => transfer.Encode(To, BigInteger.MinusOne));
        Assert.Throws<AbiFormatException>(() => transfer.Encode(To, Most + 1));
        Assert.Throws<AbiFormatException>(() => transfer.Encode("0x00", 1));
        Assert.Throws<AbiFormatException>(() =>
            Contract.Function("f").Encode([.. Arguments[..4], new byte[5], .. Arguments[5..]])
        );
    }

    [Fact]
    public void Constructor_WithAStruct_AppendsItToTheBytecode() =>
        Assert.Equal(
            "6001" + new string('0', 62) + "07",
            Convert.ToHexStringLower(Contract.Constructor.Encode([0x60, 0x01], [new object[] { 7 }]))
        );

    [Fact]
    public void EventDecode_ALog_GivesIndexedAndPlainArguments()
    {
        byte[] sender = [.. new byte[12], .. To.ToArray()];
        var log = new Log(
            To,
            [Contract.Event("Transfer").Topic, Bytes32.FromBytes(sender), Bytes32.Zero],
            [.. new byte[31], 42],
            1,
            default,
            default,
            0
        );
        AbiTuple arguments = Contract.Event("Transfer").Decode(log);
        Assert.Equal(To, arguments.Get<Address>("from"));
        Assert.Equal(Address.Zero, arguments.Get<Address>("to"));
        Assert.Equal((BigInteger)42, arguments.Get<BigInteger>("value"));
        Assert.Throws<AbiFormatException>(() =>
            Contract.Event("Transfer").Decode(log with { Topics = [log.Topics[0]] })
        );
    }

    [Fact]
    public void TryDescribeRevert_KnownErrors_AreSaidInWords()
    {
        byte[] custom = [.. Contract.Errors.Single().Selector, .. new byte[31], 5, .. new byte[31], 10];
        Assert.True(Contract.TryDescribeRevert(custom, out string? description));
        Assert.Equal("StakeTooLow(stake: 5, minimum: 10)", description);
        byte[] panic = [0x4e, 0x48, 0x7b, 0x71, .. new byte[31], 0x11];
        Assert.True(Contract.TryDescribeRevert(panic, out description));
        Assert.Equal("Panic(17)", description);
        Assert.False(Contract.TryDescribeRevert([1, 2, 3, 4], out _));
        Assert.False(Contract.TryDescribeRevert(custom.AsSpan(0, 40), out _));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[{}]")]
    [InlineData("[")]
    [InlineData("""[{"type":"function","name":"f","inputs":[{"type":"uint7"}],"outputs":[]}]""")]
    [InlineData(
        """[{"type":"function","name":"f","inputs":[],"outputs":[]},{"type":"function","name":"f","inputs":[],"outputs":[]}]"""
    )]
    public void Parse_NoAbi_IsRefused(string json) => Assert.Throws<AbiFormatException>(() => ContractAbi.Parse(json));
}
