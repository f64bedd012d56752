using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Tests.Commitments;

public sealed class CommitmentKeyTests
{
    [SkippableFact]
    public void CommitAndOpen_AnyBlob_AllocateNothing()
    {
        Skip.IfNot(FrLanes256.IsSupported, "in scalar arithmetic an opening takes arrays");
        var blob = new byte[Blob.ByteLength];
        new Random(7).NextBytes(blob);
        for (int i = 0; i < blob.Length; i += Blob.ElementLength)
        {
            blob[i] &= 0x3f;
        }

        Fr z = Fr.FromUInt64(7);
        KzgCommitment commitment = Keys.Commitment.Commit(blob);
        KzgProof proof = Keys.Commitment.Open(blob, z, out Fr y);
        long before = GC.GetAllocatedBytesForCurrentThread();
        KzgCommitment again = Keys.Commitment.Commit(blob);
        KzgProof proofAgain = Keys.Commitment.Open(blob, z, out Fr yAgain);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(commitment, again);
        Assert.Equal(proof, proofAgain);
        Assert.Equal(y, yAgain);
    }

    [Fact]
    public void Commit_OnAnyPath_AllocatesNothing()
    {
        var blob = new byte[Blob.ByteLength];
        blob[31] = 3;
        blob[^1] = 9;
        KzgCommitment commitment = Keys.Commitment.Commit(blob);
        long before = GC.GetAllocatedBytesForCurrentThread();
        KzgCommitment again = Keys.Commitment.Commit(blob);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(commitment, again);
    }
}
