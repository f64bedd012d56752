using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.L1.Rpc;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Anchors;
using Meeda.Storage;
using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Batches;

/// <summary>
/// Expires batches some time after the contract's expiry, and deletes their rows at every provider. That cannot be
/// undone, so no single answer of L1 suffices: a batch must have expired at two consecutive checks,
/// <see cref="StorageOptions.RetentionInterval"/> apart, by blocks that are final, followed and confirmed by a second
/// query, and the contract must store the same anchors as the ledger. A batch that is renewed, or put again, is kept.
/// </summary>
internal sealed class Retention(
    IOptions<StorageOptions> options,
    EthereumClient client,
    Ledger ledger,
    RowPlacement rows,
    TenantCosts costs,
    L1Follower follower,
    SystemContract system,
    OperatorAccount account,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<Retention> logger
) : PeriodicLeaderService("Deleting expired batches", options.Value.RetentionInterval, leadership, time, logger)
{
    private const int PageLength = 64;

    private readonly RowClearing _clearing = new(ledger, rows, time, logger);

    // The result of the last check.
    private (ulong Final, ulong Tip)? _last;

    /// <inheritdoc/>
    protected override bool WaitsFirst => true;

    /// <inheritdoc/>
    protected override Task OnLeadingAsync(CancellationToken stoppingToken)
    {
        _last = null; // Another operator may have led meanwhile.
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task RunOnceAsync(CancellationToken stoppingToken) => PassAsync(stoppingToken);

    /// <summary>
    /// Expires the batches that had expired at this check and at the last one, then deletes their rows.
    /// </summary>
    internal async Task PassAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.Archive && await AgreedAsync(cancellationToken) is { } agreed)
        {
            // An epoch shortly before the expiry is proven after it, and a demand shortly before it answered after it:
            // within the window, or later where it waits in a queue, and then L1 counts it as open.
            SystemParameters parameters = await system.ParametersAsync(cancellationToken);
            ulong grace =
                (ulong)options.Value.GraceBlocks
                + parameters.SeedDelay
                + parameters.ProofWindow
                + parameters.PublishWindow;
            if (agreed > grace && await system.Publication.OpenDemandsAsync(account.Address, cancellationToken) == 0)
            {
                await ExpireAsync(agreed - grace, cancellationToken);
            }
        }

        await _clearing.PassAsync(cancellationToken);
    }

    /// <summary>
    /// The last block that was final at this check and at the last one; null where there is none, or one of the answers
    /// is not trusted.
    /// </summary>
    private async Task<ulong?> AgreedAsync(CancellationToken cancellationToken)
    {
        (ulong Final, ulong Tip)? last = _last;
        _last = null; // An aborted check does not count.
        if (follower.Tip is not { } tip || await ledger.TipAsync(cancellationToken) is not { } read)
        {
            return null;
        }

        ulong final = Math.Min(follower.Final, Math.Min(tip, read.Number));
        await EnsureFinalAsync(final, read, cancellationToken);
        _last = (final, tip);
        if (last is not var (finalBefore, tipBefore))
        {
            return null;
        }

        // Finality may be delayed and then jump, which is legitimate; a jump waits for one more check.
        if (final > finalBefore && final - finalBefore > (tip > tipBefore ? tip - tipBefore : 0))
        {
            logger.FinalJumped(finalBefore, final, tipBefore, tip);
            return null;
        }

        return Math.Min(final, finalBefore);
    }

    /// <summary>Confirms the follower's view of L1 by a second query.</summary>
    private async Task EnsureFinalAsync(ulong final, BlockPoint read, CancellationToken cancellationToken)
    {
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        Block? finalized = await client.GetBlockAsync(BlockTag.Finalized, cancellationToken);
        Block? tip = await client.GetBlockAsync(BlockTag.Number(read.Number), cancellationToken);
        if (
            finalized is null
            || finalized.Number < final
            || finalized.Number > head
            || tip?.Hash != read.Hash
            || (await client.GetBlockAsync(BlockTag.Number(finalized.Number), cancellationToken))?.Hash
                != finalized.Hash
        )
        {
            throw new InvalidDataException(
                $"L1 does not say twice that block {final} is final "
                    + $"(now: final {finalized?.Number}, head {head}); nothing is deleted"
            );
        }
    }

    private async Task ExpireAsync(ulong block, CancellationToken cancellationToken)
    {
        var kept = new HashSet<uint>();
        while (await ledger.ExpiredBatchesAsync(block, PageLength, cancellationToken) is { Count: > 0 } expired)
        {
            int count = 0;
            foreach (StoredBatch batch in expired)
            {
                await EnsureExpiredAsync(batch, block, kept, cancellationToken);
                if (await ledger.ExpireAsync(batch.Id, block, Time.GetUtcNow(), cancellationToken))
                {
                    costs.GivenUp(batch);
                    logger.GivenUp(batch.Id.ToString());
                    count++;
                }
            }

            if (count == 0)
            {
                return; // All of them were promised again meanwhile.
            }
        }
    }

    /// <summary>Checks the batch's last anchor, which determines its expiry, against the contract.</summary>
    private async Task EnsureExpiredAsync(
        StoredBatch batch,
        ulong block,
        HashSet<uint> kept,
        CancellationToken cancellationToken
    )
    {
        if (
            await ledger.FindAnchoringAsync(batch.Id, cancellationToken) is not var (_, anchor, _)
            || !kept.Add(anchor.Index)
        )
        {
            return;
        }

        Anchor asKept = await system.Anchors.GetAnchorAsync(account.Address, anchor.Index, cancellationToken);
        if (asKept != anchor || asKept.Expiry > block)
        {
            throw new InvalidDataException(
                $"the contract keeps another anchor {anchor.Index} than the ledger (its expiry is "
                    + $"{asKept.Expiry}, here {anchor.Expiry}); nothing is deleted"
            );
        }
    }
}
