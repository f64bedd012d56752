using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// Polynomials of degree below 4096 given by their values on <see cref="EvaluationDomain.BlobOrderRoots"/>: what a blob is
/// (consensus-specs, deneb/polynomial-commitments.md).
/// </summary>
internal static class EvaluationForm
{
    /// <summary>
    /// The value at <paramref name="z"/>, inside or outside the domain (<c>evaluate_polynomial_in_evaluation_form</c>). Not by the specification's barycentric formula,
    /// which divides by every <c>z - ω_i</c>, but by folding, with a third of the products and no division.
    /// </summary>
    public static Fr Evaluate(ReadOnlySpan<Fr> values, Fr z)
    {
        // P(X) = E(X²) + X·O(X²), hence P(z) = F(z²) with F = E + z·O, and from the values at x and -x, neighbours in blob order,
        // 2·F(x²) = P(x) + P(-x) + (z/x)·(P(x) - P(-x)). The squares x² are the next smaller domain in its own blob order.
        ReadOnlySpan<Fr> inverseRoots = EvaluationDomain.InversePairRoots;
        var folded = new Fr[values.Length / 2];
        Fr power = z;
        for (int half = folded.Length; half >= 1; half /= 2)
        {
            for (int i = 0; i < half; i++)
            {
                Fr a = values[2 * i];
                Fr b = values[(2 * i) + 1];
                folded[i] = a + b + (power * inverseRoots[i] * (a - b));
            }

            values = folded;
            power *= power;
        }

        return folded[0] * EvaluationDomain.InverseSize;
    }

    /// <summary>The value <paramref name="y"/> at <paramref name="z"/> and the values of <c>(P - y)/(X - z)</c> (<c>compute_kzg_proof_impl</c>).</summary>
    public static Fr[] Quotient(ReadOnlySpan<Fr> values, Fr z, out Fr y)
    {
        y = Evaluate(values, z);
        Fr[] quotient = DifferenceInverses(z, out int root);

        // q_i = (P(ω_i) - y)/(ω_i - z)
        for (int i = 0; i < quotient.Length; i++)
        {
            quotient[i] *= values[i] - y;
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
        // q_m is still 0·(P(ω_m) - y) = 0 here.
        Fr sum = Fr.Zero;
        for (int i = 0; i < quotient.Length; i++)
        {
            sum += quotient[i] * EvaluationDomain.BlobOrderRoots[i];
        }

        return -(sum * z.Inverse());
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
