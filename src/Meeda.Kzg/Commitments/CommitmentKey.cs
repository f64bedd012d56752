using System.Buffers;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// What commits to blobs and opens them: the setup's Lagrange points in blob order (consensus-specs,
/// deneb/polynomial-commitments.md).
/// Safe for use by many threads at once; making one takes a fraction of a second. It owns native memory (its tables
/// take some 30 MB): keep one for as long as the program needs it, and dispose of it then.
/// </summary>
public sealed class CommitmentKey : IDisposable
{
    private readonly FixedBaseMsm _fixedBase;

    /// <summary>Prepares the key.</summary>
    /// <param name="setup">The ceremony's outcome.</param>
    public CommitmentKey(TrustedSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);

        // L_brp(i)(τ)·G1, so that element i of a blob goes with point i.
        _fixedBase = new(EvaluationDomain.InBitReversedOrder((G1Affine[])setup.Lagrange.Clone()), PairAdder.Create);
    }

    /// <summary>
    /// Frees the tables. Calls that are at work end as ever; later ones throw <see cref="ObjectDisposedException"/>.
    /// </summary>
    public void Dispose() => _fixedBase.Dispose();

    /// <summary>The commitment to a blob (<c>blob_to_kzg_commitment</c>).</summary>
    /// <param name="blob">131072 bytes.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    public KzgCommitment Commit(ReadOnlySpan<byte> blob)
    {
        Blob.ThrowIfInvalid(blob);
        return KzgCommitment.From(Sum(blob));
    }

    /// <summary>Proves what a blob's polynomial is at <paramref name="z"/> (<c>compute_kzg_proof</c>).</summary>
    /// <param name="blob">131072 bytes.</param>
    /// <param name="z">The point of evaluation.</param>
    /// <param name="y">The value there.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    public KzgProof Open(ReadOnlySpan<byte> blob, Fr z, out Fr y)
    {
        Blob.ThrowIfInvalid(blob);

        // The proof is the commitment to (P - y)/(X - z).
        byte[] quotient = ArrayPool<byte>.Shared.Rent(Blob.ByteLength);
        Span<byte> values = quotient.AsSpan(0, Blob.ByteLength);
        EvaluationForm.Quotient(blob, z, out y, values);
        var proof = KzgProof.From(Sum(values));
        ArrayPool<byte>.Shared.Return(quotient);
        return proof;
    }

    /// <summary>
    /// Proves that a blob is the one committed to, at a point derived from both (<c>compute_blob_kzg_proof</c>).
    /// Whether it is so is not checked:
    /// the proof of another commitment does not verify.
    /// </summary>
    /// <param name="blob">131072 bytes.</param>
    /// <param name="commitment">The blob's commitment.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    public KzgProof OpenBlob(ReadOnlySpan<byte> blob, KzgCommitment commitment)
    {
        Blob.ThrowIfInvalid(blob);
        return Open(blob, BlobChallenge.Compute(blob, commitment), out _);
    }

    /// <summary><c>Σ values_i·L_i(τ)·G1</c>, values in blob order.</summary>
    internal G1Point Commit(ReadOnlySpan<Fr> values)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(Blob.ByteLength);
        Span<byte> blob = rented.AsSpan(0, Blob.ByteLength);
        for (int i = 0; i < Blob.ElementCount; i++)
        {
            values[i].Encode(blob[(i * Blob.ElementLength)..]);
        }

        G1Point sum = Sum(blob);
        ArrayPool<byte>.Shared.Return(rented);
        return sum;
    }

    // Σ element_i·L_i(τ)·G1 for a blob that is valid.
    private G1Point Sum(ReadOnlySpan<byte> blob)
    {
        // A wrong intermediate value would leave the curve: then plain code is asked.
        G1Affine sum = _fixedBase.Sum(blob).ToAffine();
        return sum.IsOnCurve ? new G1Point(sum) : _fixedBase.CompleteSum(blob);
    }
}
