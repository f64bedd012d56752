using System.Numerics;
using CsCheck;
using Meeda.L1.Transactions;
using Xunit;

namespace Meeda.Node.Tests.Payments;

/// <summary>Amounts of ether as people write and read them.</summary>
public sealed class EtherAmountTests
{
    [Theory]
    [InlineData("1", "1000000000000000000")]
    [InlineData("1.5ether", "1500000000000000000")]
    [InlineData("0.000000000000000001", "1")]
    [InlineData("20 gwei", "20000000000")]
    [InlineData("0.5gwei", "500000000")]
    [InlineData("700wei", "700")]
    [InlineData("1.000wei", "1")]
    [InlineData("0", "0")]
    [InlineData("1.5wei", null)]
    [InlineData("0.0000000000000000001", null)]
    [InlineData("-1", null)]
    [InlineData("1,5", null)]
    [InlineData("1e18", null)]
    [InlineData("1 eth", null)]
    [InlineData(".5", null)]
    [InlineData("", null)]
    public void Parse_Text_IsSoManyWeiOrNone(string text, string? wei) =>
        Assert.Equal(wei is null ? null : BigInteger.Parse(wei), EtherAmount.Parse(text));

    [Fact]
    public void Show_AnyAmount_IsReadBackTheSame() =>
        Gen.Select(Gen.ULong, Gen.ULong[0, 10_000_000])
            .Sample(
                (low, high) =>
                {
                    BigInteger wei = (new BigInteger(high) << 64) + low;
                    Assert.Equal(wei, EtherAmount.Parse(EtherAmount.Show(wei)));
                }
            );

    [Theory]
    [InlineData("123456789012345678", "0.1235 ether")]
    [InlineData("999999999999999999999", "1000 ether")]
    [InlineData("1000000000", "0.000000001 ether")]
    [InlineData("12345", "12350 wei")]
    [InlineData("0", "0 ether")]
    public void About_HasFourDigits(string wei, string text) =>
        Assert.Equal(text, EtherAmount.About(BigInteger.Parse(wei)));
}
