using Meeda.Ethereum;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Client;

/// <content>
/// Proofs that batches are anchored on L1, and openings and cells of blobs. The caller supplies the commitments, from
/// L1's logs; what is checked against them need not be trusted.
/// </content>
public sealed partial class MeedaClient
{
    private static readonly Lazy<VerificationKey> Verifier = new(() => new VerificationKey(TrustedSetup.Ethereum));
    private static readonly Lazy<CellVerifier> Cells = new(() => new CellVerifier(TrustedSetup.Ethereum));

    /// <summary>
    /// A batch's newest anchor, with each blob's Merkle path to its root. The paths are checked; the caller must check
    /// on L1 that the root is the contract's (<c>getAnchor</c>).
    /// </summary>
    /// <exception cref="MeedaException">
    /// The operator has no such batch, the batch is not anchored, or a path does not lead to the root.
    /// </exception>
    public async Task<BatchProofBody> ProofAsync(BatchId id, CancellationToken cancellationToken = default)
    {
        BatchProofBody proof = await _operator.AskAsync<BatchProofBody>(
            () => new HttpRequestMessage(HttpMethod.Get, Relative($"batches/{id}/proof")),
            cancellationToken
        );
        bool holds =
            Bytes32.TryParse(proof.BatchId, out Bytes32 named)
            && named == id.Value
            && Bytes32.TryParse(proof.Root, out Bytes32 root)
            && Bytes32.TryParse(proof.LeafRoot, out Bytes32 leafRoot)
            && Bytes32.TryParse(proof.IdRoot, out Bytes32 idRoot)
            && new AnchorRoots(leafRoot, idRoot).Root == root
            && proof.Blobs.Count > 0
            && proof.Blobs.All(blob => IsLeaf(blob, leafRoot, proof.LeafCount));
        return holds
            ? proof
            : throw new MeedaException(
                MeedaError.NotVerified,
                "the operator's Merkle paths do not lead from the batch's commitments to the root"
            );
    }

    /// <summary>How often a batch was sampled and proven. The answer is the operator's and is not checked.</summary>
    /// <exception cref="MeedaException">
    /// The operator has no such batch, the batch is not anchored, or the operator cannot answer now.
    /// </exception>
    public Task<HistoryBody> HistoryAsync(BatchId id, CancellationToken cancellationToken = default) =>
        _operator.AskAsync<HistoryBody>(
            () => new HttpRequestMessage(HttpMethod.Get, Relative($"batches/{id}/history")),
            cancellationToken
        );

    /// <summary>
    /// An epoch's recorded proof and the results of recomputing it. The answer is the operator's or the light node's
    /// and is not checked.
    /// </summary>
    /// <exception cref="MeedaException">There is no such epoch, or the operator cannot answer now.</exception>
    public Task<EpochBody> EpochAsync(ulong epoch, CancellationToken cancellationToken = default) =>
        _operator.AskAsync<EpochBody>(
            () => new HttpRequestMessage(HttpMethod.Get, Relative($"epochs/{epoch}")),
            cancellationToken
        );

    /// <summary>
    /// A blob's value at a point, with its proof, which is verified (EIP-4844 <c>verify_kzg_proof</c>).
    /// </summary>
    /// <param name="position">The operator's position of the blob.</param>
    /// <param name="z">The point.</param>
    /// <param name="commitment">The blob's commitment.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="MeedaException">
    /// It is unavailable, or the proof does not verify against the commitment.
    /// </exception>
    public async Task<(Fr Y, KzgProof Proof)> OpenAsync(
        ulong position,
        Fr z,
        KzgCommitment commitment,
        CancellationToken cancellationToken = default
    )
    {
        OpeningBody body = await _operator.AskAsync<OpeningBody>(
            () => new HttpRequestMessage(HttpMethod.Get, Relative($"blobs/{position}/opening?z={z}")),
            cancellationToken
        );
        return
            TryDecode(body.Y, Fr.Length, out byte[] value)
            && Fr.TryDecode(value, out Fr y)
            && TryDecode(body.Proof, KzgProof.Length, out byte[] encoded)
            && KzgProof.TryDecode(encoded, out KzgProof proof)
            && await Task.Run(() => Verifier.Value.VerifyProof(commitment, z, y, proof), cancellationToken)
            ? (y, proof)
            : throw new MeedaException(
                MeedaError.NotVerified,
                "the operator's opening does not verify against the commitment"
            );
    }

    /// <summary>
    /// One of a blob's 128 cells, whose proof is verified (EIP-7594 <c>verify_cell_kzg_proof_batch</c>).
    /// </summary>
    /// <param name="position">The operator's position of the blob.</param>
    /// <param name="index">The cell's index.</param>
    /// <param name="commitment">The blob's commitment.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The cell, 2,048 bytes.</returns>
    /// <exception cref="MeedaException">
    /// It is unavailable, or its proof does not verify against the commitment.
    /// </exception>
    public async Task<byte[]> CellAsync(
        ulong position,
        CellIndex index,
        KzgCommitment commitment,
        CancellationToken cancellationToken = default
    )
    {
        CellBody body = await _operator.AskAsync<CellBody>(
            () => new HttpRequestMessage(HttpMethod.Get, Relative($"blobs/{position}/cells/{index.Value}")),
            cancellationToken
        );
        return
            TryDecode(body.Cell, Cell.ByteLength, out byte[] cell)
            && TryDecode(body.Proof, KzgProof.Length, out byte[] encoded)
            && KzgProof.TryDecode(encoded, out KzgProof proof)
            && await Task.Run(() => IsCell(commitment, index, cell, proof), cancellationToken)
            ? cell
            : throw new MeedaException(
                MeedaError.NotVerified,
                $"the operator's cell {index.Value} does not verify against the commitment"
            );
    }

    /// <summary>Whether the operator answers and accepts batches.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            using HttpResponseMessage answer = await _operator.SendAsync(
                () => new HttpRequestMessage(HttpMethod.Get, Relative("health/ready")),
                OperatorConnection.MaxJsonBytes,
                cancellationToken
            );
            return true;
        }
        catch (MeedaException)
        {
            return false;
        }
    }

    private static bool IsLeaf(LeafBody blob, Bytes32 root, uint leafCount)
    {
        var path = new Bytes32[blob.Path.Count];
        for (int i = 0; i < path.Length; i++)
        {
            if (!Bytes32.TryParse(blob.Path[i], out path[i]))
            {
                return false;
            }
        }

        return blob.LeafIndex < leafCount
            && leafCount <= int.MaxValue
            && TryDecode(blob.Commitment, KzgCommitment.Length, out byte[] commitment)
            && MerkleTree.Verify(root, (int)leafCount, (int)blob.LeafIndex, commitment, path);
    }

    private static bool IsCell(KzgCommitment commitment, CellIndex index, byte[] cell, KzgProof proof)
    {
        try
        {
            return Cells.Value.VerifyCellKzgProofBatch([commitment], [index], cell, [proof]);
        }
        catch (Meeda.Kzg.KzgFormatException)
        {
            return false; // An element is not below the modulus.
        }
    }

    private static bool TryDecode(string? text, int length, out byte[] bytes)
    {
        ReadOnlySpan<char> digits = text;
        digits = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
        bytes = new byte[length];
        return digits.Length == 2 * length
            && Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
