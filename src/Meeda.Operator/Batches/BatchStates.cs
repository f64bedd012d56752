using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Batches;

/// <summary>The status of a batch.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="State">Its state.</param>
/// <param name="Anchoring">Its newest anchoring on L1, with the transaction; null before it has one.</param>
/// <param name="Depth">L1 blocks on top of the anchor's, as far as they were read.</param>
internal sealed record BatchStatus(
    StoredBatch Batch,
    BatchState State,
    (AnchoredBatch Batch, Anchor Anchor, Bytes32 TransactionHash)? Anchoring,
    ulong Depth
);

/// <summary>
/// Reports the states of batches, and waits for states. Each answer is read from the ledger, so all operators on one
/// ledger agree.
/// </summary>
internal sealed class BatchStates(Ledger ledger, L1Follower follower, BatchSignal signal, TimeProvider time)
{
    // Another operator on the same database may change the state of a batch without a signal in this process.
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The status of a batch. While an anchor is owed, earlier ones do not count: the last promise is not on L1 yet.
    /// </summary>
    public async Task<BatchStatus> OfAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        if (await ledger.FindAnchoringAsync(batch.Id, cancellationToken) is not { } anchoring)
        {
            return new BatchStatus(batch, batch.PlacedAt is null ? BatchState.Stored : BatchState.Placed, null, 0);
        }

        // Before the first poll of this process, the tip in the ledger is the best information.
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

    /// <summary>Waits until a batch has reached a state.</summary>
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
