using System.Diagnostics.Metrics;

namespace Meeda.Storage;

/// <summary>What row providers count, in the meter <c>Meeda</c>.</summary>
internal static class StorageMetrics
{
    private static readonly Meter Meter = new("Meeda");

    /// <summary>How often a provider did not answer within its deadline and was left alone, by provider.</summary>
    public static Counter<long> ProvidersOut { get; } =
        Meter.CreateCounter<long>(
            "meeda.storage.providers_out",
            description: "times that a provider did not answer within its deadline and was left alone"
        );
}
