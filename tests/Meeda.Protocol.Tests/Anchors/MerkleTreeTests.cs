using CsCheck;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Xunit;

namespace Meeda.Protocol.Tests.Anchors;

public sealed class MerkleTreeTests
{
    private const int ItemLength = 48;

    private static readonly Gen<(int Count, int[] Places)> Leaves = Gen.Int[1, 70]
        .SelectMany(count =>
            Gen.Int[0, count - 1].Array[1, 12].Select(places => (count, places.Distinct().Order().ToArray()))
        );

    [Fact]
    public void Multiproof_OfAnyLeaves_GivesTheRootWithThemAlone() =>
        Leaves.Sample(sample =>
        {
            (byte[] items, MerkleTree tree) = Tree(sample.Count);
            Bytes32[] leaves = LeavesOf(items, sample.Places);
            Bytes32[] hashes = tree.Multiproof(sample.Places);

            Assert.Equal(tree.Root, MerkleTree.RootOf(sample.Count, sample.Places, leaves, hashes));
            // One node more, one less, or another leaf: no root, or another one.
            Assert.Null(MerkleTree.RootOf(sample.Count, sample.Places, leaves, [.. hashes, default]));
            if (hashes.Length > 0)
            {
                Assert.Null(
                    MerkleTree.RootOf(sample.Count, sample.Places, leaves, hashes.AsSpan(0, hashes.Length - 1))
                );
            }

            leaves[^1] = Keccak256.Hash([1]);
            Assert.NotEqual(tree.Root, MerkleTree.RootOf(sample.Count, sample.Places, leaves, hashes));
        });

    [Fact]
    public void Multiproof_OfOneLeaf_IsItsPath() =>
        Leaves.Sample(sample =>
        {
            (_, MerkleTree tree) = Tree(sample.Count);
            Assert.Equal(tree.Path(sample.Places[0]), tree.Multiproof([sample.Places[0]]));
        });

    [Fact]
    public void Verify_OfALeafInAnotherPlace_IsFalse() =>
        Leaves.Sample(sample =>
        {
            (byte[] items, MerkleTree tree) = Tree(sample.Count);
            int place = sample.Places[0];
            ReadOnlySpan<byte> item = items.AsSpan(place * ItemLength, ItemLength);
            Assert.True(MerkleTree.Verify(tree.Root, sample.Count, place, item, tree.Path(place)));
            Assert.False(MerkleTree.Verify(tree.Root, sample.Count, -1, item, tree.Path(place)));
            Assert.False(MerkleTree.Verify(tree.Root, sample.Count, sample.Count, item, tree.Path(place)));
            if (sample.Count > 1)
            {
                Assert.False(MerkleTree.Verify(tree.Root, sample.Count, place ^ 1, item, tree.Path(place)));
            }
        });

    [Theory]
    [InlineData(new int[0], "there are none")]
    [InlineData(new[] { 2, 1 }, "do not ascend")]
    [InlineData(new[] { 1, 1 }, "do not ascend")]
    public void Multiproof_OfNoAscendingPlaces_IsRefused(int[] places, string why)
    {
        (byte[] items, MerkleTree tree) = Tree(5);
        Assert.Contains(why, Assert.Throws<ArgumentException>(() => tree.Multiproof(places)).Message);
        Assert.Null(MerkleTree.RootOf(5, places, LeavesOf(items, places), []));
    }

    [Fact]
    public void Multiproof_OfAPlaceBehindTheLeaves_IsRefused()
    {
        (byte[] items, MerkleTree tree) = Tree(5);
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Multiproof([5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Path(-1));
        Assert.Null(MerkleTree.RootOf(5, [5], LeavesOf(items, [0]), tree.Path(0)));
        Assert.Null(MerkleTree.RootOf(5, [0], [], tree.Path(0)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(47)]
    [InlineData(49)]
    public void Tree_OfNoWholeItems_IsRefused(int length) =>
        Assert.Contains(
            $"{length} bytes",
            Assert.Throws<ArgumentException>(() => new MerkleTree(new byte[length], ItemLength)).Message
        );

    private static (byte[] Items, MerkleTree Tree) Tree(int count)
    {
        byte[] items = new byte[count * ItemLength];
        new Random(count).NextBytes(items);
        return (items, new MerkleTree(items, ItemLength));
    }

    private static Bytes32[] LeavesOf(byte[] items, int[] places) =>
        [.. places.Select(place => MerkleTree.Leaf(items.AsSpan(place * ItemLength, ItemLength)))];
}
