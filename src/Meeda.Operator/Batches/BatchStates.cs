using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Batches;

/// <summary>Where a batch stands.</summary>
/// <param name="Batch">What was promised.</param>
/// <param name="State">How far it has come.</param>
/// <param name="Anchoring">Its latest place on L1, with the anchor and its transaction; null before it has one.</param>
/// <param name="Depth">L1 blocks on top of the anchor's, as far as they were read.</param>
internal sealed record BatchStatus(
    StoredBatch Batch,
    BatchState State,
    (AnchoredBatch Batch, Anchor Anchor, Bytes32 TransactionHash)? Anchoring,
    ulong Depth
);

/// <summary>
/// Says what state batches are in, and waits for states. What it says is read from the ledger each time: any operator
/// on the same ledger says the same.
/// </summary>
internal sealed class BatchStates(Ledger ledger, L1Follower follower, BatchSignal signal, TimeProvider time)
{
    // Another operator on the same database may have moved a batch without a signal here.
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Where a batch stands. While an anchor is owed, earlier ones count for nothing: what was promised last is not
    /// on L1 yet.
    /// </summary>
    public async Task<BatchStatus> OfAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        if (await ledger.FindAnchoringAsync(batch.Id, cancellationToken) is not { } anchoring)
        {
            return new BatchStatus(batch, batch.PlacedAt is null ? BatchState.Stored : BatchState.Placed, null, 0);
        }

        // Before the first look of this process, what the ledger holds says more than nothing.
        ulong tip = follower.Tip ?? (await ledger.TipAsync(cancellationToken))?.Number ?? 0;
        BatchState state =
            batch.OwedSince is not null ? (batch.PlacedAt is null ? BatchState.Stored : BatchState.Placed)
            : anchoring.Anchor.Expiry <= tip ? BatchState.Expired
            : anchoring.Anchor.BlockNumber <= follower.Final ? BatchState.Final
            : BatchState.Anchored;
        return new BatchStatus(
            batch,
            state,
            anchoring,
            tip > anchoring.Anchor.BlockNumber ? tip - anchoring.Anchor.BlockNumber : 0
        );
    }

    /// <summary>Waits until a batch has come as far as a state.</summary>
    public async Task WaitForStateAsync(BatchId id, BatchState state, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed = signal.Changed;
            if (
                await ledger.FindBatchAsync(id, cancellationToken) is { } batch
                && (
                    state == BatchState.Placed
                        ? batch.PlacedAt is not null
                        : (await OfAsync(batch, cancellationToken)).State >= state
                )
            )
            {
                return;
            }

            await Task.WhenAny(changed, Task.Delay(PollInterval, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
