using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Protocol.Anchors;

namespace Meeda.Protocol.Proofs;

/// <summary>An anchor with what a fraud proof needs to show its commitments.</summary>
/// <param name="Anchor">The anchor.</param>
/// <param name="Commitments">Its compressed commitments, 48 bytes each.</param>
/// <param name="IdRoot">The root over its batch ids.</param>
public sealed record AnchorContent(Anchor Anchor, ReadOnlyMemory<byte> Commitments, Bytes32 IdRoot);

/// <summary>
/// The commitments of the samples that one partial sum covers, and what shows that they are the anchored ones:
/// <c>proveFraud</c> takes it in one ordinary transaction (docs/protocol.md, "What any account can show").
/// </summary>
/// <param name="Points">The commitments in the order of the samples, as <see cref="PackedPoints"/>.</param>
/// <param name="Order">The samples' places within the chunk, a byte each, sorted by position.</param>
/// <param name="Anchors">The anchors that hold the positions, ascending, each once.</param>
/// <param name="IdRoots">For each of these anchors its root over batch ids.</param>
/// <param name="Hashes">The multiproofs' nodes, anchor by anchor.</param>
public sealed record ChunkProof(
    IReadOnlyList<byte> Points,
    IReadOnlyList<byte> Order,
    IReadOnlyList<uint> Anchors,
    IReadOnlyList<Bytes32> IdRoots,
    IReadOnlyList<Bytes32> Hashes
)
{
    /// <summary>Builds the proof.</summary>
    /// <param name="samples">The samples of one chunk in their order, 1 to <see cref="Sampler.ChunkSize"/>.</param>
    /// <param name="anchors">Anchors that hold their positions, ascending; those that hold none are left out.</param>
    /// <exception cref="ArgumentException">There are no samples, or too many, or no anchor holds one of
    /// them.</exception>
    /// <exception cref="InvalidDataException">A commitment is not a point of the group: that is shown by
    /// <c>proveInvalidCommitment</c> instead.</exception>
    public static ChunkProof Build(ReadOnlySpan<Sample> samples, IEnumerable<AnchorContent> anchors)
    {
        ArgumentNullException.ThrowIfNull(anchors);
        if (samples.Length is 0 or > Sampler.ChunkSize)
        {
            throw new ArgumentException(
                $"samples: {samples.Length}; a chunk has 1 to {Sampler.ChunkSize}",
                nameof(samples)
            );
        }

        ulong[] positions = [.. samples.ToArray().Select(sample => sample.Position)];
        byte[] order = [.. Enumerable.Range(0, positions.Length).OrderBy(i => positions[i]).Select(i => (byte)i)];
        var points = new G1Point[positions.Length];
        var shown = new List<AnchorContent>();
        var hashes = new List<Bytes32>();
        int next = 0;
        foreach (AnchorContent content in anchors)
        {
            var places = new List<int>();
            for (; next < order.Length && Holds(content.Anchor, positions[order[next]]); next++)
            {
                int place = (int)(positions[order[next]] - content.Anchor.FirstBlob);
                points[order[next]] = Decode(content, place);
                if (places.Count == 0 || places[^1] != place)
                {
                    places.Add(place);
                }
            }

            if (places.Count > 0)
            {
                shown.Add(content);
                var tree = new MerkleTree(content.Commitments.Span, KzgCommitment.Length);
                hashes.AddRange(tree.Multiproof([.. places]));
            }
        }

        return next == order.Length
            ? new ChunkProof(
                PackedPoints.Encode(points),
                order,
                [.. shown.Select(content => content.Anchor.Index)],
                [.. shown.Select(content => content.IdRoot)],
                hashes
            )
            : throw new ArgumentException(
                $"anchors: none of them, ascending, holds position {positions[order[next]]}",
                nameof(anchors)
            );
    }

    private static bool Holds(Anchor anchor, ulong position) =>
        position >= anchor.FirstBlob && position < anchor.EndBlob;

    private static G1Point Decode(AnchorContent content, int place)
    {
        ReadOnlySpan<byte> commitment = content.Commitments.Span.Slice(
            place * KzgCommitment.Length,
            KzgCommitment.Length
        );
        return G1Point.TryDecode(commitment, out G1Point point)
            ? point
            : throw new InvalidDataException(
                $"the commitment at position {content.Anchor.FirstBlob + (ulong)place} is not a point of the group"
            );
    }
}
