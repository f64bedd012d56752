namespace Meeda.Operator.Batches;

/// <summary>How much is taken in at once, and what is answered when it is too much.</summary>
public sealed class IntakeOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Intake";

    /// <summary>
    /// Bytes of bodies in memory at once, a quarter of it reserved for the first 64 KiB of each body. Default 256
    /// MiB, sixteen of the longest batches. More wait their turn;
    /// one client has at most half.
    /// </summary>
    public long MaxBytesInFlight { get; set; } = 256L << 20;

    /// <summary>
    /// How long a request waits for its turn before it is answered 429. Default 20 s, below the 30 s after which many
    /// clients give up.
    /// </summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Bytes of batches in the ledger that are not at their providers yet, beyond which puts are answered 429.
    /// Default 4 GiB: it is what one disk keeps for all.
    /// </summary>
    public long MaxBacklogBytes { get; set; } = 4L << 30;

    /// <summary>
    /// Batches that wait for their anchor, beyond which puts are answered 429, or 503 where
    /// <see cref="FailoverAfter"/> is
    /// set. Default 250,000: it bounds what is promised while L1 takes no transaction.
    /// </summary>
    public long MaxUnanchoredBatches { get; set; } = 250_000;

    /// <summary>
    /// How long the ledger or the providers may refuse everything before puts are answered 503, which makes an OP
    /// Stack batcher post to L1 instead. Default zero, which
    /// means never: a chain must have decided for it.
    /// </summary>
    public TimeSpan FailoverAfter { get; set; }

    /// <summary>
    /// Bytes of batches that are not at their providers yet, beyond which puts are answered 503. Default zero, which
    /// means never.
    /// </summary>
    public long FailoverBacklogBytes { get; set; }

    /// <summary>Says what is wrong with these options, one message each.</summary>
    internal IEnumerable<string> Problems(BatchOptions batches)
    {
        if (MaxBytesInFlight * 3 / 4 < batches.MaxBatchBytes)
        {
            yield return "max bytes in flight: at least four thirds of MaxBatchBytes, "
                + $"{batches.MaxBatchBytes / 3L * 4} (Meeda__Intake__MaxBytesInFlight)";
        }

        if (MaxWait < TimeSpan.Zero || MaxWait > TimeSpan.FromMinutes(5))
        {
            yield return "max wait: between 0 and 5 minutes (Meeda__Intake__MaxWait)";
        }

        if (MaxBacklogBytes < batches.MaxBatchBytes)
        {
            yield return "max backlog bytes: at least MaxBatchBytes (Meeda__Intake__MaxBacklogBytes)";
        }

        if (MaxUnanchoredBatches < 1)
        {
            yield return "max unanchored batches: at least 1 (Meeda__Intake__MaxUnanchoredBatches)";
        }

        if (FailoverAfter < TimeSpan.Zero)
        {
            yield return "failover after: zero for never, or a time (Meeda__Intake__FailoverAfter)";
        }

        if (FailoverBacklogBytes < 0)
        {
            yield return "failover backlog bytes: zero for never, or a number of bytes "
                + "(Meeda__Intake__FailoverBacklogBytes)";
        }
    }
}
