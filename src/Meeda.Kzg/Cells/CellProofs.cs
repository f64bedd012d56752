using System.Buffers;
using System.Collections.Concurrent;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Cells;

/// <summary>
/// All 128 cell proofs of a polynomial at once (Feist and Khovratovich, eprint 2023/033, "Fast amortized KZG proofs",
/// section 3).
/// <para>
/// The proof of cell <c>k</c> is the commitment to the quotient of <c>P</c> by <c>X^64 - a</c>, <c>a = h_k^64</c>.
/// With coefficients <c>p_i</c> that quotient
/// is <c>Σ_m a^m·Q_m</c>, <c>Q_m = Σ_{i ≥ 64(m+1)} p_i·X^(i-64(m+1))</c>, so all proofs are one Fourier transform of
/// the points <c>[Q_m]</c>, 0 ≤ m ≤ 62.
/// Split by <c>i = 64q + s</c> these are <c>[Q_m] = Σ_s Σ_t p_(64(m+1+t)+s)·[τ^(64t+s)]</c>, for each <c>s</c> a
/// correlation of two sequences of length 64, which
/// a transform of length 128 turns into products; their sum over <c>s</c> is a multi-scalar multiplication of 64
/// points that never change.
/// </para>
/// </summary>
internal sealed class CellProofs : IDisposable
{
    private const int Chunks = Blob.ElementCount / Cell.ElementCount;
    private const int TransformSize = 2 * Chunks;

    // 1/128, which the transform back leaves to be multiplied by.
    private static readonly Fr InverseTransformSize = Fr.FromUInt64(TransformSize).Inverse();

    private readonly ByteTransform _transform = ByteTransform.Create(TransformSize);

    // Sum j, s: over the transform over t of the points [τ^(64t+s)], index t negated, at frequency j (bit-reversed).
    private readonly FixedBaseMsmBatch _sums;

    // One for each thread that is at work.
    private readonly ConcurrentBag<PointFourierTransform> _pointTransforms = [];

    /// <summary>Transforms the setup's points and makes tables of 33 MB, which takes half a second or so.</summary>
    public CellProofs(TrustedSetup setup)
    {
        G1Affine[] monomial = setup.Monomial;
        var points = new G1Affine[Cell.ElementCount * TransformSize];
        for (int s = 0; s < Cell.ElementCount; s++)
        {
            for (int t = 0; t < Chunks; t++)
            {
                points[(s * TransformSize) + (-t & (TransformSize - 1))] = monomial[(Cell.ElementCount * t) + s];
            }
        }

        using (PointFourierTransform transform = new(TransformSize, Cell.ElementCount))
        {
            transform.Evaluate(points);
        }

        _sums = new(Transpose(points, Cell.ElementCount), TransformSize, PairAdder.Create);
    }

    /// <summary>Frees the memory, once proofs that are being computed are done.</summary>
    public void Dispose()
    {
        _sums.Dispose();
        while (_pointTransforms.TryTake(out PointFourierTransform? transform))
        {
            transform.Dispose();
        }
    }

    /// <summary>The proofs of all cells of a polynomial.</summary>
    /// <param name="coefficients">Its 4096 coefficients, 32 bytes each.</param>
    public KzgProof[] Compute(ReadOnlySpan<byte> coefficients)
    {
        // 1. Transform every 64th coefficient from s on, for each s: sequences that lie in one another both before
        // and after.
        byte[] scalars = ArrayPool<byte>.Shared.Rent(Cell.ElementCount * TransformSize * Fr.Length);
        Span<byte> frequencies = scalars.AsSpan(0, Cell.ElementCount * TransformSize * Fr.Length);
        _transform.EvaluateMany(coefficients, Cell.ElementCount, InverseTransformSize, frequencies);

        // 2. Multiply by the setup's transform, sum over s, transform back: entry m + 1 is [Q_m].
        G1Affine[] points = _sums.Sum(frequencies);
        ArrayPool<byte>.Shared.Return(scalars);
        if (!_pointTransforms.TryTake(out PointFourierTransform? transform))
        {
            transform = new(TransformSize, 1);
        }

        transform.InterpolateScaled(points);

        // 3. Σ_m a^m·[Q_m] for the 128th roots of unity a in bit-reversed order, which is the order of the cells.
        points.AsSpan(1, Chunks - 1).CopyTo(points);
        points.AsSpan(Chunks - 1).Clear();
        transform.Evaluate(points);
        _pointTransforms.Add(transform);
        return Array.ConvertAll(points, point => KzgProof.From(point));
    }

    private static G1Affine[] Transpose(ReadOnlySpan<G1Affine> matrix, int rows)
    {
        int columns = matrix.Length / rows;
        var transposed = new G1Affine[matrix.Length];
        for (int i = 0; i < matrix.Length; i++)
        {
            transposed[(i % columns * rows) + (i / columns)] = matrix[i];
        }

        return transposed;
    }
}
