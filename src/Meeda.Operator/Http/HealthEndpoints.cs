using Meeda.Kzg.Commitments;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Operator.Http;

/// <summary>What the service needs in order to work.</summary>
/// <param name="Ready">Whether it would take a batch in now.</param>
/// <param name="L1">Whether L1 was read up to its head at the last poll.</param>
/// <param name="L1Block">The last L1 block read, or null.</param>
/// <param name="Reason">Why it would not take a batch in, or null.</param>
public sealed record ReadinessBody(bool Ready, bool L1, ulong? L1Block, string? Reason);

/// <summary>Liveness and readiness.</summary>
internal static class HealthEndpoints
{
    /// <summary>Maps <c>/health</c>, <c>/health/live</c> and <c>/health/ready</c>.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/health", () => Results.Ok())
            .WithSummary("The same as /health/live, where EigenDA's clients and load balancers look")
            .Produces(200);
        routes.MapGet("/health/live", () => Results.Ok()).WithSummary("The process answers").Produces(200);
        routes
            .MapGet("/health/ready", ReadyAsync)
            .WithSummary(
                "A put would work now: the ledger can be written, there is room for the longest batch, and no "
                    + "more providers are away than may be lost; "
                    + "L1 being away does not stop intake, so it is only reported"
            )
            .Produces<ReadinessBody>()
            .Produces<ReadinessBody>(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> ReadyAsync(
        [FromServices] Readiness readiness,
        [FromServices] CommitmentKey key,
        [FromServices] L1Follower follower,
        [FromServices] OperatorStanding standing,
        CancellationToken cancellationToken
    )
    {
        GC.KeepAlive(key); // resolving it loads the ceremony's setup
        string? reason = standing.Problem is { } refusal
            ? $"stake: {refusal}"
            : await readiness.ProblemAsync(cancellationToken);
        return Results.Json(
            new ReadinessBody(reason is null, follower.IsCaughtUp, follower.Tip, reason),
            statusCode: reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable
        );
    }
}
