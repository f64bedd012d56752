using System.Buffers.Binary;
using System.Security.Cryptography;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// What checks proofs: the lines of <c>G2</c> and <c>τ·G2</c> (consensus-specs, deneb/polynomial-commitments.md).
/// Safe for use by many threads at once.
/// </summary>
public sealed class VerificationKey
{
    private readonly G2Lines _generator;
    private readonly G2Lines _tau;

    /// <summary>Prepares the key.</summary>
    /// <param name="setup">The ceremony's outcome.</param>
    public VerificationKey(TrustedSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        _generator = new G2Lines(setup.G2(0));
        _tau = new G2Lines(setup.G2(1));
    }

    /// <summary>
    /// Whether the committed polynomial is <paramref name="y"/> at <paramref name="z"/> (<c>verify_kzg_proof</c>).
    /// </summary>
    /// <param name="commitment">The commitment.</param>
    /// <param name="z">The point of evaluation.</param>
    /// <param name="y">The claimed value.</param>
    /// <param name="proof">The proof.</param>
    public bool VerifyProof(KzgCommitment commitment, Fr z, Fr y, KzgProof proof)
    {
        // e(C - y·G1 + z·π, G2) = e(π, τ·G2)
        G1Point left = commitment.Point + G1Point.MultiScalarMultiply([G1Point.Generator, proof.Point], [-y, z]);
        return Pairing.IsProductOne([left, -proof.Point], _generator, _tau);
    }

    /// <summary>
    /// Whether the committed polynomial is <paramref name="y"/> at <paramref name="z"/>, all four as bytes
    /// (<c>verify_kzg_proof</c>): commitment and proof are decoded together.
    /// </summary>
    /// <param name="commitment">The commitment, 48 bytes.</param>
    /// <param name="z">The point of evaluation, 32 bytes.</param>
    /// <param name="y">The claimed value, 32 bytes.</param>
    /// <param name="proof">The proof, 48 bytes.</param>
    /// <exception cref="KzgFormatException">One of them is not what it should be.</exception>
    public bool VerifyProof(
        ReadOnlySpan<byte> commitment,
        ReadOnlySpan<byte> z,
        ReadOnlySpan<byte> y,
        ReadOnlySpan<byte> proof
    )
    {
        (KzgCommitment decodedCommitment, KzgProof decodedProof) = Decode(commitment, proof);
        return VerifyProof(decodedCommitment, DecodeScalar(z, nameof(z)), DecodeScalar(y, nameof(y)), decodedProof);
    }

    /// <summary>
    /// Whether a blob is the one committed to, commitment and proof as bytes (<c>verify_blob_kzg_proof</c>), which
    /// are decoded together.
    /// </summary>
    /// <param name="blob">131072 bytes.</param>
    /// <param name="commitment">The commitment, 48 bytes.</param>
    /// <param name="proof">The proof, 48 bytes.</param>
    /// <exception cref="KzgFormatException">One of them is not what it should be.</exception>
    public bool VerifyBlobProof(ReadOnlySpan<byte> blob, ReadOnlySpan<byte> commitment, ReadOnlySpan<byte> proof)
    {
        (KzgCommitment decodedCommitment, KzgProof decodedProof) = Decode(commitment, proof);
        return VerifyBlobProof(blob, decodedCommitment, decodedProof);
    }

    /// <summary>Whether a blob is the one committed to (<c>verify_blob_kzg_proof</c>).</summary>
    /// <param name="blob">131072 bytes.</param>
    /// <param name="commitment">The commitment.</param>
    /// <param name="proof">The proof of <see cref="CommitmentKey.OpenBlob"/>.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    public bool VerifyBlobProof(ReadOnlySpan<byte> blob, KzgCommitment commitment, KzgProof proof)
    {
        Blob.ThrowIfInvalid(blob);
        Fr z = BlobChallenge.Compute(blob, commitment);
        return VerifyProof(commitment, z, EvaluationForm.Evaluate(blob, z), proof);
    }

    /// <summary>
    /// Whether every blob is the one committed to, with two pairings in all (<c>verify_blob_kzg_proof_batch</c>). No
    /// blobs at all verify.
    /// </summary>
    /// <param name="blobs">The blobs, concatenated.</param>
    /// <param name="commitments">As many commitments.</param>
    /// <param name="proofs">As many proofs of <see cref="CommitmentKey.OpenBlob"/>.</param>
    /// <exception cref="KzgFormatException">The numbers differ, or an element is not below the modulus.</exception>
    public bool VerifyBlobProofBatch(
        ReadOnlySpan<byte> blobs,
        ReadOnlySpan<KzgCommitment> commitments,
        ReadOnlySpan<KzgProof> proofs
    )
    {
        int count = commitments.Length;
        if (blobs.Length != (long)count * Blob.ByteLength)
        {
            throw new KzgFormatException(
                $"blobs: {blobs.Length} bytes, {count} blobs of {Blob.ByteLength} are expected"
            );
        }

        if (proofs.Length != count)
        {
            throw new KzgFormatException($"proofs: {proofs.Length} for {count} commitments");
        }

        // 1. Each blob's challenge and its value there.
        var z = new Fr[count];
        var y = new Fr[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> blob = blobs.Slice(i * Blob.ByteLength, Blob.ByteLength);
            Blob.ThrowIfInvalid(blob);
            z[i] = BlobChallenge.Compute(blob, commitments[i]);
            y[i] = EvaluationForm.Evaluate(blob, z[i]);
        }

        // 2. One claim about the combination with the powers of r.
        return count == 0 || VerifyProofs(commitments, z, y, proofs);
    }

