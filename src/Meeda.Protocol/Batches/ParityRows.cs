using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Protocol.Batches;

/// <summary>
/// Redundancy across rows (docs/protocol.md, "Redundancy"): a batch's <c>n</c> blobs are data rows <c>0 … n-1</c>;
/// through element <c>i</c> of them, at the points
/// <c>0 … n-1</c>, goes one polynomial of degree below <c>n</c>, and element <c>i</c> of parity row <c>k</c> is its
/// value at <c>n + k</c> (Reed-Solomon over
/// the scalar field). Any <c>n</c> rows give all the others, and every row has a commitment that follows from those
/// of any <c>n</c>.
/// </summary>
public static class ParityRows
{
    /// <summary>
    /// The smallest number <c>m</c> of parity rows with <c>m ≥ f·ceil((n + m)/N)</c>: spread evenly, the rows survive
    /// the loss of any <c>f</c> of <c>N</c> providers.
    /// </summary>
    /// <param name="dataRows"><c>n</c>, at least 1.</param>
    /// <param name="providers"><c>N</c>, more than <paramref name="lost"/>.</param>
    /// <param name="lost"><c>f</c>, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public static int Count(int dataRows, int providers, int lost)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dataRows, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(lost);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(providers, lost);

        // The right side grows with m, so that repeating it from below ends at the smallest fixed point.
        int m = 0;
        while (true)
        {
            int next = lost * ((dataRows + m + providers - 1) / providers);
            if (next <= m)
            {
                return m;
            }

            m = next;
        }
    }

    /// <summary>Computes parity rows from all data rows.</summary>
    /// <param name="dataRows">The batch's blobs, concatenated.</param>
    /// <param name="parityRows">Whole blobs, concatenated, overwritten: as many parity rows as there is room
    /// for.</param>
    /// <exception cref="ArgumentException">A length is not a whole number of blobs, or there is no data
    /// row.</exception>
    /// <exception cref="Meeda.Kzg.KzgFormatException">An element is not below the field's modulus.</exception>
    public static void Encode(ReadOnlyMemory<byte> dataRows, Memory<byte> parityRows)
    {
        if (dataRows.IsEmpty || dataRows.Length % Blob.ByteLength != 0 || parityRows.Length % Blob.ByteLength != 0)
        {
            throw new ArgumentException(
                $"{dataRows.Length} bytes of data and {parityRows.Length} of parity: whole blobs are expected",
                nameof(dataRows)
            );
        }

        int n = dataRows.Length / Blob.ByteLength;
        int m = parityRows.Length / Blob.ByteLength;
        var data = new ReadOnlyMemory<byte>[n];
        var parity = new Memory<byte>[m];
        for (int j = 0; j < n; j++)
        {
            data[j] = dataRows.Slice(j * Blob.ByteLength, Blob.ByteLength);
        }

        for (int k = 0; k < m; k++)
        {
            parity[k] = parityRows.Slice(k * Blob.ByteLength, Blob.ByteLength);
        }

        new BlobLinearMap(n, m, Coefficients(Range(0, n), Range(n, m))).Apply(data, parity);
    }

    /// <summary>Derives the commitments of parity rows from those of the data rows, without any row.</summary>
    /// <param name="dataCommitments">48 bytes each, concatenated, in order.</param>
    /// <param name="parityRows">How many parity rows there are.</param>
    /// <returns>48 bytes for each parity row.</returns>
    /// <exception cref="Meeda.Kzg.KzgFormatException">A commitment does not decode.</exception>
    /// <exception cref="ArgumentException">There is no commitment, or no whole number of them.</exception>
    public static byte[] Commitments(ReadOnlySpan<byte> dataCommitments, int parityRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(parityRows);
        if (dataCommitments.IsEmpty || dataCommitments.Length % KzgCommitment.Length != 0)
        {
            throw new ArgumentException(
                $"{dataCommitments.Length} bytes are no whole number of commitments",
                nameof(dataCommitments)
            );
        }

        int n = dataCommitments.Length / KzgCommitment.Length;
        var points = new G1Point[n];
        for (int j = 0; j < n; j++)
        {
            points[j] = KzgCommitment
                .Decode(dataCommitments.Slice(j * KzgCommitment.Length, KzgCommitment.Length))
                .Point;
        }

        Fr[] coefficients = Coefficients(Range(0, n), Range(n, parityRows));
        var commitments = new byte[parityRows * KzgCommitment.Length];
        for (int k = 0; k < parityRows; k++)
        {
            // C_{n+k} = Σ_j L_j(n + k)·C_j
            G1Point
                .MultiScalarMultiply(points, coefficients.AsSpan(k * n, n))
                .Encode(commitments.AsSpan(k * KzgCommitment.Length));
        }

        return commitments;
    }

    /// <summary>Computes missing rows, data or parity, from any <c>n</c> others.</summary>
    /// <param name="present">The numbers of <c>n</c> rows, all different.</param>
    /// <param name="rows">Those rows, 131072 bytes each, in the same order.</param>
    /// <param name="missing">The numbers of the rows to compute, none of them present.</param>
    /// <param name="recovered">Where to: 131072 bytes each.</param>
    /// <exception cref="ArgumentException">The numbers repeat, are negative, or do not agree with the rows.</exception>
    /// <exception cref="Meeda.Kzg.KzgFormatException">A row is no blob.</exception>
    public static void Recover(
        ReadOnlySpan<int> present,
        IReadOnlyList<ReadOnlyMemory<byte>> rows,
        ReadOnlySpan<int> missing,
        IReadOnlyList<Memory<byte>> recovered
    )
    {
        CheckNumbers(present, missing);
        new BlobLinearMap(present.Length, missing.Length, Coefficients(present, missing)).Apply(rows, recovered);
    }

    private static void CheckNumbers(ReadOnlySpan<int> present, ReadOnlySpan<int> missing)
    {
        var seen = new HashSet<int>();
        foreach (int row in present)
        {
            if (row < 0 || !seen.Add(row))
            {
                throw new ArgumentException($"row {row} is negative or named twice", nameof(present));
            }
        }

        foreach (int row in missing)
        {
            if (row < 0 || !seen.Add(row))
            {
                throw new ArgumentException($"row {row} is negative, present or named twice", nameof(missing));
            }
        }
    }

    /// <summary>
    /// The Lagrange coefficients <c>L_j(t) = Π_{k≠j} (t - x_k)/(x_j - x_k)</c> for every target <c>t</c>, those of
    /// the first target first.
    /// All differences are small integers, so one table of inverses serves for every division.
    /// </summary>
    private static Fr[] Coefficients(ReadOnlySpan<int> points, ReadOnlySpan<int> targets)
    {
        int largest = 0;
        foreach (int number in points)
        {
            largest = Math.Max(largest, number);
        }

        foreach (int number in targets)
        {
            largest = Math.Max(largest, number);
        }

        Fr[] inverses = Inverses(largest);

        // w_j = Π_{k≠j} 1/(x_j - x_k)
        var weights = new Fr[points.Length];
        for (int j = 0; j < points.Length; j++)
        {
            weights[j] = Fr.One;
            for (int k = 0; k < points.Length; k++)
            {
                if (k != j)
                {
                    weights[j] *= Inverse(inverses, points[j] - points[k]);
                }
            }
        }

        var coefficients = new Fr[points.Length * targets.Length];
        for (int i = 0; i < targets.Length; i++)
        {
            // L_j(t) = w_j / (t - x_j) · Π_k (t - x_k)
            Fr product = Fr.One;
            foreach (int point in points)
            {
                product *= FromInt32(targets[i] - point);
            }

            for (int j = 0; j < points.Length; j++)
            {
                coefficients[(i * points.Length) + j] =
                    product * weights[j] * Inverse(inverses, targets[i] - points[j]);
            }
        }

        return coefficients;
    }

    /// <summary>1/i for i = 1 … largest with one inversion (Montgomery's trick); place 0 is not used.</summary>
    private static Fr[] Inverses(int largest)
    {
        var inverses = new Fr[largest + 1];
        Fr product = Fr.One;
        for (int i = 1; i <= largest; i++)
        {
            inverses[i] = product;
            product *= FromInt32(i);
        }

        Fr inverse = product.Inverse();
        for (int i = largest; i > 0; i--)
        {
            inverses[i] *= inverse;
            inverse *= FromInt32(i);
        }

        return inverses;
    }

    private static Fr Inverse(Fr[] inverses, int difference) =>
        difference > 0 ? inverses[difference] : -inverses[-difference];

    private static Fr FromInt32(int value) =>
        value >= 0 ? Fr.FromUInt64((ulong)value) : -Fr.FromUInt64((ulong)-(long)value);

    private static int[] Range(int first, int count) => [.. Enumerable.Range(first, count)];
}
