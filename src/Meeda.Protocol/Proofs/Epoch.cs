using Meeda.Protocol.Anchors;

namespace Meeda.Protocol.Proofs;

/// <summary>
/// The anchors that bound an operator's live range, which the contract checks instead of searching for them.
/// </summary>
/// <param name="LoAnchor">The first anchor not expired at the epoch's block.</param>
/// <param name="HotAnchor">The first anchor, from <paramref name="LoAnchor"/> on, of the last <c>HotEpochs</c>
/// epochs.</param>
/// <param name="EndAnchor">The number of anchors before the epoch's block.</param>
public readonly record struct RangeHints(uint LoAnchor, uint HotAnchor, uint EndAnchor);

/// <summary>
/// The protocol's parameters that decide what an epoch challenges; the contract fixes them at its construction.
/// </summary>
/// <param name="EpochBlocks">L1 blocks in an epoch.</param>
/// <param name="HotEpochs">Blobs of that many last epochs are recent.</param>
/// <param name="HotSamples">The most recent blobs that are challenged.</param>
/// <param name="ColdSamples">The draws from the older blobs.</param>
/// <param name="SeedDelay">L1 blocks from the epoch's block to the one whose RANDAO mix is its randomness.</param>
/// <param name="ProofWindow">L1 blocks from that block within which the proof must be recorded.</param>
public sealed record EpochParameters(
    uint EpochBlocks,
    uint HotEpochs,
    uint HotSamples,
    uint ColdSamples,
    uint SeedDelay,
    uint ProofWindow
)
{
    /// <summary>The epoch's block: <c>B_e = e · EpochBlocks</c>.</summary>
    public ulong BlockOf(ulong epoch) => epoch * EpochBlocks;

    /// <summary>The block whose RANDAO mix is the epoch's randomness: <c>D_e = B_e + SeedDelay</c>.</summary>
    public ulong SeedBlockOf(ulong epoch) => BlockOf(epoch) + SeedDelay;

    /// <summary>The last epoch whose block is not after <paramref name="blockNumber"/>.</summary>
    public ulong EpochAt(ulong blockNumber) => blockNumber / EpochBlocks;

    /// <summary>The last block in which the epoch's proof is taken.</summary>
    public ulong LastProofBlock(ulong epoch) => SeedBlockOf(epoch) + ProofWindow;

    /// <summary>
    /// The live range of an operator at an epoch's block, and the anchors that bound it; null where nothing is live.
    /// </summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="anchors">All anchors of the operator, by index.</param>
    public (LiveRange Range, RangeHints Hints)? LiveRangeAt(ulong epoch, IReadOnlyList<Anchor> anchors)
    {
        ulong block = BlockOf(epoch);
        ulong hotSpan = (ulong)HotEpochs * EpochBlocks;
        ulong hotFrom = block > hotSpan ? block - hotSpan : 0;
        uint end = CountWhile(anchors, anchor => anchor.BlockNumber < block);
        uint lo = CountWhile(anchors, anchor => anchor.Expiry <= block);
        if (lo >= end)
        {
            return null;
        }

        uint hot = Math.Clamp(CountWhile(anchors, anchor => anchor.BlockNumber < hotFrom), lo, end);
        ulong hi = anchors[(int)end - 1].EndBlob;
        ulong hotBlob = hot < end ? anchors[(int)hot].FirstBlob : hi;
        return (new LiveRange(anchors[(int)lo].FirstBlob, hotBlob, hi), new RangeHints(lo, hot, end));
    }

    /// <summary>
    /// The length of the prefix that fulfils a monotone condition: block numbers and expiries never decrease.
    /// </summary>
    private static uint CountWhile(IReadOnlyList<Anchor> anchors, Func<Anchor, bool> condition)
    {
        int low = 0;
        int high = anchors.Count;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (condition(anchors[middle]))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return (uint)low;
    }
}
