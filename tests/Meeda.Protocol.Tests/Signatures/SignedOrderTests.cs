using CsCheck;
using Meeda.Ethereum;
using Meeda.Protocol.Signatures;
using Xunit;

namespace Meeda.Protocol.Tests.Signatures;

/// <summary>Orders as they travel: in a header, and in the operator's ledger.</summary>
public sealed class SignedOrderTests
{
    private static readonly string R = new('1', 64);
    private static readonly string S = "7" + new string('2', 63);

    [Theory]
    [InlineData("1b", "7")]
    [InlineData("1c", "f")]
    [InlineData("00", "7")]
    [InlineData("01", "f")]
    public void Parse_OfAWalletsSignature_HasTheParityInTheTopBit(string v, string top)
    {
        SignedOrder order = SignedOrder.Parse($"1000 77 0x{R}{S}{v}");
        Assert.Equal((UInt128)1000, order.MaxWei);
        Assert.Equal(77UL, order.Deadline);
        Assert.Equal(order, SignedOrder.Parse($"  1000  77  0X{R}{top}{S[1..]} "));
        Assert.Equal($"1000 77 0x{R}{top}{S[1..]}", order.ToString());
        Assert.Equal($"{R}{S}{(top == "7" ? "1b" : "1c")}", Convert.ToHexStringLower(order.ToSignature()));
    }

    [Theory]
    [InlineData("", "three parts")]
    [InlineData("1 2", "three parts")]
    [InlineData("1 2 0x00 3", "three parts")]
    [InlineData("-1 2 0x", "maximum")]
    [InlineData("1e3 2 0x", "maximum")]
    [InlineData("340282366920938463463374607431768211456 2 0x", "below 2^128")]
    [InlineData("1 1099511627776 0x", "below 2^40")]
    [InlineData("1 0x10 0x", "last block")]
    [InlineData("1 2 00", "with 0x")]
    [InlineData("1 2 0x0", "")]
    [InlineData("1 2 0xzz", "")]
    [InlineData("1 2 0x00", "65 bytes")]
    public void Parse_OfAnythingElse_SaysWhatIsExpected(string text, string reason)
    {
        FormatException refusal = Assert.ThrowsAny<FormatException>(() => SignedOrder.Parse(text));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.False(SignedOrder.TryParse(text, null, out _));
    }

    [Theory]
    [InlineData("02")]
    [InlineData("1a")]
    [InlineData("1d")]
    [InlineData("1b00")]
    public void Parse_OfAnotherRecoveryId_IsRefused(string v) =>
        Assert.False(SignedOrder.TryParse($"1 2 0x{R}{S}{v}", null, out _));

    /// <summary>Its top bit would be read as the parity.</summary>
    [Fact]
    public void Parse_OfAnSInTheUpperHalf_IsRefused() =>
        Assert.Contains(
            "upper half",
            Assert.ThrowsAny<FormatException>(() => SignedOrder.Parse($"1 2 0x{R}f{S[1..]}1b")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void TheHighest_FitsHeaderAndLedger()
    {
        var highest = new SignedOrder(
            UInt128.MaxValue,
            SignedOrder.MaxDeadline,
            Bytes32.Parse("0x" + R),
            Bytes32.Parse("0x" + S)
        );
        Assert.Equal(highest, SignedOrder.Parse(highest.ToString()));
        Assert.Equal(highest, SignedOrder.Decode(highest.Encode()));
        Assert.Equal(SignedOrder.Length, highest.Encode().Length);
    }

    [Fact]
    public void EveryOrder_ComesBackFromHeaderLedgerAndSignature() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong[0, SignedOrder.MaxDeadline], Gen.Byte.Array[64])
            .Sample(
                (high, low, deadline, signature) =>
                {
                    SignedOrder order = SignedOrder.Of(new UInt128(high, low), deadline, signature);
                    Assert.Equal(order, SignedOrder.Parse(order.ToString()));
                    Assert.Equal(order, SignedOrder.Decode(order.Encode()));
                    Assert.Equal(order, SignedOrder.Of(order.MaxWei, deadline, order.ToSignature()));
                }
            );
}
