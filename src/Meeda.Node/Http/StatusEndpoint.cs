using Meeda.Client;
using Meeda.Node.Batches;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Node.Http;

/// <summary>The operator at a glance.</summary>
internal static class StatusEndpoint
{
    /// <summary>Maps <c>/status</c>.</summary>
    public static void MapStatus(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/status", GetAsync).WithSummary("The operator at a glance: batches by state, backlog, L1, failover").Produces<StatusBody>();

    private static async Task<StatusBody> GetAsync(
        [FromServices] Ledger ledger,
        [FromServices] L1Follower follower,
        [FromServices] IntakePressure pressure,
        [FromServices] Leadership leadership,
        [FromServices] OperatorAccount account,
        [FromServices] MeedaVerifierContract contract,
        CancellationToken cancellationToken)
    {
        StateCounts states = await ledger.CountStatesAsync(follower.Tip ?? 0, follower.Final, cancellationToken);
        PressureReport report = await pressure.ReportAsync(cancellationToken);
        return new StatusBody(
            account.Address.ToString(),
            contract.Address.ToString(),
            leadership.IsLeading,
            follower.Tip,
            follower.Final,
            follower.IsCaughtUp,
            new StatesBody(states.Stored, states.Placed, states.Anchored, states.Final, states.Expired),
            new IntakeBody(report.BacklogBatches, report.BacklogBytes, Math.Round(report.FailingFor.TotalSeconds, 1), report.IsFailingOver, report.Failovers));
    }
}
