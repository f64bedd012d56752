using CsCheck;
using Xunit;

namespace Meeda.Ethereum.Tests;

/// <summary>Known answers are cast's (Foundry 1.7.1).</summary>
public sealed class ValueTests
{
    [Theory]
    [InlineData("", "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("00", "0xbc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a")]
    public void Keccak256_OfShortInputs_IsCasts(string input, string hash) =>
        Assert.Equal(hash, Keccak256.Hash(Convert.FromHexString(input)).ToString());

    [Fact]
    public void Keccak256_OverABlockBoundary_IsCasts() =>
        Assert.Equal(
            "0x8ca353cee0a5c5b999a0916e88da37a16293cf14a73c735d6b5197b50c3d6656",
            Keccak256.Hash([.. Enumerable.Repeat((byte)0xab, 200)]).ToString()
        );

    [Theory]
    [InlineData("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045")]
    [InlineData("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")]
    [InlineData("0x2c7536E3605D9C16a7a3D7b1898e529396a65c23")]
    public void Address_AnyCaseThatIsAllowed_IsShownWithItsChecksum(string checksummed)
    {
        Assert.Equal(checksummed, Address.Parse(checksummed).ToString());
        Assert.Equal(checksummed, Address.Parse(checksummed.ToLowerInvariant()).ToString());
        Assert.Equal(checksummed, Address.Parse(checksummed[2..].ToUpperInvariant()).ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA9604")]
    [InlineData("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA960455")]
    [InlineData("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA9604g")]
    [InlineData("0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045")]
    public void Address_LengthDigitOrChecksumWrong_IsRefused(string? text) =>
        Assert.False(Address.TryParse(text, out _));

    [Fact]
    public void Bytes32_AnyBytes_ComeBack() =>
        Gen
            .Byte.Array[32]
            .Sample(bytes =>
                Bytes32.FromBytes(bytes).ToArray().SequenceEqual(bytes)
                && Bytes32.Parse(Bytes32.FromBytes(bytes).ToString()) == Bytes32.FromBytes(bytes)
                && Bytes32.FromBytes(bytes).ToString() == "0x" + Convert.ToHexStringLower(bytes)
            );

    [Fact]
    public void Bytes32_AnyByteChanged_IsAnother() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Int[0, 31], Gen.Byte[1, 255])
            .Sample(
                (bytes, place, change) =>
                {
                    byte[] other = [.. bytes];
                    other[place] ^= change;
                    return Bytes32.FromBytes(bytes) != Bytes32.FromBytes(other);
                }
            );

    [Theory]
    [InlineData("")]
    [InlineData("0x12")]
    [InlineData("0x77777777777777777777777777777777777777777777777777777777777777zz")]
    public void Bytes32_AnythingElse_IsRefused(string text)
    {
        Assert.False(Bytes32.TryParse(text, out _));
        Assert.Throws<FormatException>(() => Bytes32.Parse(text));
        Assert.Throws<ArgumentException>(() => Bytes32.FromBytes(new byte[31]));
    }

    [Theory]
    [InlineData("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045", true)]
    [InlineData("0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045", false)]
    [InlineData(" 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Address_AsIParsable_IsReadAsByItsOwnMethods(string? text, bool isRead) =>
        Assert.Equal(isRead, IsParsed<Address>(text));

    [Theory]
    [InlineData("0x0000000000000000000000000000000000000000000000000000000000000007", true)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000007", true)]
    [InlineData("0x07", false)]
    [InlineData(null, false)]
    public void Bytes32_AsIParsable_IsReadAsByItsOwnMethods(string? text, bool isRead) =>
        Assert.Equal(isRead, IsParsed<Bytes32>(text));

    private static bool IsParsed<T>(string? text)
        where T : struct, IParsable<T>
    {
        bool isRead = T.TryParse(text, null, out T value);
        if (isRead)
        {
            Assert.Equal(T.Parse(text!, null), value);
        }
        else if (text is null)
        {
            Assert.Throws<ArgumentNullException>(() => T.Parse(text!, null));
        }
        else
        {
            Assert.Throws<FormatException>(() => T.Parse(text, null));
        }

        return isRead;
    }
}
