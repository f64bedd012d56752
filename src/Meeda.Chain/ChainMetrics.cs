using System.Diagnostics.Metrics;

namespace Meeda.Chain;

/// <summary>Metrics of reading L1, in the meter <c>Meeda</c>.</summary>
internal static class ChainMetrics
{
    private static readonly Meter Meter = new("Meeda");

    /// <summary>
    /// Transactions that were resubmitted, replaced by higher-priced ones, or wait for L1 to become cheaper.
    /// </summary>
    public static Counter<long> TransactionEvents { get; } =
        Meter.CreateCounter<long>(
            "meeda.l1.transaction_events",
            description: "transactions that were dropped and resubmitted, replaced by higher-priced ones, or are stuck"
        );

    /// <summary>How often an L1 endpoint was excluded from the quorum, or readmitted.</summary>
    public static Counter<long> EndpointChanges { get; } =
        Meter.CreateCounter<long>(
            "meeda.l1.endpoint_changes",
            description: "L1 endpoints that were excluded from the quorum, or readmitted"
        );
}
