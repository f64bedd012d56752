using System.Numerics;
using CsCheck;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.Testing.Abi;
using Nethereum.ABI.FunctionEncoding.Attributes;
using Nethereum.Contracts;
using Xunit;

namespace Meeda.L1.Tests.Contracts;

/// <summary>Nethereum's codec behind the checks, compared with the tests' independent codec.</summary>
public sealed class TypedContractTests
{
    private const string Json = """
        [{"type":"function","name":"read","stateMutability":"view","inputs":[{"name":"who","type":"address"},{"name":"list","type":"uint64[]"}],
          "outputs":[{"name":"small","type":"uint40"},{"name":"owner","type":"address"},{"name":"flag","type":"bool"},
           {"name":"text","type":"bytes"},{"name":"pair","type":"tuple","internalType":"struct Pair","components":[{"name":"x","type":"uint64"},{"name":"hash","type":"bytes32"}]},
           {"name":"pairs","type":"tuple[]","internalType":"struct Pair[]","components":[{"name":"x","type":"uint64"},{"name":"hash","type":"bytes32"}]}]},
         {"type":"event","name":"Told","anonymous":false,"inputs":[{"name":"who","type":"address","indexed":true},{"name":"index","type":"uint256","indexed":true},
           {"name":"amount","type":"uint128","indexed":false},{"name":"text","type":"bytes","indexed":false}]},
         {"type":"error","name":"TooLow","inputs":[{"name":"stake","type":"uint256"},{"name":"who","type":"address"}]},
         {"type":"error","name":"Texts","inputs":[{"name":"texts","type":"bytes32[]"}]}]
        """;

    private static readonly TypedContract Contract = new(Json);
    private static readonly ContractAbi Oracle = ContractAbi.Parse(Json);
    private static readonly Address Who = Address.Parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");

    private static readonly Gen<object[]> Values = Gen.Select(
            Gen.ULong[0, (1UL << 40) - 1],
            Gen.Byte.Array[20],
            Gen.Bool,
            Gen.Byte.Array[0, 100],
            Gen.Select(Gen.ULong, Gen.Byte.Array[32]).Array[1, 5]
        )
        .Select(
            (small, owner, flag, text, pairs) =>
                new object[]
                {
                    small,
                    Address.FromBytes(owner),
                    flag,
                    text,
                    new object[] { pairs[0].Item1, Bytes32.FromBytes(pairs[0].Item2) },
                    pairs.Select(pair => (object)new object[] { pair.Item1, Bytes32.FromBytes(pair.Item2) }).ToArray(),
                }
        );

    [Fact]
    public void Decode_AnyAnswer_IsWhatWasEncoded() =>
        Values.Sample(
            values =>
            {
                ReadOutput read = Contract.Decode(new ReadFunction(), Encoded(values));
                var pairs = (object[])values[5];
                Assert.Equal((ulong)values[0], read.Small);
                Assert.Equal((Address)values[1], Address.Parse(read.Owner));
                Assert.Equal((bool)values[2], read.Flag);
                Assert.Equal((byte[])values[3], read.Text);
                Assert.Equal((ulong)((object[])values[4])[0], read.Pair.X);
                Assert.Equal(
                    pairs.Select(pair => ((ulong)((object[])pair)[0], (Bytes32)((object[])pair)[1])),
                    read.Pairs.Select(pair => (pair.X, Bytes32.FromBytes(pair.Hash)))
                );
            },
            iter: 300
        );

    // Flipped bits give another value or are rejected; never a crash, never a value out of range.
    [Fact]
    public void Decode_ChangedCutOrLongerData_IsReadInRangeOrRefused() =>
        Gen.Select(Values, Gen.Int, Gen.Int[0, 3], Gen.Byte)
            .Sample(
                (values, place, kind, change) =>
                {
                    byte[] data = Encoded(values);
                    int at = (int)((uint)place % (uint)data.Length);
                    byte[] changed = kind switch
                    {
                        0 => data[..at],
                        1 => [.. data, change],
                        2 => [.. data[..at], .. new byte[32], .. data[at..]],
                        _ => [.. data[..at], (byte)(data[at] ^ change), .. data[(at + 1)..]],
                    };
                    try
                    {
                        ReadOutput read = Contract.Decode(new ReadFunction(), changed);
                        Assert.True(read.Small < 1UL << 40);
                        Assert.True(changed.Length == data.Length);
                    }
                    catch (AbiFormatException) { }
                },
                iter: 3000
            );

