using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;

namespace Meeda.Kzg.Tests.Cells;

public sealed class CellOpeningTests
{
    private static readonly CellOpening Opening = new(Keys.Commitment);
    private static readonly CellVerifier Verifier = Keys.CellVerifier;

    [Fact]
    public void Open_EveryKindOfIndex_IsTheProversCellAndProof()
    {
        var blob = new byte[Blob.ByteLength];
        var random = new Random(7);
        for (int i = 0; i < Blob.ElementCount; i++)
        {
            random.NextBytes(blob.AsSpan((i * Blob.ElementLength) + 1, Blob.ElementLength - 1));
        }

        byte[] cells = Keys.Cells.ComputeCellsAndKzgProofs(blob, out KzgProof[] proofs);
        foreach (int index in (int[])[0, 1, 2, 63, 64, 77, 127])
        {
            byte[] cell = Opening.Open(blob, new CellIndex((ulong)index), out KzgProof proof);
            Assert.Equal(cells.AsSpan(index * Cell.ByteLength, Cell.ByteLength).ToArray(), cell);
            Assert.Equal(proofs[index], proof);
        }
    }

    [Fact]
    public void Open_ConstantBlob_HasTheInfinityAsItsProofAndVerifies()
    {
        var blob = new byte[Blob.ByteLength];
        for (int i = 0; i < Blob.ElementCount; i++)
        {
            blob[(i * Blob.ElementLength) + 31] = 9;
        }

        byte[] cell = Opening.Open(blob, new CellIndex(5), out KzgProof proof);
        Assert.True(proof.Point.IsInfinity);
        Assert.True(
            Verifier.VerifyCellKzgProofBatch([Keys.Commitment.Commit(blob)], [new CellIndex(5)], cell, [proof])
        );
        cell[31] ^= 1;
        Assert.False(
            Verifier.VerifyCellKzgProofBatch([Keys.Commitment.Commit(blob)], [new CellIndex(5)], cell, [proof])
        );
    }
}
