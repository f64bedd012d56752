using CsCheck;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Tests.Cells;

public sealed class CellTests
{
    // One blob of which everything is known, for the tests that need no other.
    private static readonly byte[] BlobBytes = MakeBlob();
    private static readonly KzgCommitment Commitment = Keys.Commitment.Commit(BlobBytes);
    private static readonly byte[] CellBytes = Keys.Cells.ComputeCellsAndKzgProofs(BlobBytes, out Proofs);
    private static readonly KzgProof[] Proofs;
    private static readonly CellIndex[] AllIndices =
    [
        .. Enumerable.Range(0, Cell.CountPerBlob).Select(index => new CellIndex((ulong)index)),
    ];

    [Fact]
    public void ComputeCells_AnyBlob_StartsWithTheBlobAndGoesOnWithItsPolynomial()
    {
        Assert.Equal(Keys.Cells.ComputeCells(BlobBytes), CellBytes);
        Assert.Equal(BlobBytes, CellBytes[..Blob.ByteLength]);
        Fr[] roots = EvaluationDomain.InBitReversedOrder(EvaluationDomain.RootsOfUnity(8192));
        Fr[] values = Blob.Decode(BlobBytes);
        foreach (int i in (int[])[4096, 4097, 5000, 8191])
        {
            Assert.Equal(EvaluationForm.Evaluate(values, roots[i]).ToArray(), CellBytes[(i * 32)..((i + 1) * 32)]);
        }
    }

    [Fact]
    public void ComputeCellsAndKzgProofs_SomeCells_ProofIsTheCommitmentToTheQuotient()
    {
        Fr[] coefficients = Blob.Decode(BlobBytes);
        new FourierTransform(Blob.ElementCount).Interpolate(coefficients);
        foreach (int cell in (int[])[0, 1, 77, 127])
        {
            // Division of P by X^64 - a from the top: q_i = p_(i+64) + a·q_(i+64).
            Fr a = CellCoset.ShiftPower(cell);
            var quotient = new Fr[Blob.ElementCount];
            for (int i = Blob.ElementCount - Cell.ElementCount - 1; i >= 0; i--)
            {
                quotient[i] = coefficients[i + Cell.ElementCount] + (a * quotient[i + Cell.ElementCount]);
            }

            Assert.Equal(MultiScalarMultiplication.Sum(TrustedSetup.Ethereum.Monomial, quotient), Proofs[cell].Point);
        }
    }

    [Fact]
    public void RecoverCellsAndKzgProofs_AnyHalf_GivesAllCells() =>
        Gen.Select(Gen.Shuffle(AllIndices), Gen.Int[Cell.CountToRecover, Cell.CountPerBlob])
            .Sample(
                (shuffled, count) =>
                {
                    CellIndex[] indices = [.. shuffled.Take(count).Order()];
                    byte[] recovered = Keys.Cells.RecoverCellsAndKzgProofs(
                        indices,
                        CellsAt(indices),
                        out KzgProof[] proofs
                    );
                    Assert.Equal(CellBytes, recovered);
                    Assert.Equal(Proofs, proofs);
                },
                iter: 2
            );

    [Fact]
    public void RecoverCellsAndKzgProofs_FaultyIndices_AreRefusedByName()
    {
        CellIndex[] half = AllIndices[..64];
        AssertRefused("cell indices: 63, 64 to 128 are expected", AllIndices[..63]);
        AssertRefused("cell indices: 5 stands behind 5, ascending order is expected", [.. half[..6], .. half[5..63]]);
        AssertRefused(
            "cell indices: 5 stands behind 6, ascending order is expected",
            [.. half[..5], half[6], half[5], .. half[7..]]
        );
        Assert.Throws<KzgFormatException>(() =>
            Keys.Cells.RecoverCellsAndKzgProofs(half, CellsAt(half).AsSpan(1), out _)
        );
        Assert.Equal(
            "cell index: 128, a blob has 128 cells",
            Assert.Throws<KzgFormatException>(() => new CellIndex(128)).Message
        );

        static void AssertRefused(string message, CellIndex[] indices) =>
            Assert.Equal(
                message,
                Assert
                    .Throws<KzgFormatException>(() =>
                        Keys.Cells.RecoverCellsAndKzgProofs(indices, CellsAt(indices), out _)
                    )
                    .Message
            );
    }

