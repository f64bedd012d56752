using System.Numerics;
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
    private const byte LeafPrefix = 0x00;
    private const byte NodePrefix = 0x01;

    // _levels[0] are the leaves, padded; the last level is the root alone.
    private readonly Bytes32[][] _levels;

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

        LeafCount = commitments.Length / KzgCommitment.Length;
        int depth = Depth(LeafCount);
        _levels = new Bytes32[depth + 1][];
        _levels[0] = new Bytes32[1 << depth];
        for (int i = 0; i < LeafCount; i++)
        {
            _levels[0][i] = Leaf(commitments.Slice(i * KzgCommitment.Length, KzgCommitment.Length));
        }

        for (int level = 1; level <= depth; level++)
        {
            Bytes32[] below = _levels[level - 1];
            _levels[level] = new Bytes32[below.Length / 2];
            for (int i = 0; i < _levels[level].Length; i++)
            {
                _levels[level][i] = Node(below[2 * i], below[(2 * i) + 1]);
            }
        }
    }

    /// <summary>The number of commitments, padding not counted.</summary>
    public int LeafCount { get; }

    /// <summary>The tree's root, which the L1 contract keeps.</summary>
    public Bytes32 Root => _levels[^1][0];

    /// <summary>The levels between leaf and root of a tree of so many leaves: <c>ceil(log2(leafCount))</c>.</summary>
    public static int Depth(int leafCount) => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)leafCount));

    /// <summary>The leaf of a commitment.</summary>
    /// <param name="commitment">48 bytes.</param>
    public static Bytes32 Leaf(ReadOnlySpan<byte> commitment)
    {
        Span<byte> preimage = stackalloc byte[1 + KzgCommitment.Length];
        preimage[0] = LeafPrefix;
        commitment.CopyTo(preimage[1..]);
        return Keccak256.Hash(preimage);
    }

    /// <summary>
    /// The siblings on the way from leaf <paramref name="index"/> up to the root, the leaf's own first.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf.</exception>
    public Bytes32[] Path(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, LeafCount);
        var path = new Bytes32[_levels.Length - 1];
        for (int level = 0; level < path.Length; level++)
        {
            path[level] = _levels[level][(index >> level) ^ 1];
        }

        return path;
    }

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
    )
    {
        if (
            commitment.Length != KzgCommitment.Length
            || leafCount < 1
            || index < 0
            || index >= leafCount
            || path.Length != Depth(leafCount)
        )
        {
            return false;
        }

        Bytes32 node = Leaf(commitment);
        foreach (Bytes32 sibling in path)
        {
            node = (index & 1) == 0 ? Node(node, sibling) : Node(sibling, node);
            index >>= 1;
        }

        return node == root;
    }

    private static Bytes32 Node(Bytes32 left, Bytes32 right)
    {
        Span<byte> preimage = stackalloc byte[65];
        preimage[0] = NodePrefix;
        left.CopyTo(preimage[1..]);
        right.CopyTo(preimage[33..]);
        return Keccak256.Hash(preimage);
    }
}
