namespace Meeda.Mefs;

/// <summary>How a bucket's objects are spread over storage providers.</summary>
/// <param name="Policy">1 Reed-Solomon, 2 whole replicas.</param>
/// <param name="DataCount">Data chunks of a stripe, 1 for replicas.</param>
/// <param name="ParityCount">Parity chunks of a stripe, or replicas beyond the first.</param>
public sealed record BucketOptions(int Policy, int DataCount, int ParityCount)
{
    private const int ReedSolomonPolicy = 1;
    private const int ReplicaPolicy = 2;
    private const int MaxChunks = 256;

    /// <summary>The node's default: any 5 of 10 chunks; 2,539,520 bytes stored for a stripe of 1,269,760.</summary>
    public static BucketOptions Default { get; } = ReedSolomon(5, 5);

    /// <summary>Any <paramref name="data"/> of <c>data + parity</c> chunks give a stripe back.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one of either, or more than the node
    /// accepts.</exception>
    public static BucketOptions ReedSolomon(int data, int parity) =>
        // With one data chunk every chunk is the content
        Checked(data == 1 ? ReplicaPolicy : ReedSolomonPolicy, data, parity);

    /// <summary>Whole copies, at least two: a small object costs 253,952 bytes a copy and not a whole stripe.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two, or more than the node accepts.</exception>
    public static BucketOptions Replicas(int copies) => Checked(ReplicaPolicy, 1, copies - 1);

    /// <summary>Content bytes of a stripe. Objects do not share stripes.</summary>
    public int StripeBytes => DataCount * ContentTree.ChunkLength;

    /// <summary>
    /// Bytes that storage providers keep for an object of that many bytes: whole stripes, with what makes them
    /// redundant.
    /// </summary>
    public long OccupiedBytes(long contentBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(contentBytes);
        return (contentBytes + StripeBytes - 1) / StripeBytes * (DataCount + ParityCount) * ContentTree.ChunkLength;
    }

    // The node's own limit: the chunks of a stripe, times the tags that each of them carries, are at most 256.
    private static BucketOptions Checked(int policy, int data, int parity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(data, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(parity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data, MaxChunks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parity, MaxChunks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            (data + parity) * (2 + ((parity - 1) / data)),
            MaxChunks,
            nameof(parity)
        );
        return new BucketOptions(policy, data, parity);
    }
}

/// <summary>A bucket as the node describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Confirmed">Whether it is on the data chain; puts are refused before.</param>
/// <param name="Length">Bytes of its objects.</param>
/// <param name="UsedBytes">Bytes stored for them, redundancy and padding included.</param>
/// <param name="Options">How its objects are spread; they never change.</param>
public sealed record BucketInfo(string Name, bool Confirmed, long Length, long UsedBytes, BucketOptions Options);
