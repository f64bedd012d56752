namespace Meeda.Operator.Persistence;

/// <summary>
/// What batches cost in an anchor, from above (`contracts/snapshots/Gas.json`): one that goes beyond the gas cap of a
/// transaction would hold up the batches of all.
/// </summary>
internal static class AnchorGas
{
    /// <summary>The gas of the batches of one anchor. The cap of a transaction is 2^24 (EIP-7825); an anchor itself takes
    /// some 100,000.</summary>
    public const long Max = 15_000_000;

    private const long Batch = 14_000;
    private const long Blob = 2_500;
    private const long Charge = 100_000;
    private const long Order = 30_000;

    /// <summary>The gas of a batch, with the charge of its rollup's first batch.</summary>
    public static long Of(StoredBatch batch) =>
        Batch + (Blob * batch.BlobCount) + (batch.Payer is null ? 0 : Charge) + (batch.Order is null ? 0 : Order);
}
