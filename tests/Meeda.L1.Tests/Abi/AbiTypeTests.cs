using System.Numerics;
using CsCheck;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.Testing.Abi;
using Xunit;

namespace Meeda.L1.Tests.Abi;

/// <summary>Any type the ABI knows, made at random with a value of it.</summary>
public sealed class AbiTypeTests
{
    // A type's JSON without braces, with a value to encode and the value that is to come back.
    private sealed record Sample(string Type, string Components, object Value, object Decoded);

    private static readonly Gen<Sample> Elementary = Gen.OneOf(
        Gen.Select(Gen.Int[1, 32], Gen.Byte.Array[32])
            .Select(
                (size, bytes) =>
                {
                    var value = new BigInteger(bytes.AsSpan(0, size), isUnsigned: true);
                    return new Sample($"uint{8 * size}", "", value, size <= 8 ? (ulong)value : (object)value);
                }
            ),
        Gen.Select(Gen.Int[1, 32], Gen.Byte.Array[32])
            .Select(
                (size, bytes) =>
                {
                    var value = new BigInteger(bytes.AsSpan(0, size));
                    return new Sample($"int{8 * size}", "", value, size <= 8 ? (long)value : (object)value);
                }
            ),
        Gen.Bool.Select(flag => new Sample("bool", "", flag, flag)),
        Gen.Byte.Array[20]
            .Select(bytes => new Sample("address", "", Address.FromBytes(bytes), Address.FromBytes(bytes))),
        Gen.Int[1, 31]
            .SelectMany(size => Gen.Byte.Array[size])
            .Select(bytes => new Sample($"bytes{bytes.Length}", "", bytes, bytes)),
        Gen.Byte.Array[32]
            .Select(bytes => new Sample("bytes32", "", Bytes32.FromBytes(bytes), Bytes32.FromBytes(bytes))),
        Gen.Byte.Array[0, 70].Select(bytes => new Sample("bytes", "", bytes, bytes)),
        Gen.String[Gen.Char['a', 'ÿ'], 0, 40].Select(text => new Sample("string", "", text, text))
    );

    private static readonly Gen<Sample> Any = Nested(3);

    [Fact]
    public void DecodeInput_AnyTypeAndValue_IsWhatWasEncoded() =>
        Any.Array[0, 4]
            .Sample(
                samples =>
                {
                    AbiFunction function = Function(samples);
                    AbiTuple decoded = function.DecodeInput(
                        function.Encode([.. samples.Select(sample => sample.Value)])
                    );
                    return Same(decoded, samples.Select(sample => sample.Decoded).ToArray());
                },
                iter: 2_000
            );

    [Fact]
    public void DecodeInput_AnyTypeWithABitChanged_IsDecodedOrRefusedButNeverCrashes() =>
        Gen.Select(Any, Gen.Int[0, int.MaxValue], Gen.Int[0, 7])
            .Sample(
                (sample, place, bit) =>
                {
                    AbiFunction function = Function([sample]);
                    byte[] calldata = function.Encode([sample.Value]);
                    if (calldata.Length > AbiFunction.SelectorLength)
                    {
                        calldata[
                            AbiFunction.SelectorLength + (place % (calldata.Length - AbiFunction.SelectorLength))
                        ] ^= (byte)(1 << bit);
                    }

                    return Record.Exception(() => function.DecodeInput(calldata)) is null or AbiFormatException;
                },
                iter: 2_000
            );

    [Theory]
    [InlineData("bytes[]")]
    [InlineData("uint256[][][]")]
    public void DecodeInput_OffsetsThatAllLeadToTheSameBytes_AreRefused(string type)
    {
        // 1,000 items, each of which is said to be all the data that follows: a thousand times the data's length, or
        // a thousand to the power of the depth.
        AbiFunction function = Function([new Sample(type, "", 0, 0)]);
        const int Items = 1_000;
        var data = new List<byte>();
        data.AddRange(Word(32));
        data.AddRange(Word(Items));
        for (int i = 0; i < Items; i++)
        {
            data.AddRange(Word(32 * (Items - 1)));
        }

        data.AddRange(new byte[32 * Items]);
        Assert.Throws<AbiFormatException>(() => function.DecodeInput([.. function.Selector, .. data]));
    }

