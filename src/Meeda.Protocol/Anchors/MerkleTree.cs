using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.Protocol.Anchors;

/// <summary>
/// A binary Merkle tree over items of one length: leaf <c>keccak256(0x00 ‖ item)</c>, node <c>keccak256(0x01 ‖ left ‖
/// right)</c>, padded with zero leaves to a power of two. The prefixes keep a node from passing for a leaf.
/// The contracts build one over an anchor's commitments and one over its batch ids
/// (docs/protocol.md, "Anchoring").
/// </summary>
public sealed class MerkleTree
{
    private const byte LeafPrefix = 0x00;
    private const byte NodePrefix = 0x01;

    // Commitments and ids are shorter, and need no memory of their own.
    private const int ShortItem = 64;

    // _levels[0] are the leaves, padded; the last level is the root alone.
    private readonly Bytes32[][] _levels;

    /// <summary>Builds the tree.</summary>
    /// <param name="items">The items in order, at least one.</param>
    /// <param name="itemLength">The bytes of each.</param>
    /// <exception cref="ArgumentException">The bytes are not a whole number of items, or none.</exception>
    public MerkleTree(ReadOnlySpan<byte> items, int itemLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(itemLength);
        if (items.IsEmpty || items.Length % itemLength != 0)
        {
            throw new ArgumentException(
                $"items: {items.Length} bytes are not a whole number of {itemLength}-byte items",
                nameof(items)
            );
        }

        LeafCount = items.Length / itemLength;
        int depth = Depth(LeafCount);
        _levels = new Bytes32[depth + 1][];
        _levels[0] = new Bytes32[1 << depth];
        for (int i = 0; i < LeafCount; i++)
        {
            _levels[0][i] = Leaf(items.Slice(i * itemLength, itemLength));
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

    /// <summary>The number of items, padding not counted.</summary>
    public int LeafCount { get; }

    /// <summary>The node above all leaves.</summary>
    public Bytes32 Root => _levels[^1][0];

    /// <summary>The levels between leaf and root: <c>ceil(log2(leafCount))</c>.</summary>
    public static int Depth(int leafCount) => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)leafCount));

    /// <summary>The leaf of an item.</summary>
    public static Bytes32 Leaf(ReadOnlySpan<byte> item)
    {
        Span<byte> preimage = item.Length < ShortItem ? stackalloc byte[ShortItem] : new byte[1 + item.Length];
        preimage[0] = LeafPrefix;
        item.CopyTo(preimage[1..]);
        return Keccak256.Hash(preimage[..(1 + item.Length)]);
    }

    /// <summary>
    /// The siblings on the way from leaf <paramref name="index"/> up to the root, the leaf's own first.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf.</exception>
    public Bytes32[] Path(int index)
    {
        ThrowIfNoLeaf(index);
        var path = new Bytes32[_levels.Length - 1];
        for (int level = 0; level < path.Length; level++)
        {
            path[level] = _levels[level][(index >> level) ^ 1];
        }

        return path;
    }

    /// <summary>
    /// The nodes which, together with some leaves, give the root: those that cannot be computed from the leaves, level
    /// by level from the leaves up, left to right in each.
    /// </summary>
    /// <param name="indices">The leaves' places, ascending, each once.</param>
    /// <exception cref="ArgumentException">There are none, or they do not ascend.</exception>
    /// <exception cref="ArgumentOutOfRangeException">One of them is no leaf.</exception>
    public Bytes32[] Multiproof(ReadOnlySpan<int> indices)
    {
        if (indices.IsEmpty)
        {
            throw new ArgumentException("indices: there are none", nameof(indices));
        }

        for (int i = 0; i < indices.Length; i++)
        {
            ThrowIfNoLeaf(indices[i]);
            if (i > 0 && indices[i] <= indices[i - 1])
            {
                throw new ArgumentException("indices: they do not ascend", nameof(indices));
            }
        }

        var hashes = new List<Bytes32>();
        int[] places = indices.ToArray();
        int count = places.Length;
        for (int level = 0; level < _levels.Length - 1; level++)
        {
            int written = 0;
            for (int read = 0; read < count; read++)
            {
                int place = places[read];
                if ((place & 1) == 0 && read + 1 < count && places[read + 1] == place + 1)
                {
                    read++;
                }
                else
                {
                    hashes.Add(_levels[level][place ^ 1]);
                }

                places[written++] = place >> 1;
            }

            count = written;
        }

        return [.. hashes];
    }

    /// <summary>Whether an item is leaf <paramref name="index"/> of the tree with that root and so many
    /// leaves.</summary>
    /// <param name="root">The tree's root.</param>
    /// <param name="leafCount">Its items.</param>
    /// <param name="index">The item's place.</param>
    /// <param name="item">The item.</param>
    /// <param name="path">As <see cref="Path"/> gives it.</param>
    public static bool Verify(
        Bytes32 root,
        int leafCount,
        int index,
        ReadOnlySpan<byte> item,
        ReadOnlySpan<Bytes32> path
    )
    {
        if (leafCount < 1 || index < 0 || index >= leafCount || path.Length != Depth(leafCount))
        {
            return false;
        }

        Bytes32 node = Leaf(item);
        foreach (Bytes32 sibling in path)
        {
            node = (index & 1) == 0 ? Node(node, sibling) : Node(sibling, node);
            index >>= 1;
        }

        return node == root;
    }

    /// <summary>The root of some leaves and the nodes of their multiproof, as the contract computes it.</summary>
    /// <param name="leafCount">The tree's items.</param>
    /// <param name="indices">The leaves' places, ascending, each once.</param>
    /// <param name="leaves">Their leaves.</param>
    /// <param name="hashes">As <see cref="Multiproof"/> gives them.</param>
    /// <returns>The root; null where the nodes are too few or too many, or the places do not ascend in the
    /// tree.</returns>
    public static Bytes32? RootOf(
        int leafCount,
        ReadOnlySpan<int> indices,
        ReadOnlySpan<Bytes32> leaves,
        ReadOnlySpan<Bytes32> hashes
    )
    {
        if (!Ascend(indices, leafCount) || leaves.Length != indices.Length)
        {
            return null;
        }

        int[] places = indices.ToArray();
        Bytes32[] nodes = leaves.ToArray();
        int count = places.Length;
        int used = 0;
        for (int level = 0; level < Depth(leafCount); level++)
        {
            int written = 0;
            for (int read = 0; read < count; read++)
            {
                int place = places[read];
                Bytes32 node = nodes[read];
                if ((place & 1) == 0 && read + 1 < count && places[read + 1] == place + 1)
                {
                    node = Node(node, nodes[++read]);
                }
                else if (used == hashes.Length)
                {
                    return null;
                }
                else
                {
                    node = (place & 1) == 0 ? Node(node, hashes[used++]) : Node(hashes[used++], node);
                }

                places[written] = place >> 1;
                nodes[written++] = node;
            }

            count = written;
        }

        return used == hashes.Length ? nodes[0] : null;
    }

    private static bool Ascend(ReadOnlySpan<int> indices, int leafCount)
    {
        int last = -1;
        foreach (int index in indices)
        {
            if (index <= last)
            {
                return false;
            }

            last = index;
        }

        return last >= 0 && last < leafCount;
    }

    private void ThrowIfNoLeaf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, LeafCount);
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
