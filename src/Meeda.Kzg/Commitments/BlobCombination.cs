using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// A linear combination <c>Σ w_i·B_i</c> of blobs, fed one blob at a time: many blobs are opened, or checked, at the
/// price of one, because commitments are
/// linear: <c>commit(Σ w_i·B_i) = Σ w_i·commit(B_i)</c>. Not safe for use by several threads at once.
/// </summary>
public sealed class BlobCombination
{
    // The combination's values in blob order.
    private readonly FrWeightedSums _values = FrWeightedSums.Create(Blob.ElementCount);

    /// <summary>Adds <c>weight·blob</c>. A blob that is refused leaves the combination as it was.</summary>
    /// <param name="blob">131072 bytes; not kept.</param>
    /// <param name="weight">The blob's weight.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    public void Add(ReadOnlySpan<byte> blob, UInt128 weight)
    {
        Blob.ThrowIfInvalid(blob);
        _values.Add(blob, weight);
    }

    /// <summary>The combined polynomial's value at <paramref name="z"/>.</summary>
    public Fr Evaluate(Fr z) => EvaluationForm.Evaluate(Combined(), z);

    /// <summary>Proves what the combined polynomial is at <paramref name="z"/>.</summary>
    /// <param name="key">The setup's commitment key.</param>
    /// <param name="z">The point of evaluation.</param>
    /// <param name="y">The value there.</param>
    public KzgProof Open(CommitmentKey key, Fr z, out Fr y)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Open(Combined(), z, out y);
    }

    /// <summary>The commitment to the combined polynomial.</summary>
    /// <param name="key">The setup's commitment key.</param>
    public KzgCommitment Commit(CommitmentKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Commit(Combined());
    }

    // The combination as a blob.
    private byte[] Combined()
    {
        var blob = new byte[Blob.ByteLength];
        _values.Write(blob);
        return blob;
    }
}
