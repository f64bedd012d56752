using Meeda.Ethereum;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Protocol.Tests.Batches;

public sealed class AltDaCommitmentTests
{
    private const byte Layer = AltDaCommitment.DefaultDaLayerByte;
    private static readonly Bytes32 Hash = Bytes32.FromBytes(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());

    [Fact]
    public void Encode_Generic_IsTypeLayerVersionAndBatchId() =>
        Assert.Equal(
            "014d01" + Convert.ToHexStringLower(Hash.ToArray()),
            Convert.ToHexStringLower(AltDaCommitment.Of(new BatchId(Hash)).Encode())
        );

    [Fact]
    public void Encode_Keccak_IsTypeAndHash() =>
        Assert.Equal(
            "00" + Convert.ToHexStringLower(Hash.ToArray()),
            Convert.ToHexStringLower(new AltDaCommitment(AltDaCommitmentKind.Keccak, Hash).Encode())
        );

    [Theory]
    [InlineData(AltDaCommitmentKind.Generic)]
    [InlineData(AltDaCommitmentKind.Keccak)]
    public void TryDecode_WhatEncodeWrote_IsTheSameCommitment(AltDaCommitmentKind kind)
    {
        var commitment = new AltDaCommitment(kind, Hash);

        Assert.True(
            AltDaCommitment.TryDecode(commitment.Encode(Layer), Layer, out AltDaCommitment decoded, out string? error),
            error
        );
        Assert.Equal(commitment, decoded);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("02", "type byte is 0x02")]
    [InlineData("00aa", "33 (keccak)|has 33 bytes, not 2")]
    [InlineData("01", "has 35 bytes, not 1")]
    [InlineData("014d0101", "has 35 bytes, not 4")]
    [InlineData("014e010000000000000000000000000000000000000000000000000000000000000000", "layer byte is 0x4e")]
    [InlineData("014d020000000000000000000000000000000000000000000000000000000000000000", "version is 0x02")]
    public void TryDecode_Malformed_SaysWhatIsWrong(string hex, string expected)
    {
        Assert.False(AltDaCommitment.TryDecode(Convert.FromHexString(hex), Layer, out _, out string? error));
        Assert.StartsWith("commitment: ", error, StringComparison.Ordinal);
        Assert.Contains(expected.Split('|'), part => error.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_EncodedInHex_IsTheCommitmentOfAnyLayer_AndAnythingElseIsRefused()
    {
        var generic = AltDaCommitment.Of(new BatchId(Keccak256.Hash([7])));
        var keccak = new AltDaCommitment(AltDaCommitmentKind.Keccak, Keccak256.Hash([8]));
        Assert.All(
            [generic, keccak],
            each =>
            {
                string hex = Convert.ToHexStringLower(each.Encode(0x0c));
                Assert.Equal(each, AltDaCommitment.Parse(hex));
                Assert.Equal(each, AltDaCommitment.Parse("0x" + hex.ToUpperInvariant()));
                Assert.All(
                    [hex[2..], hex + "00", hex[..^1], hex[..^1] + "g", "02" + hex[2..], " " + hex],
                    text => Assert.False(AltDaCommitment.TryParse(text, null, out _))
                );
            }
        );
        Assert.False(AltDaCommitment.TryParse(null, null, out _));
        Assert.Throws<FormatException>(() => AltDaCommitment.Parse(generic.Hash.ToString()));
    }
}