    [Theory]
    [InlineData("uint256[")]
    [InlineData("uint256[2")]
    [InlineData("uint256[2]x")]
    [InlineData("uint256[x]")]
    [InlineData("uint256[-1]")]
    [InlineData("uint256[99999999999]")]
    [InlineData("uint256[100000][100000]")]
    [InlineData("uint256[][][][][][][][][][][][][][][][][]")]
    [InlineData("uint256]")]
    [InlineData("uint")]
    [InlineData("uint264")]
    [InlineData("bytes33")]
    [InlineData("bytes0")]
    public void Parse_NoType_IsRefused(string type) =>
        Assert.Throws<AbiFormatException>(() => Function([new Sample(type, "", 0, 0)]));

    [Fact]
    public void ErrorDecode_NestedArguments_AreReadAndSaidInWords()
    {
        ContractAbi abi = ContractAbi.Parse(
            """[{"type":"error","name":"Bad","inputs":[{"name":"ids","type":"uint8[]"},{"name":"who","type":"tuple","components":[{"name":"a","type":"bool"},{"name":"b","type":"bytes"}]}]}]"""
        );
        AbiError error = abi.Errors.Single();
        byte[] data =
        [
            .. error.Selector,
            .. Word(64),
            .. Word(160),
            .. Word(2),
            .. Word(7),
            .. Word(8),
            .. Word(1),
            .. Word(64),
            .. Word(1),
            0xff,
            .. new byte[31],
        ];
        Assert.Equal([7ul, 8ul], error.Decode(data).Get<object[]>("ids"));
        Assert.True(abi.TryDescribeRevert(data, out string? description));
        Assert.Equal("Bad(ids: [7, 8], who: (True, 0xff))", description);
        Assert.Throws<AbiFormatException>(() => error.Decode([1, 2, 3, 4]));
    }

    private static Gen<Sample> Nested(int depth) =>
        depth == 0
            ? Elementary
            : Gen.OneOf(
                Elementary,
                Gen.Select(Nested(depth - 1), Gen.Int[0, 3], Gen.Bool)
                    .Select(
                        (item, count, isFixed) =>
                            new Sample(
                                isFixed && count > 0 ? $"{item.Type}[{count}]" : $"{item.Type}[]",
                                item.Components,
                                Enumerable.Repeat(item.Value, count).ToArray(),
                                Enumerable.Repeat(item.Decoded, count).ToArray()
                            )
                    ),
                Nested(depth - 1)
                    .Array[1, 3]
                    .Select(fields => new Sample(
                        "tuple",
                        $",\"components\":[{string.Join(',', fields.Select(Json))}]",
                        fields.Select(field => field.Value).ToArray(),
                        fields.Select(field => field.Decoded).ToArray()
                    ))
            );

    private static string Json(Sample sample) => $$"""{"name":"","type":"{{sample.Type}}"{{sample.Components}}}""";

    private static AbiFunction Function(Sample[] inputs) =>
        ContractAbi
            .Parse(
                $$"""[{"type":"function","name":"f","inputs":[{{string.Join(',', inputs.Select(Json))}}],"outputs":[]}]"""
            )
            .Function("f");

    private static bool Same(object decoded, object expected) =>
        (decoded, expected) switch
        {
            (byte[] left, byte[] right) => left.SequenceEqual(right),
            (IReadOnlyList<object> left, object[] right) => left.Count == right.Length
                && left.Zip(right).All(pair => Same(pair.First, pair.Second)),
            _ => decoded.Equals(expected),
        };

    private static byte[] Word(int value) =>
        [.. new byte[28], (byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
