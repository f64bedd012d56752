using System.Diagnostics.Metrics;

namespace Meeda.Chain;

/// <summary>What reading L1 counts, in the meter <c>Meeda</c>.</summary>
internal static class ChainMetrics
{
    private static readonly Meter Meter = new("Meeda");

    /// <summary>
    /// Transactions that were handed in again, replaced by dearer ones, or wait for L1 to become cheaper.
    /// </summary>
    public static Counter<long> TransactionEvents { get; } =
        Meter.CreateCounter<long>(
            "meeda.l1.transaction_events",
            description: "transactions that were dropped and handed in again, replaced by dearer ones, or are stuck"
        );

    /// <summary>How often an L1 endpoint was no longer believed, or believed again.</summary>
    public static Counter<long> EndpointChanges { get; } =
        Meter.CreateCounter<long>(
            "meeda.l1.endpoint_changes",
            description: "L1 endpoints that were no longer believed, or believed again"
        );
}
