using Meeda.Operator.Batches;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Anchors;

/// <summary>When the operator anchors what it stored.</summary>
public sealed class AnchorOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Anchors";

    /// <summary>
    /// The longest a stored batch waits for its anchor to be sent. Default one minute: five slots of batches share
    /// one transaction's base
    /// cost, and a rollup's finality, some 15 minutes, does not notice.
    /// </summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The most blobs in one anchor; so many waiting send it at once. Default 256, a transaction of about 560,000
    /// gas.
    /// </summary>
    public int MaxBlobs { get; set; } = 256;

    /// <summary>Says what is wrong with these options, one message each.</summary>
    internal IEnumerable<string> Problems(BatchOptions batches)
    {
        if (Interval < TimeSpan.FromMilliseconds(10) || Interval > TimeSpan.FromHours(1))
        {
            yield return "anchor interval: between 10 ms and 1 hour (Meeda__Anchors__Interval)";
        }

        if (MaxBlobs is < 1 or > 256)
        {
            yield return "max blobs: between 1 and 256, what one anchor can pay for below the transaction gas cap "
                + "(Meeda__Anchors__MaxBlobs)";
        }
        else if (
            batches.MaxBatchBytes is >= 1 and <= 1 << 28
            && BlobEncoding.BlobCount(batches.MaxBatchBytes) > MaxBlobs
        )
        {
            yield return $"max batch bytes: {batches.MaxBatchBytes} bytes are "
                + $"{BlobEncoding.BlobCount(batches.MaxBatchBytes)} blobs, more than one anchor holds "
                + $"({MaxBlobs}, Meeda__Anchors__MaxBlobs), so a batch of that size could never be anchored";
        }
    }
}
