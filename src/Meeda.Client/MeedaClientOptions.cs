namespace Meeda.Client;

/// <summary>How a <see cref="MeedaClient"/> works.</summary>
public sealed record MeedaClientOptions
{
    /// <summary>A tenant's key, sent as a bearer token; null for none.</summary>
    public string? Key { get; init; }

    /// <summary>
    /// The DA layer byte of the operator's generic commitments. Default 0x4d, an operator's own default.
    /// </summary>
    public byte DaLayerByte { get; init; } = Protocol.Batches.AltDaCommitment.DefaultDaLayerByte;

    /// <summary>
    /// Whether the client recomputes the commitment that a put returns, some milliseconds per blob. Default true:
    /// otherwise an operator could return the commitment of other bytes.
    /// </summary>
    public bool VerifyPuts { get; init; } = true;

    /// <summary>Maximum number of retries for transient failures. Default 5 (about 15 seconds in total).</summary>
    public int Retries { get; init; } = 5;

    /// <summary>
    /// The maximum length of a batch that the client accepts from an operator, in bytes. Default 256 MiB, the maximum
    /// that an operator can be set to accept.
    /// </summary>
    public int MaxBatchBytes { get; init; } = 1 << 28;
}
