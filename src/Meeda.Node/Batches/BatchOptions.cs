using Meeda.Protocol.Batches;

namespace Meeda.Node.Batches;

/// <summary>What the operator takes in.</summary>
public sealed class BatchOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Batches";

    /// <summary>The longest payload taken, in bytes. Default 16 MiB: what EigenDA takes, and 133 blobs, well within one anchor.</summary>
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The DA layer byte of generic commitments. Default 0x4d ("M"), used by no other layer in the OP Stack's registry.</summary>
    public byte DaLayerByte { get; set; } = AltDaCommitment.DefaultDaLayerByte;

    /// <summary>Says what is wrong with these options, one sentence each.</summary>
    internal IEnumerable<string> Problems()
    {
        if (MaxBatchBytes is < 1 or > 1 << 28)
        {
            yield return "max batch bytes: between 1 and 268435456 (Meeda__Batches__MaxBatchBytes)";
        }
    }
}