    [Theory]
    [InlineData(0, "no data at all")]
    [InlineData(32, "one word")]
    public void Decode_TooLittleData_IsRefused(int length, string why)
    {
        _ = why;
        Assert.Throws<AbiFormatException>(() => Contract.Decode(new ReadFunction(), new byte[length]));
    }

    // Nethereum alone would create a list of 134,217,728 items from these bytes.
    [Fact]
    public void Decode_ALengthThatTheDataCannotHold_IsRefusedAtOnce()
    {
        byte[] data = Encoded([
            0UL,
            Who,
            true,
            Array.Empty<byte>(),
            new object[] { 1UL, Bytes32.Zero },
            Array.Empty<object>(),
        ]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        data[^4] = 0x08; // the length of the last list: 2^27
        Assert.Throws<AbiFormatException>(() => Contract.Decode(new ReadFunction(), data));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Encode_AFunction_IsWhatTheOtherCodecEncodes() =>
        Gen
            .ULong.Array[0, 20]
            .Sample(list =>
                Assert.Equal(
                    Oracle.Function("read").Encode(Who, list.Cast<object>().ToArray()),
                    Contract.Encode(new ReadFunction { Who = $"{Who}", List = [.. list] })
                )
            );

    [Fact]
    public void Encode_AFunctionThatTheContractDoesNotHave_IsRefused() =>
        Assert.Throws<AbiFormatException>(() => Contract.Encode(new UnknownFunction()));

    [Fact]
    public void Event_ALog_IsReadStrictly()
    {
        EventReader<ToldData> reader = Contract.Event<ToldData>();
        Log log = LogOf(new BigInteger(7), "hello"u8.ToArray());
        ToldData read = reader.Read(log);
        Assert.Equal((Who, new BigInteger(3), new BigInteger(7)), (Address.Parse(read.Who), read.Index, read.Amount));
        Assert.Equal("hello"u8.ToArray(), read.Text);
        Assert.Equal(Oracle.Event("Told").Topic, reader.Topic);
        Assert.Throws<AbiFormatException>(() => reader.Read(log with { Topics = [.. log.Topics.Take(2)] }));
        Assert.Throws<AbiFormatException>(() => reader.Read(log with { Topics = [.. log.Topics, Bytes32.Zero] }));
        Assert.Throws<AbiFormatException>(() => reader.Read(log with { Topics = [] }));
        Assert.Throws<AbiFormatException>(() =>
            reader.Read(log with { Topics = [Bytes32.Zero, .. log.Topics.Skip(1)] })
        );
        Assert.Throws<AbiFormatException>(() => reader.Read(log with { Data = log.Data[..^32] }));
        // An amount above uint128.
        Assert.Throws<AbiFormatException>(() => reader.Read(log with { Data = [0x80, .. log.Data[1..]] }));
        Assert.Throws<AbiFormatException>(() =>
            reader.Read(log with { Topics = [log.Topics[0], Keccak256.Hash("no address"u8), log.Topics[2]] })
        );
    }

    [Fact]
    public void Event_OfOtherTypes_IsRefusedWhenItIsMade()
    {
        Assert.Throws<AbiFormatException>(() => Contract.Event<OtherToldData>());
        Assert.Throws<AbiFormatException>(() => Contract.TopicOf("Nothing"));
    }

    [Fact]
    public void TryDescribeRevert_KnownErrors_AreNamedWithTheirArguments()
    {
        byte[] custom =
        [
            .. Oracle.Errors.Single(error => error.Name == "TooLow").Selector,
            .. Word(5),
            .. new byte[12],
            .. Who.ToArray(),
        ];
        Assert.True(Contract.TryDescribeRevert(custom, out string? said));
        Assert.Equal($"TooLow(stake: 5, who: {Who})", said);
        Assert.True(
            Contract.TryDescribeRevert(
                Convert.FromHexString(
                    "08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000"
                        + "000000000000000000000000000000026869000000000000000000000000000000000000000000000000000000000000"
                ),
                out said
            )
        );
        Assert.Equal("Error(hi)", said);
        Assert.True(Contract.TryDescribeRevert([0x4e, 0x48, 0x7b, 0x71, .. Word(0x11)], out said));
        Assert.Equal("Panic(17)", said);
        byte[] texts =
        [
            .. Oracle.Errors.Single(error => error.Name == "Texts").Selector,
            .. Word(32),
            .. Word(1),
            .. Word(9),
        ];
        Assert.True(Contract.TryDescribeRevert(texts, out said));
        Assert.Equal($"Texts(texts: [0x{Convert.ToHexStringLower(Word(9))}])", said);
        Assert.False(Contract.TryDescribeRevert(custom[..^1], out _));
        Assert.False(Contract.TryDescribeRevert([1, 2, 3], out _));
        Assert.False(Contract.TryDescribeRevert([1, 2, 3, 4], out _));
        Assert.False(Contract.TryDescribeRevert([], out _));
    }

    private static byte[] Encoded(object[] values)
    {
        // The outputs as the inputs of a function, whose calldata is a selector and them.
        string inputs = Json[(Json.IndexOf("\"outputs\":", StringComparison.Ordinal) + 10)..];
        inputs = inputs[..(inputs.IndexOf("]}]},", StringComparison.Ordinal) + 3)];
        return ContractAbi
            .Parse($$"""[{"type":"function","name":"f","inputs":{{inputs}},"outputs":[]}]""")
            .Function("f")
            .Encode(values)[4..];
    }

    private static Log LogOf(BigInteger amount, byte[] text) =>
        new(
            Who,
            [
                Oracle.Event("Told").Topic,
                Bytes32.FromBytes([.. new byte[12], .. Who.ToArray()]),
                Bytes32.FromBytes(Word(3)),
            ],
            [.. Word(amount), .. Word(64), .. Word(text.Length), .. text, .. new byte[(32 - (text.Length % 32)) % 32]],
            1,
            Bytes32.Zero,
            Bytes32.Zero,
            0
        );

    private static byte[] Word(BigInteger value)
    {
        byte[] digits = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - digits.Length], .. digits];
    }

