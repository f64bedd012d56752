using Meeda.Chain.Following;
using Meeda.Chain.L1;

namespace Meeda.Light;

/// <summary>
/// Follows L1, trusts no operator, and challenges every provable violation. Each round: (1) read new blocks and roll
/// back those that a reorganisation undid, (2) check new anchors, proofs and epochs, and challenge invalid ones, (3)
/// sample the operators' APIs, and demand withheld blobs, (4) claim rewards. All state is in its ledger, so the process
/// may be killed at any moment.
/// </summary>
internal sealed class LightNode(
    LightOptions options,
    ChainFollower follower,
    LightLedger ledger,
    FraudDetector detector,
    AvailabilitySampling sampling,
    RewardClaims rewards,
    TimeProvider time,
    ILogger<LightNode> logger
) : BackgroundService
{
    private readonly Outage _reading = new("Reading L1", time, logger);
    private readonly Outage _detecting = new("Checking anchors, proofs and epochs", time, logger);
    private readonly Outage _sampling = new("Sampling operators", time, logger);
    private readonly Outage _claiming = new("Claiming rewards", time, logger);

    /// <summary>
    /// One round. A failure of one step does not stop the others: an invalid proof must be challenged in time.
    /// </summary>
    internal async Task PollAsync(CancellationToken cancellationToken)
    {
        await TryAsync(_reading, () => follower.CatchUpAsync(cancellationToken), cancellationToken); // 1
        if (await HeadAsync(cancellationToken) is { } head)
        {
            await TryAsync(_detecting, () => detector.PollAsync(head, cancellationToken), cancellationToken); // 2
            await TryAsync(_sampling, () => sampling.PollAsync(head, cancellationToken), cancellationToken); // 3
            await TryAsync(_claiming, () => rewards.PollAsync(cancellationToken), cancellationToken); // 4
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

    /// <summary>The last block in the ledger; null where it is empty or unreadable.</summary>
    private async Task<ulong?> HeadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await ledger.Index.TipAsync(cancellationToken))?.Number;
        }
        catch (System.Data.Common.DbException)
        {
            return null; // Reading L1 fails for the same reason and logs it.
        }
    }
}
