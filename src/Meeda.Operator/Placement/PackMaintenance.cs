using System.Collections.Concurrent;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Storage;
using Meeda.Storage.Buckets;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Placement;

/// <summary>
/// Periodically queries which objects the buckets have confirmed, so that the ledger may drop their payloads; deletes
/// unused objects; and reports the cost of packing.
/// </summary>
internal sealed class PackMaintenance(
    RowProviders providers,
    IOptions<StorageOptions> options,
    Ledger ledger,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<PackMaintenance> logger
) : PeriodicLeaderService("Pack maintenance", PollInterval, leadership, time, logger)
{
    // A MEFS node needs more than an hour to confirm an object.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<PackedProvider, bool> _checked = new();

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        if (providers.Packed.Any())
        {
            await CheckAsync(stoppingToken);
            await PassAsync(stoppingToken);
        }
    }

    /// <summary>Probes the features of each bucket that was not probed yet.</summary>
    internal async Task CheckAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(
            providers
                .Packed.Where(provider => !_checked.ContainsKey(provider))
                .Select(async provider =>
                {
                    try
                    {
                        if (await provider.CheckAsync(cancellationToken) is { } reason)
                        {
                            logger.PutsUnconditionally(provider.Name, reason);
                        }

                        _checked[provider] = true;
                    }
                    catch (IOException failure)
                    {
                        logger.ProviderRefused(provider.Name, failure.Message);
                    }
                })
        );

    /// <summary>Maintains every bucket once.</summary>
    internal async Task PassAsync(CancellationToken cancellationToken)
    {
        // Concurrently, because a bucket that does not answer delays only itself then.
        int confirmed = (
            await Task.WhenAll(
                providers.Packed.Select(async provider =>
                {
                    try
                    {
                        return await provider.RunAsync(cancellationToken);
                    }
                    catch (IOException failure)
                    {
                        logger.ProviderRefused(provider.Name, failure.Message);
                        return 0;
                    }
                })
            )
        ).Sum();

        if (confirmed > 0)
        {
            await ledger.TrimPayloadsAsync(options.Value.LocalCopyBytes, cancellationToken);
        }

        PackingCosts costs = await ledger.PackingCostsAsync(cancellationToken);
        OperatorMetrics.Unpacked.Record(costs.KeptBytes == 0 ? 0 : (double)costs.WaitingBytes / costs.KeptBytes);
        OperatorMetrics.Amplification.Record(costs.RowBytes == 0 ? 1 : (double)costs.OccupiedBytes / costs.RowBytes);
        OperatorMetrics.Unconfirmed.Record(costs.Unconfirmed);
    }
}
