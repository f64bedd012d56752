using Meeda.Ethereum;
using Meeda.Kzg.Commitments;

namespace Meeda.Protocol.Anchors;

/// <summary>
/// The binary Merkle tree over the commitments of one anchor (docs/protocol.md, "Anchoring"): leaf <c>i</c> is
/// <c>keccak256(0x00 ‖ C_i)</c>, a node <c>keccak256(0x01 ‖ left ‖ right)</c>, padded with zero leaves to a power of
/// two.
/// The prefixes keep a node from passing for a leaf.
/// </summary>
public sealed class AnchorTree
{
    private readonly MerkleTree _tree;

    /// <summary>Builds the tree.</summary>
    /// <param name="commitments">The compressed commitments, 48 bytes each, in order; at least one.</param>
    /// <exception cref="ArgumentException">The commitments are not a whole number of 48-byte strings, or
    /// none.</exception>
    public AnchorTree(ReadOnlySpan<byte> commitments)
    {
        if (commitments.IsEmpty || commitments.Length % KzgCommitment.Length != 0)
        {
            throw new ArgumentException(
                $"commitments: {commitments.Length} bytes are not a whole number of 48-byte commitments",
                nameof(commitments)
            );
        }

        _tree = new MerkleTree(commitments, KzgCommitment.Length);
    }

    /// <summary>The number of commitments, padding not counted.</summary>
    public int LeafCount => _tree.LeafCount;

    /// <summary>The tree's root, which the L1 contract keeps.</summary>
    public Bytes32 Root => _tree.Root;

    /// <summary>The levels between leaf and root of a tree of so many leaves: <c>ceil(log2(leafCount))</c>.</summary>
    public static int Depth(int leafCount) => MerkleTree.Depth(leafCount);

    /// <summary>The leaf of a commitment.</summary>
    /// <param name="commitment">48 bytes.</param>
    public static Bytes32 Leaf(ReadOnlySpan<byte> commitment) => MerkleTree.Leaf(commitment);

    /// <summary>
    /// The siblings on the way from leaf <paramref name="index"/> up to the root, the leaf's own first.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf.</exception>
    public Bytes32[] Path(int index) => _tree.Path(index);

    /// <summary>
    /// Whether a commitment is leaf <paramref name="index"/> of the tree with that root and so many leaves.
    /// </summary>
    /// <param name="root">The anchored root.</param>
    /// <param name="leafCount">The anchor's blob count.</param>
    /// <param name="index">The blob's place in the anchor.</param>
    /// <param name="commitment">48 bytes.</param>
    /// <param name="path">As <see cref="Path"/> gives it.</param>
    public static bool Verify(
        Bytes32 root,
        int leafCount,
        int index,
        ReadOnlySpan<byte> commitment,
        ReadOnlySpan<Bytes32> path
    ) => commitment.Length == KzgCommitment.Length && MerkleTree.Verify(root, leafCount, index, commitment, path);
}
