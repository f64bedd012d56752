using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Index;

/// <summary>
/// Anchors and proofs that were read from L1's logs: an operator keeps its own, a light node those of all operators. A
/// verifier recomputes everything from them and from L1.
/// </summary>
internal interface IAnchorRecord
{
    /// <summary>All anchors of an operator by index; empty for one that is not followed.</summary>
    Task<IReadOnlyList<Anchor>> AnchorsAsync(Address operatorAddress, CancellationToken cancellationToken);

    /// <summary>
    /// The live range of an operator at an epoch's block, and the anchors that bound it; null where nothing is live.
    /// </summary>
    /// <param name="operatorAddress">The operator.</param>
    /// <param name="parameters">The contract's parameters.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    async Task<(LiveRange Range, RangeHints Hints)?> LiveRangeAsync(
        Address operatorAddress,
        EpochParameters parameters,
        ulong epoch,
        CancellationToken cancellationToken
    ) => parameters.LiveRangeAt(epoch, await AnchorsAsync(operatorAddress, cancellationToken));

    /// <summary>
    /// The anchors of an operator that cover blob positions, by index. Positions that no anchor covers are left out.
    /// </summary>
    /// <param name="operatorAddress">The operator.</param>
    /// <param name="positions">Positions in ascending order.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    async Task<IReadOnlyList<Anchor>> AnchorsAtAsync(
        Address operatorAddress,
        IReadOnlyList<ulong> positions,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Anchor> anchors = await AnchorsAsync(operatorAddress, cancellationToken);
        var found = new List<Anchor>();
        foreach (ulong position in positions)
        {
            if ((found.Count == 0 || position >= found[^1].EndBlob) && Covering(anchors, position) is { } anchor)
            {
                found.Add(anchor);
            }
        }

        return found;
    }

    /// <summary>The leaves of an anchor, 48 bytes each.</summary>
    Task<byte[]> CommitmentsAsync(Address operatorAddress, uint anchorIndex, CancellationToken cancellationToken);

    /// <summary>The root over the batch ids of an anchor (<see cref="AnchorRoots"/>).</summary>
    /// <exception cref="InvalidDataException">There is no such anchor.</exception>
    Task<Bytes32> IdRootAsync(Address operatorAddress, uint anchorIndex, CancellationToken cancellationToken);

    /// <summary>Every anchoring of a batch, the newest of each operator last.</summary>
    Task<IReadOnlyList<BatchAnchoring>> AnchoringsAsync(BatchId id, CancellationToken cancellationToken);

    /// <summary>
    /// The proofs of an operator from epoch <paramref name="first"/> to <paramref name="last"/> that L1 records, by
    /// epoch.
    /// </summary>
    Task<IReadOnlyList<ProofEvent>> ProofsAsync(
        Address operatorAddress,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    );

    /// <summary>The last block that was read, or null before the first.</summary>
    Task<BlockPoint?> TipAsync(CancellationToken cancellationToken);

    private static Anchor? Covering(IReadOnlyList<Anchor> anchors, ulong position)
    {
        int low = 0;
        int high = anchors.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = anchors[middle].FirstBlob <= position ? (middle, high) : (low, middle - 1);
        }

        return
            anchors.Count > 0 && anchors[low] is var anchor && anchor.FirstBlob <= position && position < anchor.EndBlob
            ? anchor
            : null;
    }
}

/// <summary>A batch in an operator's anchor.</summary>
/// <param name="Operator">The operator that promised to hold it.</param>
/// <param name="Batch">Its place among the operator's blobs.</param>
/// <param name="Anchor">The anchor.</param>
/// <param name="TransactionHash">The anchoring transaction.</param>
internal sealed record BatchAnchoring(Address Operator, AnchoredBatch Batch, Anchor Anchor, Bytes32 TransactionHash);
