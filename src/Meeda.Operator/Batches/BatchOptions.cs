using Meeda.Protocol.Batches;

namespace Meeda.Operator.Batches;

/// <summary>What the operator takes in.</summary>
public sealed class BatchOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Batches";

    /// <summary>
    /// The maximum payload taken, in bytes. Default 16 MiB: what EigenDA takes, and 133 blobs, well within one
    /// anchor.
    /// </summary>
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// The DA layer byte of generic commitments. Default 0x4d ("M"), used by no other layer in the OP Stack's
    /// registry.
    /// </summary>
    public byte DaLayerByte { get; set; } = AltDaCommitment.DefaultDaLayerByte;

    /// <summary>
    /// The state that a put waits for: <c>Stored</c> (durable in the ledger, milliseconds), <c>Placed</c> (durable at
    /// its providers too) or <c>Anchored</c> (in an L1 block,
    /// an anchor interval and a slot or two). Default <c>Stored</c>: the rest follows whatever happens to this process.
    /// </summary>
    public BatchState AckLevel { get; set; } = BatchState.Stored;

    /// <summary>
    /// The maximum time that a put waits for that state. Default 5 minutes. Then its answer is 500 though the batch is
    /// stored: the same put again goes on waiting.
    /// </summary>
    public TimeSpan AckTimeout { get; set; } = TimeSpan.FromMinutes(5);
}
