using Meeda.Chain.Following;
using Meeda.Chain.L1;

namespace Meeda.Light;

/// <summary>
/// Follows L1 and nothing else, trusts no one, and answers every lie that it can show. Each round: (1) read new
/// blocks, taking back what a reorganisation
/// undid, (2) look at new anchors, proofs and epochs, and answer what is wrong, (3) sample what operators serve, and
/// demand what they withhold. Everything it
/// knows is in its ledger, so it may be killed at any moment.
/// </summary>
internal sealed class LightNode(
    LightOptions options,
    ChainFollower follower,
    LightLedger ledger,
    FraudDetector detector,
    AvailabilitySampling sampling,
    TimeProvider time,
    ILogger<LightNode> logger
) : BackgroundService
{
    private readonly Outage _reading = new("reading L1", time, logger);
    private readonly Outage _detecting = new("checking anchors, proofs and epochs", time, logger);
    private readonly Outage _sampling = new("sampling operators", time, logger);

    /// <summary>
    /// One round. What one part of it cannot do now does not keep the others from what they can: a lie must be
    /// challenged in time.
    /// </summary>
    internal async Task PollAsync(CancellationToken cancellationToken)
    {
        await TryAsync(_reading, () => follower.CatchUpAsync(cancellationToken), cancellationToken); // 1
        if (await HeadAsync(cancellationToken) is { } head)
        {
            await TryAsync(_detecting, () => detector.PollAsync(head, cancellationToken), cancellationToken); // 2
            await TryAsync(_sampling, () => sampling.PollAsync(head, cancellationToken), cancellationToken); // 3
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await PollAsync(stoppingToken);
            await Task.Delay(_reading.Pause(options.PollInterval), time, stoppingToken);
        }
    }

    private static async Task TryAsync(Outage outage, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work();
            outage.Over();
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            outage.Failed(failure);
        }
    }

    /// <summary>The last block that the ledger holds; null where it holds none, or cannot be read.</summary>
    private async Task<ulong?> HeadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await ledger.Index.TipAsync(cancellationToken))?.Number;
        }
        catch (System.Data.Common.DbException)
        {
            return null; // Said by the reading, which needs it too.
        }
    }
}
