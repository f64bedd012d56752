using Meeda.Ethereum;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Protocol.Tests.Batches;

public sealed class BatchIdTests
{
    private static readonly byte[] Commitments = [.. Enumerable.Range(0, 96).Select(i => (byte)i)];

    [Fact]
    public void Compute_IsTheKeccakOfVersionLengthAndCommitments() =>
        Assert.Equal(
            Keccak256.Hash([0x01, 0x00, 0x01, 0x02, 0x03, .. Commitments]),
            BatchId.Compute(0x010203, Commitments).Value
        );

    [Fact]
    public void Compute_AnyBitOfItsInputsFlipped_IsAnotherId()
    {
        BatchId id = BatchId.Compute(77, Commitments);
        for (int bit = 0; bit < Commitments.Length * 8; bit++)
        {
            byte[] other = [.. Commitments];
            other[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(id, BatchId.Compute(77, other));
        }

        for (int bit = 0; bit < 32; bit++)
        {
            Assert.NotEqual(id, BatchId.Compute(77u ^ (1u << bit), Commitments));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(47)]
    [InlineData(49)]
    public void Compute_NotWholeCommitments_Throws(int length) =>
        Assert.Throws<ArgumentException>(() => BatchId.Compute(1, new byte[length]));

    [Fact]
    public void Parse_WhatToStringWrites_IsTheId_AndAnythingElseIsRefused()
    {
        var id = new BatchId(Keccak256.Hash([7]));
        Assert.Equal(id, BatchId.Parse(id.ToString()));
        Assert.Equal(id, BatchId.Parse(id.ToString()[2..]));
        Assert.All(
            [null, "", "0x", id.ToString() + "0", id.ToString()[..^1], " " + id],
            text => Assert.False(BatchId.TryParse(text, null, out _))
        );
        Assert.Throws<FormatException>(() => BatchId.Parse("0x07"));
    }
}