    [Struct("Pair")]
    public sealed class PairData
    {
        [Parameter("uint64", "x", 1)]
        public ulong X { get; set; }

        [Parameter("bytes32", "hash", 2)]
        public byte[] Hash { get; set; } = [];
    }

    [Function("read", typeof(ReadOutput))]
    public sealed class ReadFunction : FunctionMessage, IFunction<ReadFunction, ReadOutput>
    {
        [Parameter("address", "who", 1)]
        public string Who { get; set; } = "";

        [Parameter("uint64[]", "list", 2)]
        public List<ulong> List { get; set; } = [];
    }

    [FunctionOutput]
    public sealed class ReadOutput : IFunctionOutputDTO
    {
        [Parameter("uint40", "small", 1)]
        public ulong Small { get; set; }

        [Parameter("address", "owner", 2)]
        public string Owner { get; set; } = "";

        [Parameter("bool", "flag", 3)]
        public bool Flag { get; set; }

        [Parameter("bytes", "text", 4)]
        public byte[] Text { get; set; } = [];

        [Parameter("tuple", "pair", 5, "Pair")]
        public PairData Pair { get; set; } = new();

        [Parameter("tuple[]", "pairs", 6, "Pair")]
        public List<PairData> Pairs { get; set; } = [];
    }

    [Function("unknown")]
    public sealed class UnknownFunction : FunctionMessage;

    [Event("Told")]
    public sealed class ToldData : IEventDTO
    {
        [Parameter("address", "who", 1, true)]
        public string Who { get; set; } = "";

        [Parameter("uint256", "index", 2, true)]
        public BigInteger Index { get; set; }

        [Parameter("uint128", "amount", 3, false)]
        public BigInteger Amount { get; set; }

        [Parameter("bytes", "text", 4, false)]
        public byte[] Text { get; set; } = [];
    }

    [Event("Told")]
    public sealed class OtherToldData : IEventDTO
    {
        [Parameter("address", "who", 1, true)]
        public string Who { get; set; } = "";
    }
}
