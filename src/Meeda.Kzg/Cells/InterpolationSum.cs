using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Cells;

/// <summary>The sum of the polynomials that interpolate cells on their cosets, each times a weight.</summary>
internal static class InterpolationSum
{
    private static readonly FourierTransform Transform = new(Cell.ElementCount);

    /// <summary>The 64 coefficients of <c>Σ weight_k·I_k</c>.</summary>
    /// <param name="indices">Each cell's index.</param>
    /// <param name="cells">The cells, concatenated, all elements below the modulus.</param>
    /// <param name="weights">Each cell's weight.</param>
    public static Fr[] Compute(ReadOnlySpan<CellIndex> indices, ReadOnlySpan<byte> cells, ReadOnlySpan<Fr> weights) =>
        FrLanes512.IsSupported ? VectorInterpolationSum<FrLanes512>.Compute(indices, cells, weights)
        : FrLanes256.IsSupported ? VectorInterpolationSum<FrLanes256>.Compute(indices, cells, weights)
        : ComputeScalar(indices, cells, weights);

    /// <inheritdoc cref="Compute"/>
    /// <remarks>In scalar arithmetic.</remarks>
    public static Fr[] ComputeScalar(
        ReadOnlySpan<CellIndex> indices,
        ReadOnlySpan<byte> cells,
        ReadOnlySpan<Fr> weights
    )
    {
        // 1. Cells of one index share their coset, so they are summed before the interpolation.
        Fr[] values = Cell.Decode(cells, indices.Length);
        var sums = new Fr[Cell.CountPerBlob][];
        for (int k = 0; k < indices.Length; k++)
        {
            Fr[] sum = sums[indices[k].Value] ??= new Fr[Cell.ElementCount];
            for (int i = 0; i < Cell.ElementCount; i++)
            {
                sum[i] += weights[k] * values[(k * Cell.ElementCount) + i];
            }
        }

        // 2. The values on h·{roots of unity} of I(X) are those on {roots of unity} of I(h·X).
        var combined = new Fr[Cell.ElementCount];
        for (int cell = 0; cell < sums.Length; cell++)
        {
            if (sums[cell] is { } sum)
            {
                Transform.Interpolate(sum);
                FourierTransform.Shift(sum, CellCoset.InverseShift(cell));
                for (int i = 0; i < combined.Length; i++)
                {
                    combined[i] += sum[i];
                }
            }
        }

        return combined;
    }
}
