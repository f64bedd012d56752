using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Cells;

/// <summary>
/// What checks cells against commitments (EIP-7594; consensus-specs, fulu/polynomial-commitments-sampling.md). Safe for use by many threads at once.
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

    /// <summary>As the other overload, with commitments and proofs as bytes, which are decoded together, a repeated commitment once.</summary>
    /// <param name="commitments">Per cell its blob's commitment, 48 bytes each.</param>
    /// <param name="cellIndices">Per cell its index.</param>
    /// <param name="cells">The cells, one behind the other.</param>
    /// <param name="proofs">Per cell its proof, 48 bytes each.</param>
    /// <exception cref="KzgFormatException">The numbers differ, an element is not below the modulus, or a commitment or proof is none.</exception>
    public bool VerifyCellKzgProofBatch(
        ReadOnlySpan<byte> commitments, ReadOnlySpan<CellIndex> cellIndices, ReadOnlySpan<byte> cells, ReadOnlySpan<byte> proofs)
    {
        if (commitments.Length % KzgCommitment.Length != 0)
        {
            throw new KzgFormatException($"commitments: {commitments.Length} bytes, each has {KzgCommitment.Length}");
        }

        var places = new Dictionary<string, int>();
        var distinct = new List<byte>();
        var indices = new int[commitments.Length / KzgCommitment.Length];
        for (int k = 0; k < indices.Length; k++)
        {
            ReadOnlySpan<byte> commitment = commitments.Slice(k * KzgCommitment.Length, KzgCommitment.Length);
            string bytes = Convert.ToHexStringLower(commitment);
            if (!places.TryGetValue(bytes, out indices[k]))
            {
                indices[k] = places.Count;
                places.Add(bytes, indices[k]);
                distinct.AddRange(commitment);
            }
        }

        KzgCommitment[] decoded = KzgCommitment.DecodeAll(distinct.ToArray());
        return VerifyCellKzgProofBatch(Array.ConvertAll(indices, index => decoded[index]), cellIndices, cells, KzgProof.DecodeAll(proofs));
    }

    /// <summary>
    /// Whether every cell is the one its blob's commitment says, with two pairings in all (<c>verify_cell_kzg_proof_batch</c>). No cells at all verify. Cells of
    /// several blobs may be mixed, repeated and in any order.
    /// </summary>
    /// <param name="commitments">Per cell its blob's commitment.</param>
    /// <param name="cellIndices">Per cell its index.</param>
    /// <param name="cells">The cells, one behind the other.</param>
    /// <param name="proofs">Per cell its proof.</param>
    /// <exception cref="KzgFormatException">The numbers differ, or an element is not below the modulus.</exception>
    public bool VerifyCellKzgProofBatch(
        ReadOnlySpan<KzgCommitment> commitments, ReadOnlySpan<CellIndex> cellIndices, ReadOnlySpan<byte> cells, ReadOnlySpan<KzgProof> proofs)
    {
        int count = cellIndices.Length;
        if (commitments.Length != count)
        {
            throw new KzgFormatException($"commitments: {commitments.Length} for {count} cell indices");
        }

        if (proofs.Length != count)
        {
            throw new KzgFormatException($"proofs: {proofs.Length} for {count} cell indices");
        }

        Cell.ThrowIfInvalid(cells, count);
        if (count == 0)
        {
            return true;
        }

        // 1. Each commitment once, and the powers r^k.
        KzgCommitment[] distinct = Distinct(commitments, out int[] commitmentIndices);
        Fr r = CellBatchChallenge.Compute(distinct, commitmentIndices, cellIndices, cells, proofs);
        Fr[] powers = Powers(r, count);

        // 2. e(Σ r^k·π_k, τ^64·G2) = e(Σ r^k·C_k - commit(Σ r^k·I_k) + Σ r^k·h_k^64·π_k, G2), I_k interpolating cell k.
        var proofPoints = new G1Point[count];
        var points = new List<G1Point>(count + distinct.Length);
        var scalars = new List<Fr>(count + distinct.Length);
        var commitmentWeights = new Fr[distinct.Length];
        for (int k = 0; k < count; k++)
        {
            proofPoints[k] = proofs[k].Point;
            points.Add(proofPoints[k]);
            scalars.Add(powers[k] * CellCoset.ShiftPower(cellIndices[k].Value));
            commitmentWeights[commitmentIndices[k]] += powers[k];
        }

        points.AddRange(distinct.Select(commitment => commitment.Point));
        scalars.AddRange(commitmentWeights);
        G1Point left = G1Point.MultiScalarMultiply(proofPoints, powers);
        G1Point right = G1Point.MultiScalarMultiply([.. points], [.. scalars])
            - MultiScalarMultiplication.Sum(_monomial, InterpolationSum.Compute(cellIndices, cells, powers));
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
