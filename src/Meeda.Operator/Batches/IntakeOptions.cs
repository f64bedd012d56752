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
    /// The percentage of the live blobs that the stake carries up to which batches are taken that no rollup's escrow
    /// pays for, where the operator has set a price. Default 50: free batches cannot keep paid ones out.
    /// </summary>
    public int FreeCapacityPercent { get; set; } = 50;

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
}
