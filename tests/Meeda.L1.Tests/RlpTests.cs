using System.Numerics;
using CsCheck;
using Xunit;

namespace Meeda.L1.Tests;

public sealed class RlpTests
{
    [Fact]
    public void Encode_NestedList_IsCasts() =>
        Assert.Equal(
            "ca80007f8180c4820102c0",
            Convert.ToHexStringLower(
                Rlp.EncodeList(
                    Rlp.Encode([]),
                    Rlp.Encode([0x00]),
                    Rlp.Encode([0x7f]),
                    Rlp.Encode([0x80]),
                    Rlp.EncodeList(Rlp.Encode([0x01, 0x02]), Rlp.EncodeList())
                )
            )
        );

    [Fact]
    public void Encode_LongString_IsCasts() =>
        Assert.Equal(
            "b83c" + string.Concat(Enumerable.Repeat("cd", 60)),
            Convert.ToHexStringLower(Rlp.Encode([.. Enumerable.Repeat((byte)0xcd, 60)]))
        );

    [Theory]
    [InlineData(0, "80")]
    [InlineData(1, "01")]
    [InlineData(127, "7f")]
    [InlineData(128, "8180")]
    [InlineData(256, "820100")]
    public void Encode_Integer_HasNoLeadingZeros(int value, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(Rlp.Encode(new BigInteger(value))));

    [Fact]
    public void Encode_NegativeInteger_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Rlp.Encode(BigInteger.MinusOne));

    [Fact]
    public void Encode_AnyList_IsReadBackByTheYellowPapersDefinition() =>
        Gen
            .Byte.Array[0, 300]
            .Array[0, 20]
            .Sample(items =>
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

    [Fact]
    public void TryReadInteger_OfWhatWasEncoded_GivesItBack()
    {
        foreach (
            BigInteger value in (BigInteger[])
                [0, 1, 127, 128, 255, 256, BigInteger.Pow(2, 256) - 1, BigInteger.Pow(2, 8 * 60)]
        )
        {
            ReadOnlySpan<byte> rest = (byte[])[.. Rlp.Encode(value), 0xaa];
            Assert.True(Rlp.TryReadInteger(ref rest, out BigInteger read));
            Assert.Equal(value, read);
            Assert.Equal(0xaa, rest[0]);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")] // zero is the empty string
    [InlineData("8100")]
    [InlineData("817f")] // below 0x80 a byte stands for itself
    [InlineData("820001")] // a leading zero
    [InlineData("8301")] // cut off
    [InlineData("b801ff")] // a long form of a short length
    [InlineData("b90038")] // a length with a leading zero
    [InlineData("bfffffffffffffffff00")]
    [InlineData("c0")] // a list
    public void TryReadInteger_OfWhatNoEncoderWrites_IsFalse(string hex)
    {
        ReadOnlySpan<byte> rest = Convert.FromHexString(hex);
        Assert.False(Rlp.TryReadInteger(ref rest, out _));
    }

    [Fact]
    public void TryReadList_OfWhatWasEncoded_GivesItsItems_AndOfAnythingElseNothing() =>
        Gen
            .Byte.Array[0, 200]
            .Array[0, 5]
            .Sample(items =>
            {
                byte[][] encoded = [.. items.Select(item => Rlp.Encode(item))];
                byte[] list = Rlp.EncodeList(encoded);
                Assert.True(Rlp.TryReadList(list, out ReadOnlySpan<byte> read));
                Assert.Equal(encoded.SelectMany(item => item), read.ToArray());
                Assert.False(Rlp.TryReadList([.. list, 0], out _));
                Assert.False(Rlp.TryReadList(list.AsSpan(0, list.Length - 1), out _));
            });
}
