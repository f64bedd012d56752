using System.Buffers;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Cells;

/// <summary>
/// The sum of the polynomials that interpolate cells, each times a weight: a cell in each lane, transformed, shifted
/// to its coset and added.
/// </summary>
internal static unsafe class VectorInterpolationSum<TLanes>
    where TLanes : struct, IFrLanes
{
    private const int Length = Cell.ElementCount;

    // Additions to sums that are reduced, as many as FrCarry.Normalise allows.
    private const int MaxAdditions = 7;

    private static readonly int GroupLength = FrLimbs.Count * TLanes.Lanes;
    private static readonly LaneTransform<TLanes> Transform = new(Length);
    private static readonly Fr InverseLength = Fr.FromUInt64(Length).Inverse();

    /// <summary>The 64 coefficients of <c>Σ weight_k·I_k</c>.</summary>
    /// <param name="indices">Each cell's index.</param>
    /// <param name="cells">The cells, concatenated, all elements below the modulus.</param>
    /// <param name="weights">Each cell's weight.</param>
    public static Fr[] Compute(ReadOnlySpan<CellIndex> indices, ReadOnlySpan<byte> cells, ReadOnlySpan<Fr> weights)
    {
        int lanes = TLanes.Lanes;
        double[] rented = ArrayPool<double>.Shared.Rent((((2 * Length) + 5) * GroupLength) + AlignedDoubles.Padding);
        byte[] padded = ArrayPool<byte>.Shared.Rent(lanes * Cell.ByteLength);
        var coefficients = new Fr[Length];
        fixed (double* memory = rented)
        {
            double* groups = AlignedDoubles.Align(memory),
                sums = groups + (Length * GroupLength),
                power = sums + (Length * GroupLength);
            double* shift = power + GroupLength,
                scratch = shift + GroupLength;
            new Span<double>(sums, Length * GroupLength).Clear();
            int additions = 0;
            for (int first = 0; first < indices.Length; first += lanes, additions++)
            {
                // 1. A cell in each lane; where there are no more, the weight is 0.
                int count = Math.Min(lanes, indices.Length - first);
                ReadOnlySpan<byte> batch = cells.Slice(first * Cell.ByteLength, count * Cell.ByteLength);
                LoadLanes(indices[first..], weights[first..], Padded(batch, padded), power, shift, groups);

                // 2. The values on h·{roots of unity} of I(X) are those on {roots of unity} of I(h·X).
                Transform.Interpolate(groups, LaneTransform<TLanes>.Loaded, scratch);
                for (int i = 0; i < Length; i++)
                {
                    double* group = groups + (i * GroupLength),
                        sum = sums + (i * GroupLength);
                    TLanes.Multiply(group, group, power, scratch);
                    TLanes.Add(sum, sum, group);
                    TLanes.Multiply(power, power, shift, scratch);
                }

                if (additions % MaxAdditions == MaxAdditions - 1)
                {
                    Butterfly.Prepare<TLanes>(sums, Length, MaxAdditions + 1, 1);
                }
            }

            // 3. All lanes together.
            Butterfly.Prepare<TLanes>(sums, Length, MaxAdditions + 1, 1);
            for (int i = 0; i < Length; i++)
            {
                for (int lane = 0; lane < lanes; lane++)
                {
                    coefficients[i] += FrLimbs.Read(sums + (i * GroupLength) + lane, lanes);
                }
            }
        }

        ArrayPool<double>.Shared.Return(rented);
        ArrayPool<byte>.Shared.Return(padded);
        return coefficients;
    }

    // As many cells as there are lanes; those behind the last one are zeros.
    private static ReadOnlySpan<byte> Padded(ReadOnlySpan<byte> batch, byte[] padded)
    {
        int length = TLanes.Lanes * Cell.ByteLength;
        if (batch.Length >= length)
        {
            return batch;
        }

        padded.AsSpan(0, length).Clear();
        batch.CopyTo(padded);
        return padded;
    }

    // A cell's weight, the inverse of its coset's shift, and its elements in each lane.
    private static void LoadLanes(
        ReadOnlySpan<CellIndex> indices,
        ReadOnlySpan<Fr> weights,
        ReadOnlySpan<byte> cells,
        double* power,
        double* shift,
        double* groups
    )
    {
        int lanes = TLanes.Lanes;
        for (int lane = 0; lane < lanes; lane++)
        {
            bool isCell = lane < indices.Length;
            FrLimbs.Write(isCell ? weights[lane] * InverseLength : Fr.Zero, power + lane, lanes);
            FrLimbs.Write(isCell ? CellCoset.InverseShift(indices[lane].Value) : Fr.One, shift + lane, lanes);
        }

        fixed (byte* source = cells)
        {
            for (int i = 0; i < Length; i++)
            {
                TLanes.Load(source + (i * Fr.Length), Cell.ByteLength, groups + (i * GroupLength));
            }
        }
    }
}
