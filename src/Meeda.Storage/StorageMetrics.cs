using System.Diagnostics.Metrics;

namespace Meeda.Storage;

/// <summary>Metrics of row providers, in the meter <c>Meeda</c>.</summary>
internal static class StorageMetrics
{
    private static readonly Meter Meter = new("Meeda");

    /// <summary>The number of times a provider missed its deadline and was skipped, by provider.</summary>
    public static Counter<long> ProvidersOut { get; } =
        Meter.CreateCounter<long>(
            "meeda.storage.providers_out",
            description: "times that a provider did not answer within its deadline and was left alone"
        );
}
