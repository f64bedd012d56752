using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Cells;

/// <summary>
/// What checks cells against commitments (EIP-7594; consensus-specs, fulu/polynomial-commitments-sampling.md). Safe
/// for use by many threads at once.
/// </summary>
public sealed class CellVerifier
{
    private readonly G1Affine[] _monomial;
    private readonly G2Lines _generator;
    private readonly G2Lines _tauPower;

    /// <summary>Prepares the key.</summary>
    /// <param name="setup">The ceremony's outcome.</param>
    public CellVerifier(TrustedSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        _monomial = setup.FirstMonomials(Cell.ElementCount);
        _generator = new G2Lines(setup.G2(0));
        _tauPower = new G2Lines(setup.G2(Cell.ElementCount));
    }

    /// <summary>
    /// As the other overload, with commitments and proofs as bytes, which are decoded together, a repeated commitment
    /// once.
    /// </summary>
    /// <param name="commitments">Per cell its blob's commitment, 48 bytes each.</param>
    /// <param name="cellIndices">Per cell its index.</param>
    /// <param name="cells">The cells, concatenated.</param>
    /// <param name="proofs">Per cell its proof, 48 bytes each.</param>
    /// <exception cref="KzgFormatException">The numbers differ, an element is not below the modulus, or a commitment
    /// or proof is invalid.</exception>
    public bool VerifyCellKzgProofBatch(
        ReadOnlySpan<byte> commitments,
        ReadOnlySpan<CellIndex> cellIndices,
        ReadOnlySpan<byte> cells,
        ReadOnlySpan<byte> proofs
    )
    {
        if (commitments.Length % KzgCommitment.Length != 0)
        {
            throw new KzgFormatException($"commitments: {commitments.Length} bytes, each has {KzgCommitment.Length}");
        }

        // Cells of one blob usually are consecutive.
        int count = commitments.Length / KzgCommitment.Length;
        var places = new Dictionary<string, int>();
        var distinct = new List<byte>();
        var indices = new int[count];
        for (int k = 0; k < count; k++)
        {
            ReadOnlySpan<byte> commitment = commitments.Slice(k * KzgCommitment.Length, KzgCommitment.Length);
            if (
                k > 0
                && commitment.SequenceEqual(commitments.Slice((k - 1) * KzgCommitment.Length, KzgCommitment.Length))
            )
            {
                indices[k] = indices[k - 1];
                continue;
            }

            string bytes = Convert.ToHexStringLower(commitment);
            if (!places.TryGetValue(bytes, out indices[k]))
            {
                indices[k] = places.Count;
                places.Add(bytes, indices[k]);
                distinct.AddRange(commitment);
            }
        }

        ThrowIfNumbersDiffer(count, proofs.Length / KzgProof.Length, cellIndices.Length);
        return Verify(
            KzgCommitment.DecodeAll(distinct.ToArray()),
            indices,
            cellIndices,
            cells,
            KzgProof.DecodeAll(proofs)
        );
    }

    /// <summary>
    /// Whether every cell is the one its blob's commitment says, with two pairings in all
    /// (<c>verify_cell_kzg_proof_batch</c>). No cells at all verify. Cells of
    /// several blobs may be mixed, repeated and in any order.
    /// </summary>
    /// <param name="commitments">Per cell its blob's commitment.</param>
    /// <param name="cellIndices">Per cell its index.</param>
    /// <param name="cells">The cells, concatenated.</param>
    /// <param name="proofs">Per cell its proof.</param>
    /// <exception cref="KzgFormatException">The numbers differ, or an element is not below the modulus.</exception>
    public bool VerifyCellKzgProofBatch(
        ReadOnlySpan<KzgCommitment> commitments,
        ReadOnlySpan<CellIndex> cellIndices,
        ReadOnlySpan<byte> cells,
        ReadOnlySpan<KzgProof> proofs
    )
    {
        ThrowIfNumbersDiffer(commitments.Length, proofs.Length, cellIndices.Length);
        KzgCommitment[] distinct = Distinct(commitments, out int[] commitmentIndices);
        return Verify(distinct, commitmentIndices, cellIndices, cells, proofs);
    }

    private static void ThrowIfNumbersDiffer(int commitments, int proofs, int cellIndices)
    {
        if (commitments != cellIndices)
        {
            throw new KzgFormatException($"commitments: {commitments} for {cellIndices} cell indices");
        }

        if (proofs != cellIndices)
        {
            throw new KzgFormatException($"proofs: {proofs} for {cellIndices} cell indices");
        }
    }

    /// <summary>As the public ones, with each commitment once.</summary>
    private bool Verify(
        KzgCommitment[] distinct,
        int[] commitmentIndices,
        ReadOnlySpan<CellIndex> cellIndices,
        ReadOnlySpan<byte> cells,
        ReadOnlySpan<KzgProof> proofs
    )
    {
        int count = cellIndices.Length;
        Cell.ThrowIfInvalid(cells, count);
        if (count == 0)
        {
            return true;
        }

        // 1. The powers r^k.
        Fr r = CellBatchChallenge.Compute(distinct, commitmentIndices, cellIndices, cells, proofs);
        Fr[] powers = Powers(r, count);

        // 2. e(Σ r^k·π_k, τ^64·G2) = e(Σ r^k·C_k - commit(Σ r^k·I_k) + Σ r^k·h_k^64·π_k, G2), I_k interpolating cell k.
        var points = new G1Point[count + distinct.Length];
        var pointWeights = new Fr[points.Length];
        for (int k = 0; k < count; k++)
        {
            points[k] = proofs[k].Point;
            pointWeights[k] = powers[k] * CellCoset.ShiftPower(cellIndices[k].Value);
            pointWeights[count + commitmentIndices[k]] += powers[k];
        }

        for (int i = 0; i < distinct.Length; i++)
        {
            points[count + i] = distinct[i].Point;
        }

        G1Affine[] affine = G1Point.ToAffine(points);
        Fr[] interpolated = InterpolationSum.Compute(cellIndices, cells, powers);
        G1Point left = MultiScalarMultiplication.Sum(affine.AsSpan(0, count), powers);
        G1Point right = MultiScalarMultiplication.Sum(
            [.. affine, .. _monomial],
            [.. pointWeights, .. interpolated.Select(element => -element)]
        );
        return Pairing.IsProductOne([left, -right], _tauPower, _generator);
    }

    private static KzgCommitment[] Distinct(ReadOnlySpan<KzgCommitment> commitments, out int[] indices)
    {
        var places = new Dictionary<KzgCommitment, int>();
        indices = new int[commitments.Length];
        for (int k = 0; k < commitments.Length; k++)
        {
            if (!places.TryGetValue(commitments[k], out indices[k]))
            {
                indices[k] = places.Count;
                places.Add(commitments[k], indices[k]);
            }
        }

        return [.. places.OrderBy(place => place.Value).Select(place => place.Key)];
    }

    private static Fr[] Powers(Fr r, int count)
    {
        var powers = new Fr[count];
        powers[0] = Fr.One;
        for (int i = 1; i < count; i++)
        {
            powers[i] = powers[i - 1] * r;
        }

        return powers;
    }
}
