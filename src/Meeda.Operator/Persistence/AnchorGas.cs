namespace Meeda.Operator.Persistence;

/// <summary>
/// Upper bounds of the gas that batches take in an anchor (<c>contracts/snapshots/Gas.json</c>). An anchor that exceeds
/// the gas cap of a transaction would hold up every batch.
/// </summary>
internal static class AnchorGas
{
    /// <summary>
    /// The maximum for the batches of one anchor. The cap of a transaction is 2^24 (EIP-7825), and an anchor itself
    /// takes some 100,000.
    /// </summary>
    public const long Max = 15_000_000;

    private const long Batch = 14_000;
    private const long Blob = 2_500;
    private const long Charge = 100_000;
    private const long Order = 30_000;

    /// <summary>The gas of a batch, with the first charge of its rollup.</summary>
    public static long Of(StoredBatch batch) =>
        Batch + (Blob * batch.BlobCount) + (batch.Payer is null ? 0 : Charge) + (batch.Order is null ? 0 : Order);

    /// <summary>The first of some batches that fit one anchor; one at least.</summary>
    /// <param name="batches">The batches, in their order.</param>
    /// <param name="maxBlobs">The maximum number of their blobs.</param>
    public static IReadOnlyList<StoredBatch> Fitting(IReadOnlyList<StoredBatch> batches, int maxBlobs)
    {
        var fitting = new List<StoredBatch>();
        int blobs = 0;
        long gas = 0;
        foreach (StoredBatch batch in batches)
        {
            blobs += batch.BlobCount;
            gas += Of(batch);
            if ((blobs > maxBlobs || gas > Max) && fitting.Count > 0)
            {
                break;
            }

            fitting.Add(batch);
        }

        return fitting;
    }
}
