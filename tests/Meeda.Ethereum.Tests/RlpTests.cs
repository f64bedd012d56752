using System.Numerics;
using CsCheck;
using Xunit;

namespace Meeda.Ethereum.Tests;

public sealed class RlpTests
{
    [Fact]
    public void Encode_NestedList_IsCasts() =>
        Assert.Equal(
            "ca80007f8180c4820102c0",
            Convert.ToHexStringLower(Rlp.EncodeList(
                Rlp.Encode([]), Rlp.Encode([0x00]), Rlp.Encode([0x7f]), Rlp.Encode([0x80]), Rlp.EncodeList(Rlp.Encode([0x01, 0x02]), Rlp.EncodeList()))));

    [Fact]
    public void Encode_LongString_IsCasts() =>
        Assert.Equal("b83c" + string.Concat(Enumerable.Repeat("cd", 60)), Convert.ToHexStringLower(Rlp.Encode([.. Enumerable.Repeat((byte)0xcd, 60)])));

    [Theory]
    [InlineData(0, "80")]
    [InlineData(1, "01")]
    [InlineData(127, "7f")]
    [InlineData(128, "8180")]
    [InlineData(256, "820100")]
    public void Encode_Integer_HasNoLeadingZeros(int value, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(Rlp.Encode(new BigInteger(value))));

    [Fact]
    public void Encode_NegativeInteger_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => Rlp.Encode(BigInteger.MinusOne));

    [Fact]
    public void Encode_AnyList_IsReadBackByTheYellowPapersDefinition() =>
        Gen.Byte.Array[0, 300].Array[0, 20].Sample(items =>
        {
            byte[] encoded = Rlp.EncodeList(items.Select(item => Rlp.Encode(item)));
            List<byte[]> read = ReadList(encoded);
            return read.Count == items.Length && read.Zip(items).All(pair => pair.First.SequenceEqual(pair.Second));
        });

    // The naive decoder: appendix B read from the other side.
    private static List<byte[]> ReadList(ReadOnlySpan<byte> encoded)
    {
        (int start, int length) = ReadPrefix(encoded, 0xc0);
        Assert.Equal(encoded.Length, start + length);
        var items = new List<byte[]>();
        ReadOnlySpan<byte> rest = encoded[start..];
        while (!rest.IsEmpty)
        {
            (int itemStart, int itemLength) = rest[0] < 0x80 ? (0, 1) : ReadPrefix(rest, 0x80);
            items.Add(rest.Slice(itemStart, itemLength).ToArray());
            rest = rest[(itemStart + itemLength)..];
        }

        return items;
    }

    private static (int Start, int Length) ReadPrefix(ReadOnlySpan<byte> encoded, byte kind)
    {
        int first = encoded[0] - kind;
        if (first <= 55)
        {
            return (1, first);
        }

        int length = 0;
        foreach (byte digit in encoded.Slice(1, first - 55))
        {
            length = (length << 8) | digit;
        }

        return (1 + first - 55, length);
    }
}
