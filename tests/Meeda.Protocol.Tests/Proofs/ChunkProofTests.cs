using CsCheck;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.Protocol.Tests.Proofs;

public sealed class ChunkProofTests
{
    private static readonly G1Point[] Points =
    [
        .. Enumerable.Range(100, 32).Select(position => G1Point.Generator.Multiply(Fr.FromUInt64((ulong)position))),
    ];

    // Anchors of 3, 1, 8 and 20 blobs, from position 100 on.
    private static readonly AnchorContent[] Anchors = MakeAnchors([3, 1, 8, 20]);

    [Fact]
    public void Build_OfAnySamples_ShowsEachAnchorsRoot() =>
        Gen.ULong[100, 131]
            .Array[1, Sampler.ChunkSize]
            .Sample(
                positions =>
                {
                    var samples = positions
                        .Select((position, i) => new Sample(position, (UInt128)(uint)i + 1))
                        .ToArray();
                    ChunkProof proof = ChunkProof.Build(samples, Anchors);

                    Assert.Equal(
                        Enumerable.Range(0, positions.Length),
                        proof.Order.Select(place => (int)place).Order()
                    );
                    ulong[] sorted = [.. proof.Order.Select(place => positions[place])];
                    Assert.Equal(sorted.Order(), sorted);
                    Assert.True(PackedPoints.TryDecode(proof.Points.ToArray(), out G1Point[] points));
                    Assert.All(positions.Zip(points), pair => Assert.Equal(PointAt(pair.First), pair.Second));
                    CheckMultiproofs(proof, [.. sorted.Distinct()]);
                },
                iter: 40
            );

    [Fact]
    public void Build_OfAPositionThatNoAnchorHolds_IsRefused() =>
        Assert.Contains(
            "position 132",
            Assert
                .Throws<ArgumentException>(() => ChunkProof.Build([new Sample(101, 1), new Sample(132, 1)], Anchors))
                .Message
        );

    [Theory]
    [InlineData(0)]
    [InlineData(129)]
    public void Build_OfNoOrTooManySamples_IsRefused(int count) =>
        Assert.Contains(
            $"samples: {count}",
            Assert
                .Throws<ArgumentException>(() =>
                    ChunkProof.Build(Enumerable.Repeat(new Sample(100, 1), count).ToArray(), Anchors)
                )
                .Message
        );

    [Fact]
    public void Build_OfACommitmentThatIsNoPoint_SaysWhich()
    {
        AnchorContent wrong = Anchors[0] with { Commitments = new byte[3 * KzgCommitment.Length] };
        Assert.Contains(
            "position 101",
            Assert.Throws<InvalidDataException>(() => ChunkProof.Build([new Sample(101, 1)], [wrong])).Message
        );
    }

    [Fact]
    public void PackedPoints_RoundTripAndInfinity_AndWhatIsNoPoint()
    {
        G1Point[] points = [G1Point.Generator, G1Point.Infinity, PointAt(117)];
        byte[] packed = PackedPoints.Encode(points);

        Assert.Equal(3 * PackedPoints.PointLength, packed.Length);
        Assert.True(PackedPoints.TryDecode(packed, out G1Point[] read));
        Assert.Equal(points, read);
        Assert.All(packed[96..192], value => Assert.Equal(0, value));
        packed[95] ^= 1;
        Assert.False(PackedPoints.TryDecode(packed, out _));
        Assert.False(PackedPoints.TryDecode(packed.AsSpan(1), out _));
    }

    private static void CheckMultiproofs(ChunkProof proof, ulong[] positions)
    {
        int used = 0;
        var seen = new List<ulong>();
        for (int i = 0; i < proof.Anchors.Count; i++)
        {
            AnchorContent content = Anchors[(int)proof.Anchors[i]];
            Assert.Equal(content.IdRoot, proof.IdRoots[i]);
            ulong[] held =
            [
                .. positions.Where(position =>
                    position >= content.Anchor.FirstBlob && position < content.Anchor.EndBlob
                ),
            ];
            int[] places = [.. held.Select(position => (int)(position - content.Anchor.FirstBlob))];
            var tree = new MerkleTree(content.Commitments.Span, KzgCommitment.Length);
            int count = tree.Multiproof(places).Length;
            Bytes32[] leaves = [.. held.Select(position => MerkleTree.Leaf(Compressed(PointAt(position))))];
            Assert.Equal(
                tree.Root,
                MerkleTree.RootOf(tree.LeafCount, places, leaves, [.. proof.Hashes.Skip(used).Take(count)])
            );
            used += count;
            seen.AddRange(held);
        }

        Assert.Equal(positions, seen);
        Assert.Equal(used, proof.Hashes.Count);
    }

    private static AnchorContent[] MakeAnchors(int[] counts)
    {
        ulong first = 100;
        var made = new List<AnchorContent>();
        foreach (int count in counts)
        {
            byte[] commitments = [.. Enumerable.Range(0, count).SelectMany(i => Compressed(PointAt(first + (ulong)i)))];
            Bytes32 idRoot = Keccak256.Hash([(byte)made.Count]);
            var roots = new AnchorRoots(new MerkleTree(commitments, KzgCommitment.Length).Root, idRoot);
            made.Add(new(new Anchor((uint)made.Count, roots.Root, first, (uint)count, 1, 2), commitments, idRoot));
            first += (ulong)count;
        }

        return [.. made];
    }

    private static G1Point PointAt(ulong position) => Points[position - 100];

    private static byte[] Compressed(G1Point point)
    {
        var bytes = new byte[KzgCommitment.Length];
        point.Encode(bytes);
        return bytes;
    }
}
