using CsCheck;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Xunit;

namespace Meeda.Protocol.Tests.Anchors;

public sealed class MerkleTreePathTests
{
    [Fact]
    public void Root_OfOneCommitment_IsItsLeaf()
    {
        byte[] commitment = Commitments(1);
        Assert.Equal(Keccak256.Hash([0x00, .. commitment]), new MerkleTree(commitment, 48).Root);
    }

    [Fact]
    public void Root_OfThreeCommitments_PadsWithAZeroLeaf()
    {
        byte[] all = Commitments(3);
        Bytes32[] leaves =
        [
            .. Enumerable.Range(0, 3).Select(i => Keccak256.Hash([0x00, .. all.AsSpan(48 * i, 48)])),
            Bytes32.Zero,
        ];
        Bytes32 left = Keccak256.Hash([0x01, .. leaves[0].ToArray(), .. leaves[1].ToArray()]);
        Bytes32 right = Keccak256.Hash([0x01, .. leaves[2].ToArray(), .. leaves[3].ToArray()]);

        Assert.Equal(Keccak256.Hash([0x01, .. left.ToArray(), .. right.ToArray()]), new MerkleTree(all, 48).Root);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(255)]
    [InlineData(256)]
    public void Verify_EveryLeafWithItsPath_HoldsOnlyAtItsPlace(int count)
    {
        byte[] all = Commitments(count);
        var tree = new MerkleTree(all, 48);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> commitment = all.AsSpan(48 * i, 48);
            Bytes32[] path = tree.Path(i);
            Assert.True(MerkleTree.Verify(tree.Root, count, i, commitment, path));
            Assert.False(MerkleTree.Verify(tree.Root, count, count, commitment, path));
            Assert.False(MerkleTree.Verify(tree.Root, count, -1, commitment, path));
            if (count > 1)
            {
                Assert.False(MerkleTree.Verify(tree.Root, count, (i + 1) % count, commitment, path));
                Assert.False(MerkleTree.Verify(tree.Root, count, i, commitment, path.AsSpan(1)));
            }
        }
    }

    [Fact]
    public void Verify_ANodeInPlaceOfALeaf_IsRefused()
    {
        var tree = new MerkleTree(Commitments(4), 48);
        Bytes32 other = MerkleTree.Leaf(Commitments(1));
        Assert.False(MerkleTree.Verify(tree.Root, 2, 0, Commitments(1), [other]));
    }

    [Fact]
    public void Verify_AnyBitFlippedInCommitmentOrPath_IsRefused()
    {
        byte[] all = Commitments(6);
        var tree = new MerkleTree(all, 48);
        Gen.Int[0, (48 * 8) - 1]
            .Sample(
                bit =>
                {
                    byte[] commitment = all[48..96];
                    commitment[bit / 8] ^= (byte)(1 << (bit % 8));
                    return !MerkleTree.Verify(tree.Root, 6, 1, commitment, tree.Path(1));
                },
                iter: 384
            );
        Gen.Int[0, (3 * 256) - 1]
            .Sample(
                bit =>
                {
                    byte[] bytes = [.. tree.Path(1).SelectMany(node => node.ToArray())];
                    bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                    Bytes32[] path = [.. bytes.Chunk(32).Select(chunk => Bytes32.FromBytes(chunk))];
                    return !MerkleTree.Verify(tree.Root, 6, 1, all.AsSpan(48, 48), path);
                },
                iter: 500
            );
    }

    private static byte[] Commitments(int count)
    {
        var bytes = new byte[48 * count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
