namespace Meeda.Mefs;

/// <summary>How a bucket's objects are spread over storage providers.</summary>
/// <param name="Policy">1 Reed-Solomon, 2 whole replicas.</param>
/// <param name="DataCount">Data chunks of a stripe, 1 for replicas.</param>
/// <param name="ParityCount">Parity chunks of a stripe, or replicas beyond the first.</param>
public sealed record BucketOptions(int Policy, int DataCount, int ParityCount)
{
    /// <summary>The node's default: any 5 of 10 chunks; 2,539,520 bytes stored for a stripe of 1,269,760.</summary>
    public static BucketOptions Default { get; } = ReedSolomon(5, 5);

    /// <summary>Any <paramref name="data"/> of <c>data + parity</c> chunks give a stripe back.</summary>
    public static BucketOptions ReedSolomon(int data, int parity) => new(1, Positive(data), Positive(parity));

    /// <summary>Whole copies, at least two: a small object costs 253,952 bytes a copy and not a whole stripe.</summary>
    public static BucketOptions Replicas(int copies) => new(2, 1, Positive(copies - 1));

    /// <summary>Content bytes of a stripe. Objects do not share stripes.</summary>
    public int StripeBytes => DataCount * ContentTree.ChunkLength;

    /// <summary>Bytes that storage providers keep for an object of so many bytes: whole stripes, with what makes them redundant.</summary>
    public long OccupiedBytes(long contentBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(contentBytes);
        return (contentBytes + StripeBytes - 1) / StripeBytes * (DataCount + ParityCount) * ContentTree.ChunkLength;
    }

    private static int Positive(int value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        return value;
    }
}

/// <summary>A bucket as the node describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Confirmed">Whether it is on the data chain; puts are refused before.</param>
/// <param name="Length">Bytes of its objects.</param>
/// <param name="UsedBytes">Bytes stored for them, redundancy and padding included.</param>
public sealed record BucketInfo(string Name, bool Confirmed, long Length, long UsedBytes);
