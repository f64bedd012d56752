using Meeda.Chain.Following;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;

namespace Meeda.Light;

/// <summary>
/// The light node's ledger as a follower needs it: what a reorganisation undid is checked again for misses, from the
/// first epoch on whose window it may have changed.
/// </summary>
internal sealed class LightChain(LightLedger ledger, FraudDetector detector) : IFollowedChain
{
    /// <inheritdoc/>
    public Task<BlockPoint?> TipAsync(CancellationToken cancellationToken) => ledger.Index.TipAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken) =>
        ledger.Index.FollowedBlocksAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<(Anchor? Last, long Count)> LastAnchorAsync(
        Address operatorAddress,
        CancellationToken cancellationToken
    ) => ledger.Index.LastAnchorAsync(operatorAddress, cancellationToken);

    /// <inheritdoc/>
    public Task AdvanceAsync(BlockPoint tip, ChainEvents events, CancellationToken cancellationToken) =>
        ledger.AdvanceAsync(tip, events, cancellationToken);

    /// <inheritdoc/>
    public async Task RollBackAsync(long lastGood, CancellationToken cancellationToken) =>
        await ledger.RollBackAsync(
            lastGood,
            lastGood < 0 ? 0 : await detector.FirstOpenEpochAsync((ulong)lastGood, cancellationToken),
            cancellationToken
        );
}
