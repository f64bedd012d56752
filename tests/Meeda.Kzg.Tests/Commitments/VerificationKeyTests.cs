using CsCheck;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Tests.Commitments;

public sealed class VerificationKeyTests
{
    [Fact]
    public void VerifyProof_PointsInAndOutsideTheDomain_AcceptsOnlyTheValue() =>
        Gen.Select(
                Arbitrary.Blob,
                Gen.OneOf(Arbitrary.Fr, Gen.Int[0, 4095].Select(i => EvaluationDomain.BlobOrderRoots[i]))
            )
            .Sample(
                (blob, z) =>
                {
                    KzgCommitment commitment = Keys.Commitment.Commit(blob);
                    KzgProof proof = Keys.Commitment.Open(blob, z, out Fr y);
                    Assert.True(Keys.Verification.VerifyProof(commitment, z, y, proof));
                    Assert.False(Keys.Verification.VerifyProof(commitment, z, y + Fr.One, proof));
                    Assert.False(
                        Keys.Verification.VerifyProof(
                            KzgCommitment.From(commitment.Point + Kzg.Curves.G1Point.Generator),
                            z,
                            y,
                            proof
                        )
                    );
                    int root = Array.IndexOf(EvaluationDomain.BlobOrderRoots, z);
                    Assert.True(
                        root < 0
                            || blob.AsSpan(root * Blob.ElementLength, Blob.ElementLength).SequenceEqual(y.ToArray())
                    );
                },
                iter: 8
            );

    [Fact]
    public void VerifyBlobProofBatch_OneBlobChanged_IsFalse()
    {
        byte[] blobs = [.. Enumerable.Range(1, 3).SelectMany(i => BlobOf((ulong)i))];
        var commitments = new KzgCommitment[3];
        var proofs = new KzgProof[3];
        for (int i = 0; i < 3; i++)
        {
            ReadOnlySpan<byte> blob = blobs.AsSpan(i * Blob.ByteLength, Blob.ByteLength);
            commitments[i] = Keys.Commitment.Commit(blob);
            proofs[i] = Keys.Commitment.OpenBlob(blob, commitments[i]);
            Assert.True(Keys.Verification.VerifyBlobProof(blob, commitments[i], proofs[i]));
        }

        Assert.True(Keys.Verification.VerifyBlobProofBatch(blobs, commitments, proofs));
        Assert.True(Keys.Verification.VerifyBlobProofBatch([], [], []));
        for (int i = 0; i < 3; i++)
        {
            byte[] changed = [.. blobs];
            changed[(i * Blob.ByteLength) + 777] ^= 1;
            Assert.False(Keys.Verification.VerifyBlobProofBatch(changed, commitments, proofs), $"blob {i}");
        }

        Assert.False(Keys.Verification.VerifyBlobProofBatch(blobs, commitments, [proofs[1], proofs[0], proofs[2]]));
        Assert.Throws<KzgFormatException>(() =>
            Keys.Verification.VerifyBlobProofBatch(blobs, commitments.AsSpan(1), proofs)
        );
        Assert.Throws<KzgFormatException>(() =>
            Keys.Verification.VerifyBlobProofBatch(blobs, commitments, proofs.AsSpan(1))
        );
    }

    private static byte[] BlobOf(ulong seed)
    {
        var blob = new byte[Blob.ByteLength];
        Fr value = Fr.FromUInt64(seed + 1);
        for (int i = 0; i < Blob.ElementCount; i++)
        {
            value *= value + Fr.FromUInt64(seed);
            value.Encode(blob.AsSpan(i * Blob.ElementLength));
        }

        return blob;
    }
}
