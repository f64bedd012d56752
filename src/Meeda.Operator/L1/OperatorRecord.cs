using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;

namespace Meeda.Operator.L1;

/// <summary>The operator's own ledger as a record of anchors: it follows one operator, itself.</summary>
internal sealed class OperatorRecord(Ledger ledger, OperatorAccount account) : IAnchorRecord
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<Anchor>> AnchorsAsync(
        Address operatorAddress,
        CancellationToken cancellationToken
    ) => operatorAddress == account.Address ? await ledger.AnchorsAsync(cancellationToken) : [];

    /// <inheritdoc/>
    public async Task<(LiveRange Range, RangeHints Hints)?> LiveRangeAsync(
        Address operatorAddress,
        EpochParameters parameters,
        ulong epoch,
        CancellationToken cancellationToken
    ) => operatorAddress == account.Address ? await ledger.LiveRangeAsync(parameters, epoch, cancellationToken) : null;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Anchor>> AnchorsAtAsync(
        Address operatorAddress,
        IReadOnlyList<ulong> positions,
        CancellationToken cancellationToken
    ) => operatorAddress == account.Address ? await ledger.AnchorsAtAsync(positions, cancellationToken) : [];

    /// <inheritdoc/>
    public Task<byte[]> CommitmentsAsync(
        Address operatorAddress,
        uint anchorIndex,
        CancellationToken cancellationToken
    ) => ledger.AnchorCommitmentsAsync(anchorIndex, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BatchAnchoring>> AnchoringsAsync(BatchId id, CancellationToken cancellationToken) =>
        await ledger.FindAnchoringAsync(id, cancellationToken) is var (batch, anchor, transaction)
            ? [new BatchAnchoring(account.Address, batch, anchor, transaction)]
            : [];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ProofEvent>> ProofsAsync(
        Address operatorAddress,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    ) => operatorAddress == account.Address ? await ledger.ProofsAsync(first, last, cancellationToken) : [];

    /// <inheritdoc/>
    public Task<BlockPoint?> TipAsync(CancellationToken cancellationToken) => ledger.TipAsync(cancellationToken);
}