    private static (KzgCommitment Commitment, KzgProof Proof) Decode(
        ReadOnlySpan<byte> commitment,
        ReadOnlySpan<byte> proof
    )
    {
        if (commitment.Length != KzgCommitment.Length)
        {
            throw new KzgFormatException($"commitment: {commitment.Length} bytes, {KzgCommitment.Length} are expected");
        }

        if (proof.Length != KzgProof.Length)
        {
            throw new KzgFormatException($"proof: {proof.Length} bytes, {KzgProof.Length} are expected");
        }

        Span<byte> compressed = stackalloc byte[2 * G1Point.CompressedLength];
        commitment.CopyTo(compressed);
        proof.CopyTo(compressed[G1Point.CompressedLength..]);
        Span<G1Affine> points = [default, default];
        return PointDecoder.Decode(compressed, points) switch
        {
            0 => throw new KzgFormatException("commitment: the bytes are no compressed point of G1"),
            1 => throw new KzgFormatException("proof: the bytes are no compressed point of G1"),
            _ => (KzgCommitment.From(points[0]), KzgProof.From(points[1])),
        };
    }

    private static Fr DecodeScalar(ReadOnlySpan<byte> bytes, string name) =>
        Fr.TryDecode(bytes, out Fr scalar)
            ? scalar
            : throw new KzgFormatException(
                $"{name}: {bytes.Length} bytes that are no scalar ({Fr.Length} bytes, below the modulus)"
            );

    // e(Σ r^i(C_i - y_i·G1 + z_i·π_i), G2) = e(Σ r^i·π_i, τ·G2) (verify_kzg_proof_batch)
    private bool VerifyProofs(
        ReadOnlySpan<KzgCommitment> commitments,
        ReadOnlySpan<Fr> z,
        ReadOnlySpan<Fr> y,
        ReadOnlySpan<KzgProof> proofs
    )
    {
        int count = commitments.Length;
        Fr r = BatchChallenge(commitments, z, y, proofs);
        var points = new G1Point[(2 * count) + 1];
        var scalars = new Fr[points.Length];
        var powers = new Fr[count];
        Fr power = Fr.One;
        Fr sum = Fr.Zero;
        for (int i = 0; i < count; i++)
        {
            powers[i] = power;
            (points[i], scalars[i]) = (proofs[i].Point, power * z[i]);
            (points[count + i], scalars[count + i]) = (commitments[i].Point, power);
            sum += power * y[i];
            power *= r;
        }

        (points[^1], scalars[^1]) = (G1Point.Generator, -sum);
        G1Point left = G1Point.MultiScalarMultiply(points, scalars);
        G1Point right = G1Point.MultiScalarMultiply(points.AsSpan(0, count), powers);
        return Pairing.IsProductOne([left, -right], _generator, _tau);
    }

    // hash_to_bls_field("RCKZGBATCH___V1_" ‖ uint64 4096 ‖ uint64 n ‖ n × (commitment ‖ z ‖ y ‖ proof))
    private static Fr BatchChallenge(
        ReadOnlySpan<KzgCommitment> commitments,
        ReadOnlySpan<Fr> z,
        ReadOnlySpan<Fr> y,
        ReadOnlySpan<KzgProof> proofs
    )
    {
        const int EntryLength = KzgCommitment.Length + (2 * Fr.Length) + KzgProof.Length;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[16];
        Span<byte> entry = stackalloc byte[EntryLength];
        BinaryPrimitives.WriteUInt64BigEndian(head, Blob.ElementCount);
        BinaryPrimitives.WriteUInt64BigEndian(head[8..], (ulong)commitments.Length);
        hash.AppendData("RCKZGBATCH___V1_"u8);
        hash.AppendData(head);
        for (int i = 0; i < commitments.Length; i++)
        {
            commitments[i].Encode(entry);
            z[i].Encode(entry[KzgCommitment.Length..]);
            y[i].Encode(entry[(KzgCommitment.Length + Fr.Length)..]);
            proofs[i].Encode(entry[(KzgCommitment.Length + (2 * Fr.Length))..]);
            hash.AppendData(entry);
        }

        return Fr.Reduce(hash.GetHashAndReset());
    }
}
