using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;

namespace Meeda.Node.Verification;

/// <summary>An operator's anchored commitments by blob position, with their Merkle paths and weighted sums.</summary>
internal sealed class AnchoredCommitments(IAnchorRecord record, Address operatorAddress, IReadOnlyList<Anchor> anchors)
{
    /// <summary>The anchors by index.</summary>
    public IReadOnlyList<Anchor> Anchors => anchors;

    /// <summary>Reads an operator's anchors.</summary>
    public static async Task<AnchoredCommitments> OfAsync(IAnchorRecord record, Address operatorAddress, CancellationToken cancellationToken) =>
        new(record, operatorAddress, await record.AnchorsAsync(operatorAddress, cancellationToken));

    /// <summary>The anchor that covers a position; null where none does.</summary>
    public Anchor? AnchorAt(ulong position) =>
        anchors.Count > 0 && anchors[IndexOf(position)] is var anchor && anchor.FirstBlob <= position && position < anchor.EndBlob ? anchor : null;

    /// <summary>The commitments at positions with their Merkle paths, in the order asked for.</summary>
    /// <exception cref="InvalidDataException">No anchor covers a position.</exception>
    public async Task<IReadOnlyList<AnchoredLeaf>> LeavesAsync(IReadOnlyList<ulong> positions, CancellationToken cancellationToken)
    {
        var trees = new Dictionary<uint, (AnchorTree Tree, byte[] Commitments)>();
        var leaves = new List<AnchoredLeaf>(positions.Count);
        foreach (ulong position in positions)
        {
            Anchor anchor = AnchorAt(position) ?? throw new InvalidDataException($"no anchor of {operatorAddress} covers blob position {position}");
            if (!trees.TryGetValue(anchor.Index, out (AnchorTree Tree, byte[] Commitments) held))
            {
                byte[] commitments = await record.CommitmentsAsync(operatorAddress, anchor.Index, cancellationToken);
                held = trees[anchor.Index] = (new AnchorTree(commitments), commitments);
            }

            var place = (int)(position - anchor.FirstBlob);
            leaves.Add(new AnchoredLeaf(anchor.Index, At(held.Commitments, place).ToArray(), held.Tree.Path(place)));
        }

        return leaves;
    }

    /// <summary>
    /// The partial sums that a proof over these samples must have (docs/protocol.md, "Proof of availability"). A leaf that is no point of the group counts as
    /// infinity: it is fraud of its own, and the sum over it means nothing either way.
    /// </summary>
    /// <param name="samples">The epoch's samples.</param>
    /// <param name="areChecked">Whether every leaf was checked before to be of the group, or answered where it is not: then it is not checked again.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<G1Point[]> PartialSumsAsync(Sample[] samples, bool areChecked, CancellationToken cancellationToken)
    {
        var encoded = new Dictionary<ulong, byte[]>();
        foreach (IGrouping<int, ulong> group in samples.Select(sample => sample.Position).Distinct().GroupBy(IndexOf))
        {
            byte[] commitments = await record.CommitmentsAsync(operatorAddress, anchors[group.Key].Index, cancellationToken);
            foreach (ulong position in group)
            {
                encoded[position] = At(commitments, (int)(position - anchors[group.Key].FirstBlob)).ToArray();
            }
        }

        return await Task.Run(
            () =>
            {
                var points = encoded.AsParallel().WithCancellation(cancellationToken)
                    .Select(pair => (pair.Key, Point: Decode(pair.Value, areChecked)))
                    .ToDictionary(pair => pair.Key, pair => pair.Point);
                return AvailabilityProof.SumCommitments(samples, position => points[position]);
            },
            cancellationToken);
    }

    private static G1Point Decode(byte[] commitment, bool isChecked)
    {
        bool isPoint = isChecked ? G1Point.TryDecodeKnown(commitment, out G1Point point) : G1Point.TryDecode(commitment, out point);
        return isPoint ? point : G1Point.Infinity;
    }

    private static ReadOnlySpan<byte> At(byte[] commitments, int place) => commitments.AsSpan(place * KzgCommitment.Length, KzgCommitment.Length);

    /// <summary>The last anchor that begins at or before a position.</summary>
    private int IndexOf(ulong position)
    {
        int low = 0;
        int high = anchors.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (anchors[middle].FirstBlob <= position)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }
}
