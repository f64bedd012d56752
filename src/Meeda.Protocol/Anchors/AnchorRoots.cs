using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Protocol.Anchors;

/// <summary>
/// What the contracts keep of an anchor: <c>keccak256(LeafRoot ‖ IdRoot)</c>, so that one path shows a
/// commitment, or a batch.
/// </summary>
/// <param name="LeafRoot">The root of the <see cref="MerkleTree"/> over the commitments.</param>
/// <param name="IdRoot">The root of the one over the batch ids.</param>
public readonly record struct AnchorRoots(Bytes32 LeafRoot, Bytes32 IdRoot)
{
    /// <summary>The anchored root.</summary>
    public Bytes32 Root
    {
        get
        {
            Span<byte> preimage = stackalloc byte[2 * Bytes32.Length];
            LeafRoot.CopyTo(preimage);
            IdRoot.CopyTo(preimage[Bytes32.Length..]);
            return Keccak256.Hash(preimage);
        }
    }

    /// <summary>The roots of an anchor.</summary>
    /// <param name="commitments">Its compressed commitments, 48 bytes each, in order.</param>
    /// <param name="batches">Its batches in order, at least one.</param>
    /// <exception cref="ArgumentException">There is no batch, or the commitments are not a whole number of 48-byte
    /// strings.</exception>
    public static AnchorRoots Of(ReadOnlySpan<byte> commitments, IReadOnlyList<BatchId> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return new AnchorRoots(new MerkleTree(commitments, KzgCommitment.Length).Root, IdRootOf(batches));
    }

    /// <summary>The root over an anchor's batch ids.</summary>
    /// <param name="batches">Its batches in order, at least one.</param>
    /// <exception cref="ArgumentException">There is no batch.</exception>
    public static Bytes32 IdRootOf(IReadOnlyList<BatchId> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        var ids = new byte[batches.Count * Bytes32.Length];
        for (int i = 0; i < batches.Count; i++)
        {
            batches[i].Value.CopyTo(ids.AsSpan(i * Bytes32.Length));
        }

        return new MerkleTree(ids, Bytes32.Length).Root;
    }
}
