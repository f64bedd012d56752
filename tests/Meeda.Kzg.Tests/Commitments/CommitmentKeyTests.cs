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
        KzgCommitment again = default;
        KzgProof proofAgain = default;
        Fr yAgain = default;
        long least = LeastAllocated(() =>
        {
            again = Keys.Commitment.Commit(blob);
            proofAgain = Keys.Commitment.Open(blob, z, out yAgain);
        });
        Assert.Equal(commitment, again);
        Assert.Equal(proof, proofAgain);
        Assert.Equal(y, yAgain);
        Assert.Equal(0, least);
    }

    [Fact]
    public void Commit_OnAnyPath_AllocatesNothing()
    {
        var blob = new byte[Blob.ByteLength];
        blob[31] = 3;
        blob[^1] = 9;
        KzgCommitment commitment = Keys.Commitment.Commit(blob);
        KzgCommitment again = default;
        Assert.Equal(0, LeastAllocated(() => again = Keys.Commitment.Commit(blob)));
        Assert.Equal(commitment, again);
    }

    // Workspaces are pooled, and the runtime empties pools now and then on a busy machine: of several runs the least.
    private static long LeastAllocated(Action run)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 20 && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
