using System.Buffers.Binary;
using System.Security.Cryptography;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Cells;

/// <summary>
/// The number whose powers combine a batch of cell proofs, bound to all of the batch by SHA-256 (consensus-specs
/// <c>compute_verify_cell_kzg_proof_batch_challenge</c>).
/// </summary>
internal static class CellBatchChallenge
{
    /// <summary>
    /// <c>hash_to_bls_field("RCKZGCBATCH__V1_" ‖ uint64 4096 ‖ uint64 64 ‖ uint64 commitments ‖ uint64 cells ‖
    /// commitments ‖
    /// cells × (uint64 commitment's index ‖ uint64 cell index ‖ cell ‖ proof))</c>.
    /// </summary>
    /// <param name="commitments">The commitments, each once.</param>
    /// <param name="commitmentIndices">Per cell its commitment's place among them.</param>
    /// <param name="cellIndices">Per cell its index.</param>
    /// <param name="cells">The cells, concatenated.</param>
    /// <param name="proofs">Per cell its proof.</param>
    public static Fr Compute(
        ReadOnlySpan<KzgCommitment> commitments,
        ReadOnlySpan<int> commitmentIndices,
        ReadOnlySpan<CellIndex> cellIndices,
        ReadOnlySpan<byte> cells,
        ReadOnlySpan<KzgProof> proofs
    )
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> point = stackalloc byte[KzgCommitment.Length];
        hash.AppendData("RCKZGCBATCH__V1_"u8);
        AppendInteger(hash, Blob.ElementCount);
        AppendInteger(hash, Cell.ElementCount);
        AppendInteger(hash, commitments.Length);
        AppendInteger(hash, cellIndices.Length);
        foreach (KzgCommitment commitment in commitments)
        {
            commitment.Encode(point);
            hash.AppendData(point);
        }

        for (int i = 0; i < cellIndices.Length; i++)
        {
            AppendInteger(hash, commitmentIndices[i]);
            AppendInteger(hash, cellIndices[i].Value);
            hash.AppendData(cells.Slice(i * Cell.ByteLength, Cell.ByteLength));
            proofs[i].Encode(point);
            hash.AppendData(point);
        }

        return Fr.Reduce(hash.GetHashAndReset());
    }

    private static void AppendInteger(IncrementalHash hash, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)value);
        hash.AppendData(bytes);
    }
}