    [Fact]
    public void VerifyCellKzgProofBatch_CellsOfTwoBlobsInAnyOrder_AcceptsOnlyTheRight() =>
        Gen.Select(Gen.Int[0, 127].Array[1, 12], Gen.Int[0, 1000], Gen.Int[0, 2])
            .Sample(
                (cells, chosen, fault) =>
                {
                    // Every third cell is of the second blob, the constant 5: all of its values are 5 and its proofs
                    // are 0.
                    chosen %= cells.Length;
                    byte[] five =
                    [
                        .. Enumerable.Repeat(Fr.FromUInt64(5).ToArray(), Cell.ElementCount).SelectMany(bytes => bytes),
                    ];
                    KzgCommitment fiveCommitment = KzgCommitment.From(G1Point.Generator.Multiply(Fr.FromUInt64(5)));
                    CellIndex[] indices = [.. cells.Select(cell => new CellIndex((ulong)cell))];
                    KzgCommitment[] commitments = [.. cells.Select((_, i) => i % 3 == 2 ? fiveCommitment : Commitment)];
                    KzgProof[] proofs = [.. cells.Select((cell, i) => i % 3 == 2 ? default : Proofs[cell])];
                    byte[] bytes = [.. indices.SelectMany((index, i) => i % 3 == 2 ? five : CellsAt([index]))];
                    Assert.True(Keys.CellVerifier.VerifyCellKzgProofBatch(commitments, indices, bytes, proofs));
                    switch (fault)
                    {
                        case 0:
                            bytes[(chosen * Cell.ByteLength) + 31] ^= 1;
                            break;
                        case 1:
                            proofs[chosen] = KzgProof.From(proofs[chosen].Point + G1Point.Generator);
                            break;
                        default:
                            commitments[chosen] = KzgCommitment.From(commitments[chosen].Point + G1Point.Generator);
                            break;
                    }

                    Assert.False(Keys.CellVerifier.VerifyCellKzgProofBatch(commitments, indices, bytes, proofs));
                },
                iter: 12
            );

    [Fact]
    public void VerifyCellKzgProofBatch_NumbersThatDiffer_AreRefused()
    {
        CellIndex[] one = AllIndices[..1];
        byte[] cell = CellsAt(one);
        Assert.True(Keys.CellVerifier.VerifyCellKzgProofBatch(Array.Empty<KzgCommitment>(), [], [], []));
        Assert.Throws<KzgFormatException>(() =>
            Keys.CellVerifier.VerifyCellKzgProofBatch([], one, cell, Proofs.AsSpan(0, 1))
        );
        Assert.Throws<KzgFormatException>(() => Keys.CellVerifier.VerifyCellKzgProofBatch([Commitment], one, cell, []));
        Assert.Throws<KzgFormatException>(() =>
            Keys.CellVerifier.VerifyCellKzgProofBatch([Commitment], one, [], Proofs.AsSpan(0, 1))
        );
        cell.AsSpan(64, 32).Fill(0xff);
        Assert.Equal(
            "cells: element 2 of the cell at position 0 is not below the field's modulus",
            Assert
                .Throws<KzgFormatException>(() =>
                    Keys.CellVerifier.VerifyCellKzgProofBatch([Commitment], one, cell, Proofs.AsSpan(0, 1))
                )
                .Message
        );
    }

    [Fact]
    public void CellCoset_EveryCell_IsWhereItsElementsLie()
    {
        Fr[] roots = EvaluationDomain.InBitReversedOrder(EvaluationDomain.RootsOfUnity(8192));
        for (int cell = 0; cell < Cell.CountPerBlob; cell++)
        {
            Assert.Equal(roots[Cell.ElementCount * cell], CellCoset.Shift(cell));
            Assert.Equal(Fr.One, CellCoset.Shift(cell) * CellCoset.InverseShift(cell));
            for (int i = 0; i < Cell.ElementCount; i += 21)
            {
                Assert.Equal(
                    CellCoset.ShiftPower(cell),
                    roots[(Cell.ElementCount * cell) + i].Power(Cell.ElementCount)
                );
            }
        }
    }

    private static byte[] CellsAt(CellIndex[] indices) =>
        [
            .. indices.SelectMany(index =>
                CellBytes[(index.Value * Cell.ByteLength)..((index.Value + 1) * Cell.ByteLength)]
            ),
        ];

    private static byte[] MakeBlob()
    {
        var blob = new byte[Blob.ByteLength];
        Fr value = Fr.FromUInt64(3);
        for (int i = 0; i < Blob.ElementCount; i++)
        {
            value = (value * value) + Fr.One;
            value.Encode(blob.AsSpan(i * Blob.ElementLength));
        }

        return blob;
    }

    [SkippableFact]
    public void InterpolationSum_On512Bits_IsTheScalarOne() =>
        CompareInterpolations<FrLanes512>(VectorInterpolationSum<FrLanes512>.Compute);

    [SkippableFact]
    public void InterpolationSum_On256Bits_IsTheScalarOne() =>
        CompareInterpolations<FrLanes256>(VectorInterpolationSum<FrLanes256>.Compute);

    private delegate Fr[] InterpolationSums(
        ReadOnlySpan<CellIndex> indices,
        ReadOnlySpan<byte> cells,
        ReadOnlySpan<Fr> weights
    );

    private static void CompareInterpolations<TLanes>(InterpolationSums compute)
        where TLanes : struct, IFrLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        Gen.Select(Gen.Int[0, 127].Array[0, 90], Arbitrary.Fr.Array[90], Arbitrary.Fr.Array[30], Gen.Int[1, 29])
            .Sample(
                (chosen, weights, elements, step) =>
                {
                    CellIndex[] indices = [.. chosen.Select(index => new CellIndex((ulong)index))];
                    byte[] cells =
                    [
                        .. Enumerable
                            .Range(0, chosen.Length * Cell.ElementCount)
                            .SelectMany(i => elements[(i * step) % elements.Length].ToArray()),
                    ];
                    Assert.Equal(
                        InterpolationSum.ComputeScalar(indices, cells, weights),
                        compute(indices, cells, weights)
                    );
                },
                iter: 30
            );
    }
}
