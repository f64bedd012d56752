using Meeda.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Meeda.Operator.Http;

/// <summary>The service's readiness.</summary>
/// <param name="Ready">Whether it would accept a batch now.</param>
/// <param name="L1">Whether L1 was read up to its head at the last poll.</param>
/// <param name="L1Block">The last L1 block read, or null.</param>
/// <param name="Reason">Why it would reject a batch, or null.</param>
public sealed record ReadinessBody(bool Ready, bool L1, ulong? L1Block, string? Reason);

/// <summary>Liveness and readiness.</summary>
internal static class HealthEndpoints
{
    /// <summary>Maps <c>/health</c>, <c>/health/live</c> and <c>/health/ready</c>.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapLiveness("/health", "The same as /health/live, where EigenDA's clients and load balancers look");
        routes.MapLiveness("/health/live", "The process answers");
        routes.MapReadiness(
            "/health/ready",
            "A put would work now: the ledger can be written, there is room for the longest batch, and no "
                + "more providers are away than may be lost; "
                + "L1 being away does not stop intake, so it is only reported",
            BodyOf
        );
    }

    private static ReadinessBody BodyOf(HttpContext context, HealthReport report)
    {
        HealthReportEntry l1 = report.Entries[HealthChecks.L1];
        return new ReadinessBody(
            report.Status != HealthStatus.Unhealthy,
            l1.Status == HealthStatus.Healthy,
            l1.Data.TryGetValue(HealthChecks.Block, out object? block) ? (ulong)block : null,
            ReasonOf(context, report.Entries[HealthChecks.Stake])
                ?? ReasonOf(context, report.Entries[HealthChecks.Intake])
                ?? ReasonOf(context, l1)
        );
    }

    private static string? ReasonOf(HttpContext context, HealthReportEntry entry)
    {
        if (entry.Status != HealthStatus.Unhealthy)
        {
            return null;
        }

        if (entry.Exception is not { } failure)
        {
            return entry.Description;
        }

        // The framework would show the exception's message, which may contain internals.
        ErrorResponses.LogFailure(
            context.RequestServices.GetRequiredService<ILogger<ReadinessBody>>(),
            context.Request,
            failure
        );
        return "service: an internal error, which is in the log; try again";
    }
}
