using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Xunit;

namespace Meeda.L1.Tests.Signing;

/// <summary>Known answers are cast's (Foundry 1.7.1).</summary>
public sealed class PrivateKeySignerTests
{
    private const string Key = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";

    private static readonly Address To = Address.Parse("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045");

    [Theory]
    [InlineData(Key, "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23")]
    [InlineData(
        "0000000000000000000000000000000000000000000000000000000000000001",
        "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    )]
    public void Address_OfAKey_IsCasts(string key, string address) =>
        Assert.Equal(address, PrivateKeySigner.FromHex(key).Address.ToString());

    [Fact]
    public void Sign_AFeeMarketCall_IsCasts()
    {
        byte[] data = Convert.FromHexString(
            "a9059cbb0000000000000000000000007e5f4552091a69125d5dfcb7b8c2659029395bdf000000000000000000000000000000000000000000000000000000000000002a"
        );
        var transaction = new FeeMarketTransaction(
            1,
            7,
            2_000_000_000,
            30_000_000_000,
            100_000,
            To,
            BigInteger.Pow(10, 18),
            data
        );
        Assert.Equal(
            "02f8b9010784773594008506fc23ac00830186a094d8da6bf26964af9d7eed9e03e53415d37aa96045880de0b6b3a7640000b844a9059cbb0000000000000000000000007e5f4552091a69125d5dfcb7b8c2659029395bdf000000000000000000000000000000000000000000000000000000000000002ac080a0c9b8d37db29f0fcd09005bb387b444c1f9249b1fe43be360d792955237a215d4a0436ed52eaae3560114f295efdb883061a163a971d1edc748cae437b84960fcd4",
            Convert.ToHexStringLower(transaction.Sign(PrivateKeySigner.FromHex(Key)))
        );
    }

    [Fact]
    public void Sign_AContractCreation_IsCasts()
    {
        var transaction = new FeeMarketTransaction(31337, 0, 0, 1, 100_000, null, 0, [0x60, 0x01, 0x60, 0x01, 0x01]);
        Assert.Equal(
            "02f856827a69808001830186a08080856001600101c001a09d6fbcf95b9c46d9932d2522c65a8fa049d7256fae2447d5e5953b95dd2b0dd0a05cf4daf727e93f017f0863bb5e27408c860f0457495516bb7b451e8f6d6dc360",
            Convert.ToHexStringLower(transaction.Sign(PrivateKeySigner.FromHex(Key)))
        );
    }

    [Fact]
    public void Sign_ABlobTransactionWithoutItsBlobs_IsCasts()
    {
        var transaction = new BlobTransaction(
            1,
            3,
            2_000_000_000,
            30_000_000_000,
            100_000,
            To,
            0,
            [0x12, 0x34],
            5,
            [Bytes32.Parse("0x01aaaea0836e7f66cd04e6db5b7177ac106fb61ab8252aad42850389be29a38e")]
        );
        Assert.Equal(
            "03f891010384773594008506fc23ac00830186a094d8da6bf26964af9d7eed9e03e53415d37aa9604580821234c005e1a001aaaea0836e7f66cd04e6db5b7177ac106fb61ab8252aad42850389be29a38e01a0f4a65d02e862a780efd05b5c894067961ded87fce238228b59bd14483f5d74a2a00a2640ac4e0b8608add68cd88437958b3a1e8a169ff33f427feb6439f0337912",
            Convert.ToHexStringLower(transaction.Sign(PrivateKeySigner.FromHex(Key)))
        );
    }

    [Fact]
    public void Sign_ManyHashes_HaveTheLowerS()
    {
        PrivateKeySigner signer = PrivateKeySigner.FromHex(Key);
        BigInteger half = BigInteger.Parse(
            "57896044618658097711785492504343953926418782139537452191302581570759080747168",
            null
        );
        Assert.All(
            Enumerable.Range(0, 64),
            i => Assert.InRange(signer.Sign(Keccak256.Hash(BitConverter.GetBytes(i))).S, 1, half)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("d00dfeed")]
    [InlineData("0xd00dfeed2937d6231471b5dbb6204fe5129617082792ae468d01a3f362318zzzzz")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    public void FromHex_NoKey_IsRefusedWithoutShowingIt(string text)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => PrivateKeySigner.FromHex(text));
        Assert.True(
            text.Length == 0
                || !refusal.ToString().Contains(text[..8], StringComparison.OrdinalIgnoreCase)
                || text[..8] == "00000000"
        );
    }

    [Fact]
    public void ToString_ShowsTheAddressAndNothingOfTheKey()
    {
        PrivateKeySigner signer = PrivateKeySigner.FromHex(Key);
        Assert.Equal("account 0x2c7536E3605D9C16a7a3D7b1898e529396a65c23", signer.ToString());
        Assert.DoesNotContain(
            Key[2..],
            System.Text.Json.JsonSerializer.Serialize(signer),
            StringComparison.OrdinalIgnoreCase
        );
    }

    [Fact]
    public void FromFile_KeyWithWhiteSpace_IsRead()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $"  {Key}\n");
            Assert.Equal(
                "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23",
                PrivateKeySigner.FromFile(file).Address.ToString()
            );
        }
        finally
        {
            File.Delete(file);
        }
    }
}
