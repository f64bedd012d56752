using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;

namespace Meeda.Chain.Following;

/// <summary>
/// The store of a <see cref="ChainFollower"/>: the blocks and the events of their logs. Every write is one transaction.
/// </summary>
internal interface IFollowedChain
{
    /// <summary>The last block that was read, or null before the first.</summary>
    Task<BlockPoint?> TipAsync(CancellationToken cancellationToken);

    /// <summary>The blocks that are kept for finding a common ancestor, newest first.</summary>
    Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken);

    /// <summary>An operator's anchor with the highest index (null for none), and the number of all.</summary>
    Task<(Anchor? Last, long Count)> LastAnchorAsync(Address operatorAddress, CancellationToken cancellationToken);

    /// <summary>Adds the events of a range of blocks, and its last block as the new tip.</summary>
    Task AdvanceAsync(BlockPoint tip, ChainEvents events, CancellationToken cancellationToken);

    /// <summary>Removes the events of all blocks after <paramref name="lastGood"/>; -1 removes everything.</summary>
    Task RollBackAsync(long lastGood, CancellationToken cancellationToken);
}
