using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>The sealed labels of batches at their providers.</summary>
public sealed class BatchLabelTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] Commitments = [.. Enumerable.Repeat((byte)7, 2 * 48)];

    private static readonly StoredBatch Batch = new(
        BatchId.Compute(200_000, Commitments),
        Keccak256.Hash([1]),
        200_000,
        Commitments,
        DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123)
    );

    private static readonly StoredBatch Paid = Batch with
    {
        Tenant = 3,
        Payer = Address.Parse("0x00000000000000000000000000000000000000aa"),
    };

    private static readonly StoredBatch Ordered = Paid with
    {
        Order = new SignedOrder(5, 6, Keccak256.Hash([2]), Keccak256.Hash([3])),
    };

    public static TheoryData<int> Cases => [0, 1, 2];

    private static StoredBatch Case(int index) => ((StoredBatch[])[Batch, Paid, Ordered])[index];

    [Theory]
    [MemberData(nameof(Cases))]
    public void ALabel_SaysWhatWasPromisedAndWhoPays(int index)
    {
        StoredBatch batch = Case(index);
        StoredBatch read = BatchLabel.TryRead(batch.Id, BatchLabel.Of(batch, Secret), Secret)!;
        Assert.Equal(batch.Commitments, read.Commitments);
        Assert.Equal(batch, read with { Commitments = batch.Commitments });
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ALabel_ChangedInAnyBit_IsNone(int index)
    {
        byte[] label = BatchLabel.Of(Case(index), Secret);
        for (int bit = 0; bit < 8 * label.Length; bit++)
        {
            byte[] changed = [.. label];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(BatchLabel.TryRead(Batch.Id, changed, Secret));
        }

        for (int length = 0; length < label.Length; length++)
        {
            Assert.Null(BatchLabel.TryRead(Batch.Id, label.AsSpan(0, length), Secret));
        }
    }

    [Fact]
    public void ALabel_OfAnotherLedgerOrBatch_IsNone()
    {
        byte[] label = BatchLabel.Of(Ordered, Secret);
        Assert.Null(BatchLabel.TryRead(Batch.Id, label, RandomNumberGenerator.GetBytes(32)));
        Assert.Null(BatchLabel.TryRead(new BatchId(Keccak256.Hash([9])), label, Secret));
    }

    [Fact]
    public void ABatchThatOnlyL1Knows_HasNoLabel() =>
        Assert.Empty(BatchLabel.Of(Batch with { PayloadHash = Batch.Id.Value }, Secret));
}
