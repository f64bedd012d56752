using Meeda.Chain.Following;
using Meeda.Chain.L1;

namespace Meeda.Light;

/// <summary>
/// Follows L1 and nothing else, believes nobody, and answers every lie that it can show. Each round: (1) read new
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
)
{
    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var reading = new Outage("reading L1", time, logger);
        var watching = new Outage("looking at anchors, proofs and epochs", time, logger);
        var sampled = new Outage("sampling operators", time, logger);
        while (true)
        {
            // What one of them cannot do now does not keep the others from what they can: a lie must be answered in
            // time.
            await TryAsync(reading, () => follower.CatchUpAsync(cancellationToken), cancellationToken); // 1
            if (await HeadAsync(cancellationToken) is { } head)
            {
                await TryAsync(watching, () => detector.PollAsync(head, cancellationToken), cancellationToken); // 2
                await TryAsync(sampled, () => sampling.PollAsync(head, cancellationToken), cancellationToken); // 3
            }

            await Task.Delay(reading.Pause(options.PollInterval), time, cancellationToken);
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
