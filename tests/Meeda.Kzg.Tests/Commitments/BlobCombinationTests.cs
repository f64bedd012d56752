using CsCheck;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Commitments;

public sealed class BlobCombinationTests
{
    [Fact]
    public void Combination_AnyBlobs_IsThatOfCommitmentsAndValues() =>
        Gen.Int[0, 3]
            .SelectMany(count => Gen.Select(Arbitrary.Blob.Array[count], Arbitrary.UInt128.Array[count], Arbitrary.Fr))
            .Sample(
                (blobs, weights, z) =>
                {
                    var combination = new BlobCombination();
                    Fr expected = Fr.Zero;
                    for (int i = 0; i < blobs.Length; i++)
                    {
                        combination.Add(blobs[i], weights[i]);
                        Keys.Commitment.Open(blobs[i], z, out Fr value);
                        expected += Fr.FromUInt128(weights[i]) * value;
                    }

                    KzgCommitment commitment = combination.Commit(Keys.Commitment);
                    KzgProof proof = combination.Open(Keys.Commitment, z, out Fr y);
                    Assert.Equal(
                        G1Point.WeightedSum([.. blobs.Select(blob => Keys.Commitment.Commit(blob).Point)], weights),
                        commitment.Point
                    );
                    Assert.Equal(expected, y);
                    Assert.Equal(expected, combination.Evaluate(z));
                    Assert.True(Keys.Verification.VerifyProof(commitment, z, y, proof));
                    Assert.False(Keys.Verification.VerifyProof(commitment, z, y + Fr.One, proof));
                },
                iter: 6
            );

    [Fact]
    public void Add_RefusedBlob_ChangesNothing()
    {
        var combination = new BlobCombination();
        var blob = new byte[Blob.ByteLength];
        blob[^1] = 5;
        combination.Add(blob, 3);
        Fr before = combination.Evaluate(Fr.FromUInt64(1234567));
        blob.AsSpan(Blob.ByteLength - 32).Fill(0xff);
        Assert.Throws<KzgFormatException>(() => combination.Add(blob, 9));
        Assert.Throws<KzgFormatException>(() => combination.Add(blob.AsSpan(1), 9));
        Assert.Equal(before, combination.Evaluate(Fr.FromUInt64(1234567)));
    }
}
