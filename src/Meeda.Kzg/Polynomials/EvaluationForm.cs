using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// Polynomials of degree below 4096 given by their values on <see cref="EvaluationDomain.BlobOrderRoots"/>: what a blob is
/// (consensus-specs, deneb/polynomial-commitments.md).
/// </summary>
internal static class EvaluationForm
{
    /// <summary>The value at <paramref name="z"/> (<c>evaluate_polynomial_in_evaluation_form</c>).</summary>
    public static Fr Evaluate(ReadOnlySpan<Fr> values, Fr z) => Evaluate(values, z, DifferenceInverses(z, out int root), root);

    /// <summary>The value <paramref name="y"/> at <paramref name="z"/> and the values of <c>(P - y)/(X - z)</c> (<c>compute_kzg_proof_impl</c>).</summary>
    public static Fr[] Quotient(ReadOnlySpan<Fr> values, Fr z, out Fr y)
    {
        Fr[] inverses = DifferenceInverses(z, out int root);
        y = Evaluate(values, z, inverses, root);

        // q_i = (P(ω_i) - y)/(ω_i - z)
        Fr[] quotient = inverses;
        for (int i = 0; i < quotient.Length; i++)
        {
            quotient[i] = (values[i] - y) * inverses[i];
        }

        if (root >= 0)
        {
            quotient[root] = QuotientAtRoot(quotient, z);
        }

        return quotient;
    }

    // Where z = ω_m itself: q_m = Σ_{i≠m} (P(ω_i) - y)·ω_i/(z(z - ω_i)) = -(1/z)·Σ q_i·ω_i (compute_quotient_eval_within_domain).
    private static Fr QuotientAtRoot(ReadOnlySpan<Fr> quotient, Fr z)
    {
        // q_m is still (P(ω_m) - y)·0 = 0 here.
        Fr sum = Fr.Zero;
        for (int i = 0; i < quotient.Length; i++)
        {
            sum += quotient[i] * EvaluationDomain.BlobOrderRoots[i];
        }

        return -(sum * z.Inverse());
    }

    private static Fr Evaluate(ReadOnlySpan<Fr> values, Fr z, ReadOnlySpan<Fr> differenceInverses, int root)
    {
        if (root >= 0)
        {
            return values[root];
        }

        // Barycentric formula: P(z) = (z^N - 1)/N · Σ P(ω_i)·ω_i/(z - ω_i); the inverses at hand are those of ω_i - z.
        Fr sum = Fr.Zero;
        for (int i = 0; i < values.Length; i++)
        {
            sum += values[i] * EvaluationDomain.BlobOrderRoots[i] * differenceInverses[i];
        }

        return sum * (Fr.One - z.Power(EvaluationDomain.Size)) * EvaluationDomain.InverseSize;
    }

    // 1/(ω_i - z), and 0 with its index in root where z = ω_i; root is -1 otherwise.
    private static Fr[] DifferenceInverses(Fr z, out int root)
    {
        var differences = new Fr[EvaluationDomain.Size];
        root = -1;
        for (int i = 0; i < differences.Length; i++)
        {
            differences[i] = EvaluationDomain.BlobOrderRoots[i] - z;
            if (differences[i].IsZero)
            {
                root = i;
            }
        }

        Fr.InvertAll(differences, new Fr[differences.Length]);
        return differences;
    }
}
