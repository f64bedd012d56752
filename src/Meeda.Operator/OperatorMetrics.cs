using System.Diagnostics.Metrics;
using Meeda.Ethereum;
using Meeda.Operator.Payments;

namespace Meeda.Operator;

/// <summary>Metrics of the operator, in the meter <c>Meeda</c>.</summary>
internal static class OperatorMetrics
{
    private static readonly Meter Meter = new("Meeda");

    /// <summary>
    /// Milliseconds that encoding and committing took for each blob of a batch, its blobs side by side on all
    /// processors.
    /// </summary>
    public static Histogram<double> CommitTime { get; } =
        Meter.CreateHistogram<double>("meeda.kzg.commit", "ms", "encoding and committing, for each blob of a batch");

    /// <summary>Puts answered 503, the signal to post to L1.</summary>
    public static Counter<long> Failovers { get; } =
        Meter.CreateCounter<long>("meeda.intake.failovers", description: "puts answered 503, the signal to post to L1");

    /// <summary>The operator's balance in ether.</summary>
    public static Gauge<double> Balance { get; } =
        Meter.CreateGauge<double>("meeda.l1.balance", "ether", "the operator's balance");

    /// <summary>What rollups prepaid and were not charged, in ether.</summary>
    public static Gauge<double> EscrowBalance { get; } =
        Meter.CreateGauge<double>("meeda.escrow.balance", "ether", "what a rollup prepaid and was not charged");

    /// <summary>The L1 blocks for which rollups' escrows last at the rate of the epoch so far.</summary>
    public static Gauge<long> EscrowBlocks { get; } =
        Meter.CreateGauge<long>(
            "meeda.escrow.blocks",
            "{block}",
            "L1 blocks for which a rollup's escrow lasts at the rate of this epoch so far"
        );

    /// <summary>Records a rollup's escrow.</summary>
    public static void Record(Address rollup, RollupEscrow escrow)
    {
        var tag = new KeyValuePair<string, object?>("rollup", rollup.ToString());
        EscrowBalance.Record((double)escrow.State.Balance / 1e18, tag);
        if (escrow.PaidUntil is { } block)
        {
            EscrowBlocks.Record((long)(block - escrow.State.Block), tag);
        }
    }

    /// <summary>The part of all kept payload bytes that waits in the ledger and is at no provider yet.</summary>
    public static Gauge<double> Unpacked { get; } =
        Meter.CreateGauge<double>(
            "meeda.storage.unpacked",
            "1",
            "the part of all kept payload bytes that waits in the ledger and is at no provider yet"
        );

    /// <summary>Bytes that buckets occupy for a byte of row, their own copies and padding included.</summary>
    public static Gauge<double> Amplification { get; } =
        Meter.CreateGauge<double>(
            "meeda.storage.amplification",
            "1",
            "bytes that buckets occupy for a byte of row, their own copies and padding included"
        );

    /// <summary>Objects that a bucket has and has not confirmed.</summary>
    public static Gauge<long> Unconfirmed { get; } =
        Meter.CreateGauge<long>(
            "meeda.storage.unconfirmed",
            "{object}",
            "objects that a bucket has and has not confirmed"
        );

    /// <summary>Rounds of background work that took longer than their limit, by kind of round.</summary>
    public static Counter<long> OverdueRounds { get; } =
        Meter.CreateCounter<long>(
            "meeda.rounds.overdue",
            description: "rounds of placing, proving, scrubbing or clearing that took longer than their limit"
        );
}
