using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Cells;

/// <summary>
/// All 128 cell proofs of a polynomial at once (Feist and Khovratovich, eprint 2023/033, "Fast amortized KZG proofs", section 3).
/// <para>
/// The proof of cell <c>k</c> is the commitment to the quotient of <c>P</c> by <c>X^64 - a</c>, <c>a = h_k^64</c>. With coefficients <c>p_i</c> that quotient
/// is <c>Σ_m a^m·Q_m</c>, <c>Q_m = Σ_{i ≥ 64(m+1)} p_i·X^(i-64(m+1))</c>, so all proofs are one Fourier transform of the points <c>[Q_m]</c>, 0 ≤ m ≤ 62.
/// Split by <c>i = 64q + s</c> these are <c>[Q_m] = Σ_s Σ_t p_(64(m+1+t)+s)·[τ^(64t+s)]</c>, for each <c>s</c> a correlation of two sequences of length 64, which
/// a transform of length 128 turns into products; their sum over <c>s</c> is a multi-scalar multiplication of 64 points that never change.
/// </para>
/// </summary>
internal sealed class CellProofs
{
    private const int Chunks = Blob.ElementCount / Cell.ElementCount;
    private const int TransformSize = 2 * Chunks;

    private readonly FourierTransform _transform = new(TransformSize);
    private readonly PointFourierTransform _pointTransform = new(TransformSize);

    // [j][s]: the transform over t of the points [τ^(64t+s)], index t negated, at frequency j (bit-reversed).
    private readonly G1Affine[][] _basis;

    /// <summary>Transforms the setup's points, which takes seconds.</summary>
    public CellProofs(TrustedSetup setup)
    {
        G1Affine[] monomial = setup.Monomial;
        _basis = new G1Affine[TransformSize][];
        for (int j = 0; j < TransformSize; j++)
        {
            _basis[j] = new G1Affine[Cell.ElementCount];
        }

        var points = new G1Point[TransformSize];
        for (int s = 0; s < Cell.ElementCount; s++)
        {
            Array.Clear(points);
            for (int t = 0; t < Chunks; t++)
            {
                points[-t & (TransformSize - 1)] = new G1Point(monomial[(Cell.ElementCount * t) + s]);
            }

            _pointTransform.Evaluate(points);
            G1Affine[] affine = G1Point.ToAffine(points);
            for (int j = 0; j < TransformSize; j++)
            {
                _basis[j][s] = affine[j];
            }
        }
    }

    /// <summary>The proofs of all cells of the polynomial with 4096 coefficients.</summary>
    public KzgProof[] Compute(ReadOnlySpan<Fr> coefficients)
    {
        // 1. Transform every 64th coefficient from s on, for each s.
        var scalars = new Fr[TransformSize][];
        for (int j = 0; j < TransformSize; j++)
        {
            scalars[j] = new Fr[Cell.ElementCount];
        }

        var sequence = new Fr[TransformSize];
        for (int s = 0; s < Cell.ElementCount; s++)
        {
            Array.Clear(sequence);
            for (int q = 0; q < Chunks; q++)
            {
                sequence[q] = coefficients[(Cell.ElementCount * q) + s];
            }

            _transform.Evaluate(sequence);
            for (int j = 0; j < TransformSize; j++)
            {
                scalars[j][s] = sequence[j];
            }
        }

        // 2. Multiply by the setup's transform, sum over s, transform back: entry m + 1 is [Q_m].
        var points = new G1Point[TransformSize];
        for (int j = 0; j < TransformSize; j++)
        {
            points[j] = MultiScalarMultiplication.Sum(_basis[j], scalars[j]);
        }

        _pointTransform.Interpolate(points);

        // 3. Σ_m a^m·[Q_m] for the 128th roots of unity a in bit-reversed order, which is the order of the cells.
        points.AsSpan(1, Chunks - 1).CopyTo(points);
        points.AsSpan(Chunks - 1).Clear();
        _pointTransform.Evaluate(points);
        return [.. G1Point.ToAffine(points).Select(point => KzgProof.From(point))];
    }
}
