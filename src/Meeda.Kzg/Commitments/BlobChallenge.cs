using System.Buffers.Binary;
using System.Security.Cryptography;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// The point at which a blob proof opens, bound to blob and commitment by SHA-256 (consensus-specs
/// <c>compute_challenge</c>).
/// </summary>
internal static class BlobChallenge
{
    /// <summary><c>hash_to_bls_field("FSBLOBVERIFY_V1_" ‖ uint128 4096 ‖ blob ‖ commitment)</c>.</summary>
    public static Fr Compute(ReadOnlySpan<byte> blob, KzgCommitment commitment)
    {
        Span<byte> degree = stackalloc byte[16];
        Span<byte> compressed = stackalloc byte[KzgCommitment.Length];
        BinaryPrimitives.WriteUInt128BigEndian(degree, Blob.ElementCount);
        commitment.Encode(compressed);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("FSBLOBVERIFY_V1_"u8);
        hash.AppendData(degree);
        hash.AppendData(blob);
        hash.AppendData(compressed);
        return Fr.Reduce(hash.GetHashAndReset());
    }
}
