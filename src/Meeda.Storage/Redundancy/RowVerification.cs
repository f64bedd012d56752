using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;

namespace Meeda.Storage.Redundancy;

/// <summary>Checks many rows against their commitments at the cost of one.</summary>
internal static class RowVerification
{
    /// <summary>
    /// Whether every blob matches its commitment: <c>commit(Σ ρ_i B_i) = Σ ρ_i C_i</c> with fresh random 128-bit
    /// weights. A corrupt row passes with probability 2^-128 (small-exponents test; Bellare, Garay, Rabin, "Fast Batch
    /// Verification").
    /// </summary>
    /// <param name="key">The ceremony's commitment key.</param>
    /// <param name="blobs">Blobs, concatenated, from an untrusted place.</param>
    /// <param name="commitments">Their compressed commitments, 48 bytes each, from the ledger or L1.</param>
    public static bool Matches(CommitmentKey key, ReadOnlySpan<byte> blobs, ReadOnlySpan<byte> commitments)
    {
        int count = commitments.Length / KzgCommitment.Length;
        if (blobs.Length != (long)count * Blob.ByteLength)
        {
            return false;
        }

        var points = new G1Point[count];
        var weights = new UInt128[count];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(weights.AsSpan()));
        var combination = new BlobCombination();
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> blob = blobs.Slice(i * Blob.ByteLength, Blob.ByteLength);
            if (
                !Blob.IsCanonical(blob)
                || !G1Point.TryDecode(commitments.Slice(i * KzgCommitment.Length, KzgCommitment.Length), out points[i])
            )
            {
                return false;
            }

            combination.Add(blob, weights[i]);
        }

        return combination.Commit(key).Point == G1Point.WeightedSum(points, weights);
    }
}
