using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;

namespace Meeda.Kzg.Tests.Curves;

/// <summary>Who owns native memory, and when it is freed.</summary>
public sealed class NativeArenaTests
{
    [Fact]
    public unsafe void Dispose_WhileALeaseLasts_FreesWhenTheLeaseEnds()
    {
        var arena = new NativeArena();
        byte* memory = (byte*)arena.Allocate(1);
        NativeArena.Lease lease = arena.Use();
        arena.Dispose();
        Assert.False(arena.IsClosed && arena.IsInvalid);
        memory[0] = 7; // A freed page of two megabytes would end the process here.
        Assert.Equal(7, memory[0]);
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => arena.Use().Dispose());
    }

    [Fact]
    public void Commit_DisposedKey_Throws()
    {
        var key = new CommitmentKey(TrustedSetup.Ethereum);
        byte[] blob = new byte[Blob.ByteLength];
        KzgCommitment before = key.Commit(blob);
        key.Dispose();
        key.Dispose();
        Assert.Equal(Keys.Commitment.Commit(blob), before);
        Assert.Throws<ObjectDisposedException>(() => key.Commit(blob));
        Assert.Throws<ObjectDisposedException>(() => key.OpenBlob(blob, before));
    }

    [Fact]
    public void ComputeProofs_DisposedProver_Throws()
    {
        var prover = new CellProver(TrustedSetup.Ethereum);
        byte[] blob = new byte[Blob.ByteLength];
        byte[] cells = prover.ComputeCellsAndKzgProofs(blob, out _);
        prover.Dispose();
        Assert.Equal(cells, prover.ComputeCells(blob));
        Assert.Throws<ObjectDisposedException>(() => prover.ComputeCellsAndKzgProofs(blob, out _));
        new CellProver(TrustedSetup.Ethereum).Dispose(); // Has no tables yet.
    }

    // Threads that are at work end with a right commitment, later calls with an exception; nothing in between.
    [Fact]
    public async Task Dispose_WhileOthersCommit_LeavesThemTheirMemory()
    {
        byte[] blob = new byte[Blob.ByteLength];
        blob[31] = 1;
        KzgCommitment expected = Keys.Commitment.Commit(blob);
        for (int round = 0; round < 5; round++)
        {
            var key = new CommitmentKey(TrustedSetup.Ethereum);
            using var working = new CountdownEvent(2);
            Task<int>[] workers =
            [
                .. Enumerable
                    .Range(0, 2)
                    .Select(_ =>
                        Task.Run(() =>
                        {
                            Assert.Equal(expected, key.Commit(blob));
                            working.Signal();
                            for (int done = 1; ; done++)
                            {
                                try
                                {
                                    Assert.Equal(expected, key.Commit(blob));
                                }
                                catch (ObjectDisposedException)
                                {
                                    return done;
                                }
                            }
                        })
                    ),
            ];
            working.Wait();
            key.Dispose();
            Assert.All(await Task.WhenAll(workers), done => Assert.True(done > 0));
        }
    }
}
