using Meeda.Hosting.Settings;
using Meeda.Operator.Batches;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Anchors;

/// <summary>Checks <see cref="AnchorOptions"/>.</summary>
/// <param name="batches">The batch settings, as read.</param>
internal sealed class AnchorOptionsValidator(BatchOptions batches) : SettingsValidator<AnchorOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(AnchorOptions options)
    {
        if (options.Interval < TimeSpan.FromMilliseconds(10) || options.Interval > TimeSpan.FromHours(1))
        {
            yield return "anchor interval: between 10 ms and 1 hour (Meeda__Anchors__Interval)";
        }

        if (options.MaxBlobs is < 1 or > 256)
        {
            yield return "max blobs: between 1 and 256 (Meeda__Anchors__MaxBlobs)";
        }
        else if (
            batches.MaxBatchBytes is >= 1 and <= 1 << 28
            && BlobEncoding.BlobCount(batches.MaxBatchBytes) > options.MaxBlobs
        )
        {
            yield return $"max batch bytes: {batches.MaxBatchBytes} bytes are "
                + $"{BlobEncoding.BlobCount(batches.MaxBatchBytes)} blobs, more than one anchor holds "
                + $"({options.MaxBlobs}, Meeda__Anchors__MaxBlobs), so a batch of that size could never be anchored";
        }
    }
}
