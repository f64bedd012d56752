using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Protocol.Proofs;

/// <summary>
/// The constant-size proof that an operator held every sampled blob: one opening of <c>P = Σ ρ_j P_{s_j}</c> at the
/// epoch's challenge
/// (docs/protocol.md, "Proof of availability").
/// </summary>
/// <param name="PartialSums">For each 128 samples, <c>Σ ρ_j C_{s_j}</c>.</param>
/// <param name="Y">The claimed value <c>P(z)</c>.</param>
/// <param name="Proof">The opening <c>commit((P - y) / (X - z))</c>.</param>
public sealed record AvailabilityProof(IReadOnlyList<G1Point> PartialSums, Fr Y, KzgProof Proof)
{
    /// <summary>
    /// What the contract checks when the proof is recorded: <c>e(C - y·G1 + z·π, G2) = e(π, τ·G2)</c> with <c>C = Σ
    /// PartialSums</c>.
    /// It says nothing about whether the partial sums are those of the anchored commitments: who compares them with
    /// <see cref="SumCommitments(Sample[], Func{ulong, G1Point})"/> knows.
    /// </summary>
    /// <param name="key">The ceremony's verification key.</param>
    /// <param name="z">The epoch's challenge.</param>
    public bool Verify(VerificationKey key, Fr z)
    {
        G1Point sum = G1Point.Infinity;
        foreach (G1Point partial in PartialSums)
        {
            sum += partial;
        }

        return key.VerifyProof(KzgCommitment.From(sum), z, Y, Proof);
    }

    /// <summary>
    /// The partial sums of an epoch's samples, one for each 128. Chunks are summed side by side on all
    /// processors.
    /// </summary>
    /// <param name="samples">The epoch's samples.</param>
    /// <param name="commitmentAt">The anchored commitment at a blob position; asked by several threads at once.</param>
    public static G1Point[] SumCommitments(Sample[] samples, Func<ulong, G1Point> commitmentAt)
    {
        ArgumentNullException.ThrowIfNull(samples);
        const int chunkSize = Sampler.ChunkSize;
        var sums = new G1Point[(samples.Length + chunkSize - 1) / chunkSize];
        Parallel.For(
            0,
            sums.Length,
            chunk =>
            {
                int first = chunk * chunkSize;
                int end = Math.Min(samples.Length, first + chunkSize);
                sums[chunk] = SumChunk(samples.AsSpan(first..end), commitmentAt);
            }
        );
        return sums;
    }

    private static G1Point SumChunk(ReadOnlySpan<Sample> covered, Func<ulong, G1Point> commitmentAt)
    {
        var points = new G1Point[covered.Length];
        var weights = new UInt128[covered.Length];
        for (int i = 0; i < covered.Length; i++)
        {
            points[i] = commitmentAt(covered[i].Position);
            weights[i] = covered[i].Weight;
        }

        return G1Point.WeightedSum(points, weights);
    }
}
