using Meeda.Hosting.Settings;
using Meeda.Storage.Buckets;

namespace Meeda.Storage;

/// <summary>Checks <see cref="StorageOptions"/>.</summary>
internal sealed class StorageOptionsValidator : SettingsValidator<StorageOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(StorageOptions options) =>
        OfProviders(options).Concat(OfLimits(options));

    private static IEnumerable<string> OfProviders(StorageOptions options)
    {
        if (options.ToleratedLosses < 0 || options.ToleratedLosses >= options.Places.Count)
        {
            yield return $"tolerated losses: between 0 and {options.Places.Count - 1}, fewer than there are providers "
                + "(Meeda__Storage__ToleratedLosses)";
        }

        if (
            options.Places.DistinctBy(StorageOptions.WhatIsMeant, StringComparer.Ordinal).Count()
            != options.Places.Count
        )
        {
            yield return "providers: one is named twice (Meeda__Storage__Providers)";
        }

        foreach (
            string place in options.Places.Where(place =>
                place.StartsWith(StorageOptions.MefsPrefix, StringComparison.Ordinal)
                && !StorageOptions.TryReadMefs(place, out _, out _)
            )
        )
        {
            yield return $"providers: {StorageOptions.Redact(place)} is not of the form mefs+http://host:port/bucket "
                + "(Meeda__Storage__Providers)";
        }

        foreach (
            string place in options.Places.Where(place =>
                S3Place.IsMeant(place) && !StorageOptions.TryReadS3(place, out _)
            )
        )
        {
            yield return $"providers: {StorageOptions.Redact(place)} is not of the form s3+https://host:port/bucket/"
                + "prefix, without credentials (Meeda__Storage__Providers)";
        }

        foreach (
            string place in options.Places.Where(place =>
                place.Contains("://", StringComparison.Ordinal)
                && !place.StartsWith(StorageOptions.MefsPrefix, StringComparison.Ordinal)
                && !S3Place.IsMeant(place)
            )
        )
        {
            yield return $"providers: {StorageOptions.Redact(place)} is neither a folder nor begins with mefs+http or "
                + "s3+http (Meeda__Storage__Providers)";
        }

        foreach (
            string renamed in options.RenamedProviders.Where(renamed =>
                renamed.IndexOf('=', StringComparison.Ordinal) < 1
            )
        )
        {
            yield return $"renamed providers: {StorageOptions.Redact(renamed)} is not of the form old=new "
                + "(Meeda__Storage__RenamedProviders)";
        }
    }

    private static IEnumerable<string> OfLimits(StorageOptions options)
    {
        if (options.S3Region.Length == 0)
        {
            yield return "S3 region: a name such as us-east-1 (Meeda__Storage__S3Region)";
        }

        if (options.LeaseTerm < TimeSpan.FromSeconds(1) || options.LeaseTerm > TimeSpan.FromMinutes(10))
        {
            yield return "lease term: between 1 s and 10 minutes (Meeda__Storage__LeaseTerm)";
        }

        if (
            options.ProviderDeadline < TimeSpan.FromMilliseconds(100)
            || options.ProviderDeadline > TimeSpan.FromHours(1)
        )
        {
            yield return "provider deadline: between 100 ms and an hour (Meeda__Storage__ProviderDeadline)";
        }

        if (options.BucketDeadline < TimeSpan.FromSeconds(1) || options.BucketDeadline > TimeSpan.FromHours(1))
        {
            yield return "bucket deadline: between 1 s and an hour (Meeda__Storage__BucketDeadline)";
        }

        if (options.PackDelay is { } delay && (delay < TimeSpan.Zero || delay > TimeSpan.FromHours(1)))
        {
            yield return "pack delay: between 0 and an hour (Meeda__Storage__PackDelay)";
        }

        if (options.LocalCopyBytes < 0)
        {
            yield return "local copy bytes: at least 0 (Meeda__Storage__LocalCopyBytes)";
        }

        if (
            options.RetentionInterval < TimeSpan.FromMilliseconds(100)
            || options.RetentionInterval > TimeSpan.FromDays(7)
        )
        {
            yield return "retention interval: between 100 ms and 7 days (Meeda__Storage__RetentionInterval)";
        }

        if (options.GraceBlocks < 0)
        {
            yield return "grace blocks: at least 0 (Meeda__Storage__GraceBlocks)";
        }

        if (options.ScrubInterval < TimeSpan.FromMilliseconds(100) || options.ScrubInterval > TimeSpan.FromDays(7))
        {
            yield return "scrub interval: between 100 ms and 7 days (Meeda__Storage__ScrubInterval)";
        }

        if (options.ScrubBytesPerSecond < 1024 * 1024)
        {
            yield return "scrub rate: at least 1048576 bytes a second (Meeda__Storage__ScrubBytesPerSecond)";
        }
    }
}
