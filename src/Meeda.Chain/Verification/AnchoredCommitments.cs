using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Verification;

/// <summary>
/// An operator's anchored commitments by blob position, with their Merkle paths and weighted sums. Reads only the
/// anchors that cover the requested positions.
/// </summary>
internal sealed class AnchoredCommitments(IAnchorRecord record, Address operatorAddress)
{
    /// <summary>The commitments at positions with their Merkle paths, in the order asked for.</summary>
    /// <exception cref="InvalidDataException">No anchor covers a position.</exception>
    public async Task<IReadOnlyList<AnchoredLeaf>> LeavesAsync(
        IReadOnlyList<ulong> positions,
        CancellationToken cancellationToken
    )
    {
        var trees = new Dictionary<uint, (MerkleTree Tree, byte[] Commitments, AnchorRoots Roots)>();
        var leaves = new Dictionary<ulong, AnchoredLeaf>();
        foreach ((Anchor anchor, ulong position) in await CoveringAsync(positions, cancellationToken))
        {
            if (!trees.TryGetValue(anchor.Index, out (MerkleTree Tree, byte[] Commitments, AnchorRoots Roots) held))
            {
                byte[] commitments = await record.CommitmentsAsync(operatorAddress, anchor.Index, cancellationToken);
                Bytes32 idRoot = await record.IdRootAsync(operatorAddress, anchor.Index, cancellationToken);
                var tree = new MerkleTree(commitments, KzgCommitment.Length);
                held = trees[anchor.Index] = (tree, commitments, new AnchorRoots(tree.Root, idRoot));
            }

            var place = (int)(position - anchor.FirstBlob);
            leaves[position] = new AnchoredLeaf(
                anchor.Index,
                At(held.Commitments, place).ToArray(),
                held.Tree.Path(place),
                held.Roots
            );
        }

        return [.. positions.Select(position => leaves[position])];
    }

    /// <summary>What shows the commitments of a chunk's samples to be the anchored ones.</summary>
    /// <param name="samples">The chunk's samples, at most <see cref="Sampler.ChunkSize"/>.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="InvalidDataException">No anchor covers a position, or a commitment is not a point of the
    /// group.</exception>
    public async Task<ChunkProof> ChunkAsync(ReadOnlyMemory<Sample> samples, CancellationToken cancellationToken)
    {
        ulong[] positions = [.. samples.ToArray().Select(sample => sample.Position)];
        var anchors = new List<AnchorContent>();
        foreach (
            Anchor anchor in (await CoveringAsync(positions, cancellationToken)).Select(each => each.Anchor).Distinct()
        )
        {
            anchors.Add(
                new AnchorContent(
                    anchor,
                    await record.CommitmentsAsync(operatorAddress, anchor.Index, cancellationToken),
                    await record.IdRootAsync(operatorAddress, anchor.Index, cancellationToken)
                )
            );
        }

        return ChunkProof.Build(samples.Span, anchors);
    }

    /// <summary>
    /// The partial sums that a proof over these samples must have (docs/protocol.md, "Proof of availability"). A leaf
    /// that is not a point of the group counts as infinity: it is fraud of its own, and the sum over it is meaningless.
    /// </summary>
    /// <param name="samples">The epoch's samples.</param>
    /// <param name="areChecked">Whether each leaf is already known to be a point of the group, or was challenged; then
    /// it is not checked again.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="InvalidDataException">No anchor covers a position.</exception>
    public async Task<G1Point[]> PartialSumsAsync(
        Sample[] samples,
        bool areChecked,
        CancellationToken cancellationToken
    )
    {
        var encoded = new Dictionary<ulong, byte[]>();
        foreach (
            var group in (
                await CoveringAsync([.. samples.Select(sample => sample.Position)], cancellationToken)
            ).GroupBy(each => each.Anchor)
        )
        {
            byte[] commitments = await record.CommitmentsAsync(operatorAddress, group.Key.Index, cancellationToken);
            foreach ((Anchor anchor, ulong position) in group)
            {
                encoded[position] = At(commitments, (int)(position - anchor.FirstBlob)).ToArray();
            }
        }

        return await Task.Run(
            () =>
            {
                var points = encoded
                    .AsParallel()
                    .WithCancellation(cancellationToken)
                    .Select(pair => (pair.Key, Point: Decode(pair.Value, areChecked)))
                    .ToDictionary(pair => pair.Key, pair => pair.Point);
                return AvailabilityProof.SumCommitments(samples, position => points[position]);
            },
            cancellationToken
        );
    }

    private static G1Point Decode(byte[] commitment, bool isChecked)
    {
        bool isPoint = isChecked
            ? G1Point.TryDecodeKnown(commitment, out G1Point point)
            : G1Point.TryDecode(commitment, out point);
        return isPoint ? point : G1Point.Infinity;
    }

    private static ReadOnlySpan<byte> At(byte[] commitments, int place) =>
        commitments.AsSpan(place * KzgCommitment.Length, KzgCommitment.Length);

    /// <summary>Distinct positions in ascending order, each with the anchor that covers it.</summary>
    private async Task<IReadOnlyList<(Anchor Anchor, ulong Position)>> CoveringAsync(
        IReadOnlyList<ulong> positions,
        CancellationToken cancellationToken
    )
    {
        ulong[] ascending = [.. positions.Distinct().Order()];
        IReadOnlyList<Anchor> anchors = await record.AnchorsAtAsync(operatorAddress, ascending, cancellationToken);
        var covering = new List<(Anchor, ulong)>(ascending.Length);
        int next = 0;
        foreach (ulong position in ascending)
        {
            while (next < anchors.Count && anchors[next].EndBlob <= position)
            {
                next++;
            }

            covering.Add(
                next < anchors.Count && anchors[next].FirstBlob <= position
                    ? (anchors[next], position)
                    : throw new InvalidDataException($"no anchor of {operatorAddress} covers blob position {position}")
            );
        }

        return covering;
    }
}
