using Meeda.Chain.Contract;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.L1.Transactions;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Payments;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Anchors;

/// <summary>
/// Anchors stored batches: one transaction for all that wait, at least once per <see cref="AnchorOptions.Interval"/>.
/// A batch counts as anchored once the follower has read its anchor from L1, not when the transaction is sent. After a
/// crash or a reorganisation the ledger therefore still lists every batch that waits.
/// </summary>
internal sealed class AnchorPoster(
    IOptions<AnchorOptions> options,
    Ledger ledger,
    BatchPlacement placement,
    BlobFailover failover,
    Terms terms,
    CellProver cells,
    L1Follower follower,
    SystemContract system,
    LeaderElection leadership,
    OperatorStanding standing,
    RollupEscrows escrows,
    TransactionSender sender,
    TimeProvider time,
    ILogger<AnchorPoster> logger
)
    : PeriodicLeaderService(
        "Anchoring",
        PollInterval < options.Value.Interval ? PollInterval : options.Value.Interval,
        leadership,
        time,
        logger
    )
{
    // Batches may fill an anchor before the interval is over, so the ledger is polled more often than anchors are sent.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    // The maximum number of batches that are considered for a blob transaction; providers reject the oldest first.
    private const int MaxUnplaceable = 256;

    /// <inheritdoc/>
    protected override string? Obstacle => standing.Problem;

    /// <inheritdoc/>
    protected override Task OnLeadingAsync(CancellationToken stoppingToken) =>
        // Transactions of an earlier run of this process may still wait in the mempool. The ledger is current only
        // once they are mined and followed.
        follower.WaitUntilSettledAsync(sender, stoppingToken);

    /// <inheritdoc/>
    protected override Task RunOnceAsync(CancellationToken stoppingToken) =>
        Obstacle is null ? AnchorWaitingAsync(stoppingToken) : Task.CompletedTask;

    /// <summary>Anchors the batches that are due, and waits until the follower has read the anchor.</summary>
    internal async Task AnchorWaitingAsync(CancellationToken cancellationToken)
    {
        await SettleAsync(cancellationToken);
        if (
            (await DueAsync(cancellationToken)).Count == 0
            && (await UnplaceableBatchesAsync(cancellationToken)).Count == 0
        )
        {
            return;
        }

        await follower.FollowedToHeadAsync(cancellationToken);
        IReadOnlyList<StoredBatch> homeless = await UnplaceableBatchesAsync(cancellationToken);
        IReadOnlyList<StoredBatch> waiting = Carried(homeless.Count > 0 ? homeless : await DueAsync(cancellationToken));
        if (waiting.Count == 0)
        {
            return;
        }

        logger.Anchoring(waiting.Count, waiting.Sum(batch => batch.BlobCount));
        TransactionRequest anchor = system.Anchors.Anchor(
            waiting,
            await escrows.CoveredAsync(waiting, cancellationToken),
            await ledger.FirstLiveAnchorAsync(follower.Tip ?? 0, cancellationToken)
        ) with
        {
            Blobs = homeless.Count > 0 ? await SidecarAsync(waiting, cancellationToken) : null,
            Keys = await KeysAsync(waiting, cancellationToken),
        };
        TransactionReceipt receipt = await sender.SendAsync(anchor, cancellationToken);
        logger.Anchored(receipt.TransactionHash.ToString(), receipt.BlockNumber, receipt.GasUsed);
        await follower.WaitForBlockAsync(receipt.BlockNumber, cancellationToken);
    }

    /// <summary>
    /// The batches that the stake carries, in their order: one too many would revert the anchor of all.
    /// </summary>
    /// <exception cref="InvalidDataException">It carries none of them.</exception>
    private IReadOnlyList<StoredBatch> Carried(IReadOnlyList<StoredBatch> waiting)
    {
        if (standing.Capacity is not { } capacity)
        {
            return waiting;
        }

        long room = (long)capacity.Most - (long)capacity.Live;
        StoredBatch[] carried = [.. waiting.TakeWhile(batch => (room -= batch.BlobCount) >= 0)];
        return carried.Length > 0 || waiting.Count == 0
            ? carried
            : throw new InvalidDataException(
                $"the stake: it carries {capacity.Most} live blobs, and {capacity.Live} are live; {waiting.Count} "
                    + "batches wait until some expire or the stake grows"
            );
    }

    /// <summary>
    /// Once L1's height is known, decides which of the promises that were made without it need another anchor.
    /// </summary>
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        if (follower.Head is not { } head)
        {
            return;
        }

        long anchorFrom = await terms.AnchorFromAsync(head, cancellationToken);
        if (await ledger.HasOpenPromisesAsync(cancellationToken))
        {
            await ledger.SettleAsync(anchorFrom, head, cancellationToken);
        }
    }

    /// <summary>
    /// The anchor's request keys: one for each batch, derived from the last known anchor of that batch. A transaction
    /// that was sent and is not visible on L1 (pending, or undone by a reorganisation) has the same key, so that no
    /// batch is anchored twice for one reason.
    /// </summary>
    private async Task<IReadOnlyList<string>> KeysAsync(
        IReadOnlyList<StoredBatch> batches,
        CancellationToken cancellationToken
    )
    {
        var keys = new List<string>(batches.Count);
        foreach (StoredBatch batch in batches)
        {
            string after = await ledger.FindAnchoringAsync(batch.Id, cancellationToken) is var (last, _, _)
                ? $"{last.AnchorIndex}"
                : "none";
            keys.Add($"anchor:{system.Address}:{batch.Id}:after:{after}");
        }

        return keys;
    }

    /// <summary>
    /// The batches that wait, if they fill an anchor or one of them has waited for the interval; otherwise an empty
    /// list.
    /// </summary>
    internal async Task<IReadOnlyList<StoredBatch>> DueAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredBatch> waiting = await ledger.WaitingBatchesAsync(
            options.Value.MaxBlobs,
            cancellationToken
        );
        DateTimeOffset now = Time.GetUtcNow();
        return
            waiting.Sum(batch => batch.BlobCount) >= options.Value.MaxBlobs
            || waiting.Any(batch => Stamp.IsOlder(batch.OwedSince, options.Value.Interval, now))
            ? waiting
            : [];
    }

    /// <summary>
    /// The batches that the providers rejected, up to the blob limit of one transaction. They are anchored at once.
    /// </summary>
    private async Task<IReadOnlyList<StoredBatch>> UnplaceableBatchesAsync(CancellationToken cancellationToken)
    {
        if (!failover.IsOn || placement.FailingFor == TimeSpan.Zero)
        {
            return [];
        }

        // A batch that no longer fits goes with a later transaction and does not block the batches behind it.
        var fitting = new List<StoredBatch>();
        foreach (
            StoredBatch batch in await ledger.WaitingUnplacedBatchesAsync(
                BlobFailover.MaxBlobs,
                MaxUnplaceable,
                cancellationToken
            )
        )
        {
            if (
                placement.IsRefused(batch.Id)
                && fitting.Sum(each => each.BlobCount) + batch.BlobCount <= BlobFailover.MaxBlobs
            )
            {
                fitting.Add(batch);
            }
        }

        return fitting;
    }

    private async Task<BlobSidecar> SidecarAsync(
        IReadOnlyList<StoredBatch> batches,
        CancellationToken cancellationToken
    )
    {
        var blobs = new List<byte[]>();
        foreach (StoredBatch batch in batches)
        {
            byte[] payload =
                await ledger.FindPayloadAsync(batch.Id, cancellationToken)
                ?? throw new InvalidDataException($"the ledger holds no payload of batch {batch.Id}");
            blobs.AddRange(BlobEncoding.Encode(payload).Chunk(Blob.ByteLength));
        }

        byte[][] commitments = [.. batches.SelectMany(batch => batch.Commitments.Chunk(KzgCommitment.Length))];
        return await Task.Run(() => BlobSidecars.Make(blobs, commitments, cells), cancellationToken);
    }
}
