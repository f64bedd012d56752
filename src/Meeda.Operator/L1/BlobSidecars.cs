using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.L1.Transactions;

namespace Meeda.Operator.L1;

/// <summary>Sidecars of blob transactions from blobs whose commitments are known.</summary>
internal static class BlobSidecars
{
    /// <summary>Computes every cell proof, as the network wants them since Osaka (EIP-7594).</summary>
    /// <param name="blobs">The blobs, 131072 bytes each.</param>
    /// <param name="commitments">Their commitments, 48 bytes each.</param>
    /// <param name="cells">What makes the proofs.</param>
    public static BlobSidecar Make(IReadOnlyList<byte[]> blobs, IReadOnlyList<byte[]> commitments, CellProver cells)
    {
        var proofs = new List<byte[]>(blobs.Count * BlobSidecar.CellsPerBlob);
        foreach (byte[] blob in blobs)
        {
            cells.ComputeCellsAndKzgProofs(blob, out KzgProof[] each);
            proofs.AddRange(each.Select(proof => proof.ToArray()));
        }

        return new BlobSidecar(blobs, commitments, proofs);
    }
}
