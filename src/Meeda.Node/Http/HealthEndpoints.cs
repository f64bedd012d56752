using Meeda.Kzg.Commitments;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Node.Http;

/// <summary>What the service needs in order to work.</summary>
/// <param name="Ready">Whether it would take a batch in now.</param>
/// <param name="L1">Whether L1 was read up to its head at the last look.</param>
/// <param name="L1Block">The last L1 block read, or null.</param>
public sealed record ReadinessBody(bool Ready, bool L1, ulong? L1Block);

/// <summary>Liveness and readiness.</summary>
internal static class HealthEndpoints
{
    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c>.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => Results.Ok()).WithSummary("The process answers").Produces(200);
        routes.MapGet("/health/ready", ReadyAsync)
            .WithSummary("The ledger answers and the commitment key is loaded; L1 being away does not stop intake, so it is only reported")
            .Produces<ReadinessBody>().Produces<ReadinessBody>(StatusCodes.Status500InternalServerError);
    }

    private static async Task<IResult> ReadyAsync(
        [FromServices] Ledger ledger, [FromServices] CommitmentKey key, [FromServices] L1Follower follower, [FromServices] OperatorStanding standing, CancellationToken cancellationToken)
    {
        GC.KeepAlive(key); // resolving it loads the ceremony's setup
        try
        {
            await ledger.TipAsync(cancellationToken);
            if (standing.Problem is not null)
            {
                return Results.Json(new ReadinessBody(false, follower.IsCaughtUp, follower.Tip), statusCode: StatusCodes.Status500InternalServerError);
            }

            return Results.Ok(new ReadinessBody(true, follower.IsCaughtUp, follower.Tip));
        }
        catch (System.Data.Common.DbException)
        {
            return Results.Json(new ReadinessBody(false, follower.IsCaughtUp, follower.Tip), statusCode: StatusCodes.Status500InternalServerError);
        }
    }
}
