using System.Diagnostics.Metrics;

namespace Meeda.Http;

/// <summary>What answering requests counts, in the meter <c>Meeda</c>.</summary>
internal static class HttpMetrics
{
    private static readonly Meter Meter = new("Meeda");

    /// <summary>Requests answered 429 because too much was in flight or waiting.</summary>
    public static Counter<long> Overloads { get; } =
        Meter.CreateCounter<long>(
            "meeda.intake.overloads",
            description: "puts answered 429 because too much was in flight or waiting"
        );
}
