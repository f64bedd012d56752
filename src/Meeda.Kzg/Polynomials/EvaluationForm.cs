using System.Numerics;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// Polynomials of degree below 4096 given by their values on <see cref="EvaluationDomain.BlobOrderRoots"/>: what a
/// blob is
/// (consensus-specs, deneb/polynomial-commitments.md).
/// </summary>
internal static class EvaluationForm
{
    /// <summary>
    /// The value at <paramref name="z"/>, inside or outside the domain
    /// (<c>evaluate_polynomial_in_evaluation_form</c>). Not by the specification's barycentric formula,
    /// which divides by every <c>z - ω_i</c>, but by folding, with a third of the products and no division.
    /// </summary>
    /// <param name="blob">131072 bytes, all elements below the modulus.</param>
    /// <param name="z">The point of evaluation.</param>
    public static Fr Evaluate(ReadOnlySpan<byte> blob, Fr z) =>
        FrLanes512.IsSupported ? VectorEvaluation<FrLanes512>.Evaluate(blob, z)
        : FrLanes256.IsSupported ? VectorEvaluation<FrLanes256>.Evaluate(blob, z)
        : Evaluate(Blob.Decode(blob), z);

    /// <inheritdoc cref="Evaluate(ReadOnlySpan{byte}, Fr)"/>
    /// <remarks>In scalar arithmetic.</remarks>
    public static Fr Evaluate(ReadOnlySpan<Fr> values, Fr z) =>
        Fold(values.ToArray(), z) * EvaluationDomain.InverseSize;

    /// <summary>
    /// The value at <paramref name="z"/> times the number of values, a power of two; the values are overwritten.
    /// </summary>
    public static Fr Fold(Span<Fr> values, Fr z)
    {
        // P(X) = E(X²) + X·O(X²), hence P(z) = F(z²) with F = E + z·O, and from the values at x and -x, neighbours in
        // blob order,
        // 2·F(x²) = P(x) + P(-x) + (z/x)·(P(x) - P(-x)). The squares x² are the next smaller domain in its own blob
        // order.
        ReadOnlySpan<Fr> inverseRoots = EvaluationDomain.InversePairRoots;
        for (int half = values.Length / 2; half >= 1; half /= 2)
        {
            for (int i = 0; i < half; i++)
            {
                Fr a = values[2 * i];
                Fr b = values[(2 * i) + 1];
                values[i] = a + b + (z * inverseRoots[i] * (a - b));
            }

            z *= z;
        }

        return values[0];
    }

    /// <summary>
    /// The value <paramref name="y"/> at <paramref name="z"/> and the values of <c>(P - y)/(X - z)</c>
    /// (<c>compute_kzg_proof_impl</c>).
    /// </summary>
    /// <param name="blob">131072 bytes, all elements below the modulus.</param>
    /// <param name="z">The point of evaluation.</param>
    /// <param name="y">The value there.</param>
    /// <param name="quotient">131072 bytes: a blob, overwritten.</param>
    public static void Quotient(ReadOnlySpan<byte> blob, Fr z, out Fr y, Span<byte> quotient)
    {
        bool done =
            FrLanes512.IsSupported ? VectorEvaluation<FrLanes512>.TryQuotient(blob, z, out y, quotient)
            : FrLanes256.IsSupported ? VectorEvaluation<FrLanes256>.TryQuotient(blob, z, out y, quotient)
            : TryQuotient(blob, z, out y, quotient);
        if (!done)
        {
            QuotientAtRoot(Blob.Decode(blob), z, y, quotient);
        }
    }

    /// <summary>
    /// <see cref="Quotient"/> in scalar arithmetic; false, with <paramref name="y"/> alone, where
    /// <paramref name="z"/> is in the domain.
    /// </summary>
    public static bool TryQuotient(ReadOnlySpan<byte> blob, Fr z, out Fr y, Span<byte> quotient)
    {
        Fr[] values = Blob.Decode(blob);
        y = Evaluate(values, z);
        var inverses = new Fr[values.Length];
        if (!TryInvertDifferences(inverses, z))
        {
            return false;
        }

        // q_i = (P(ω_i) - y)/(ω_i - z)
        for (int i = 0; i < inverses.Length; i++)
        {
            (inverses[i] * (values[i] - y)).Encode(quotient[(i * Fr.Length)..]);
        }

        return true;
    }

    /// <summary>
    /// <c>1/(x - z)</c> for the roots <c>x</c> of a domain in blob order; false where <paramref name="z"/> is one of
    /// them.
    /// </summary>
    /// <param name="inverses">As many as the domain is large, a power of two.</param>
    /// <param name="z">A point outside the domain.</param>
    public static bool TryInvertDifferences(Span<Fr> inverses, Fr z)
    {
        // Each pair x, -x shares one inversion with its square: 1/(x - z) = (z + x)/(x² - z²) and 1/(-x - z) = (z -
        // x)/(x² - z²); the last square is 1.
        int rounds = BitOperations.Log2((uint)inverses.Length);
        Span<Fr> powers = stackalloc Fr[rounds + 1];
        powers[0] = z;
        for (int i = 1; i <= rounds; i++)
        {
            powers[i] = powers[i - 1] * powers[i - 1];
        }

        inverses[0] = (Fr.One - powers[rounds]).Inverse();
        if (inverses[0].IsZero)
        {
            return false;
        }

        for (int round = rounds - 1; round >= 0; round--)
        {
            for (int i = (inverses.Length >> (round + 1)) - 1; i >= 0; i--)
            {
                Fr withZ = inverses[i] * powers[round];
                Fr withRoot = inverses[i] * EvaluationDomain.BlobOrderRoots[2 * i];
                inverses[2 * i] = withZ + withRoot;
                inverses[(2 * i) + 1] = withZ - withRoot;
            }
        }

        return true;
    }

    // Where z = ω_m itself: q_m = Σ_{i≠m} (P(ω_i) - y)·ω_i/(z(z - ω_i)) = -(1/z)·Σ q_i·ω_i
    // (compute_quotient_eval_within_domain).
    private static void QuotientAtRoot(ReadOnlySpan<Fr> values, Fr z, in Fr y, Span<byte> quotient)
    {
        int root = 0;
        var inverses = new Fr[EvaluationDomain.Size];
        for (int i = 0; i < inverses.Length; i++)
        {
            inverses[i] = EvaluationDomain.BlobOrderRoots[i] - z;
            root = inverses[i].IsZero ? i : root;
        }

        Fr.InvertAll(inverses, new Fr[inverses.Length]);
        Fr sum = Fr.Zero;
        for (int i = 0; i < inverses.Length; i++)
        {
            // 0 at the root, whose inverse is left at 0.
            Fr q = inverses[i] * (values[i] - y);
            q.Encode(quotient[(i * Fr.Length)..]);
            sum += q * EvaluationDomain.BlobOrderRoots[i];
        }

        (-(sum * z.Inverse())).Encode(quotient[(root * Fr.Length)..]);
    }
}
