using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// What commits to blobs and opens them: the setup's Lagrange points in blob order (consensus-specs, deneb/polynomial-commitments.md).
/// Safe for use by many threads at once; making one takes a fraction of a second.
/// </summary>
public sealed class CommitmentKey
{
    // L_brp(i)(τ)·G1, so that element i of a blob goes with point i.
    private readonly G1Affine[] _lagrange;

    private readonly FixedBaseMsm _fixedBase;

    /// <summary>Prepares the key.</summary>
    /// <param name="setup">The ceremony's outcome.</param>
    public CommitmentKey(TrustedSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        _lagrange = EvaluationDomain.InBitReversedOrder((G1Affine[])setup.Lagrange.Clone());
        _fixedBase = new(_lagrange, PairAdder.Create);
    }

    /// <summary>The commitment to a blob (<c>blob_to_kzg_commitment</c>).</summary>
    /// <param name="blob">131072 bytes.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the modulus.</exception>
    public KzgCommitment Commit(ReadOnlySpan<byte> blob) => KzgCommitment.From(Commit(Blob.Decode(blob)));

    /// <summary>Proves what a blob's polynomial is at <paramref name="z"/> (<c>compute_kzg_proof</c>).</summary>
    /// <param name="blob">131072 bytes.</param>
    /// <param name="z">The point of evaluation.</param>
    /// <param name="y">The value there.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the modulus.</exception>
    public KzgProof Open(ReadOnlySpan<byte> blob, Fr z, out Fr y) => Open(Blob.Decode(blob), z, out y);

    /// <summary>
    /// Proves that a blob is the one committed to, at a point derived from both (<c>compute_blob_kzg_proof</c>). Whether it is so is not checked:
    /// the proof of another commitment does not verify.
    /// </summary>
    /// <param name="blob">131072 bytes.</param>
    /// <param name="commitment">The blob's commitment.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the modulus.</exception>
    public KzgProof OpenBlob(ReadOnlySpan<byte> blob, KzgCommitment commitment)
    {
        Fr[] values = Blob.Decode(blob);
        return Open(values, BlobChallenge.Compute(blob, commitment), out _);
    }

    /// <summary><c>Σ values_i·L_i(τ)·G1</c>, values in blob order.</summary>
    internal G1Point Commit(ReadOnlySpan<Fr> values)
    {
        // A wrong intermediate value would leave the curve: then plain code is asked, which shares nothing with the fast one but the field.
        G1Affine sum = _fixedBase.Sum(values).ToAffine();
        return sum.IsOnCurve ? new G1Point(sum) : MultiScalarMultiplication.Sum(_lagrange, values);
    }

    /// <summary>The commitment to <c>(P - y)/(X - z)</c>, values in blob order.</summary>
    internal KzgProof Open(ReadOnlySpan<Fr> values, Fr z, out Fr y) => KzgProof.From(Commit(EvaluationForm.Quotient(values, z, out y)));
}
