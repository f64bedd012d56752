using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Batches;

/// <summary>
/// Gives batches up some time after the contract's expiry, and clears their rows away from every provider. Only final blocks count, so that no reorganisation makes an
/// expiry untrue; a batch that is renewed, or put again, is kept.
/// </summary>
internal sealed class Retention(
    IOptions<StorageOptions> options,
    Ledger ledger,
    RowPlacement rows,
    L1Follower follower,
    MeedaVerifierContract contract,
    Leadership leadership,
    TimeProvider time,
    ILogger<Retention> logger)
    : LeaderService(leadership)
{
    private const int PageLength = 64;

    private readonly RowClearing _clearing = new(ledger, rows, time, logger);

    /// <inheritdoc/>
    protected override async Task LeadAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RetentionInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await PassAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                logger.RetentionFailed(failure.Message);
            }
        }
    }

    /// <summary>Gives up what has expired, then clears away what was given up.</summary>
    internal async Task PassAsync(CancellationToken cancellationToken)
    {
        // An epoch just before the expiry is proven after it, and a demand just before it answered after it.
        ulong grace = (ulong)options.Value.GraceBlocks
            + (await contract.EpochParametersAsync(cancellationToken)).ProofWindow + await contract.PublishWindowAsync(cancellationToken);
        while (!options.Value.Archive
            && follower.Final > grace
            && await ledger.ExpiredBatchesAsync(follower.Final - grace, PageLength, cancellationToken) is { Count: > 0 } expired)
        {
            foreach (StoredBatch batch in expired)
            {
                if (await ledger.GiveUpAsync(batch.Id, follower.Final - grace, time.GetUtcNow(), cancellationToken))
                {
                    logger.GivenUp(batch.Id.ToString());
                }
            }
        }

        await _clearing.PassAsync(cancellationToken);
    }
}
