using Meeda.Chain.Contract;
using Meeda.Client;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Operator.Http;

/// <summary>The operator at a glance.</summary>
internal static class StatusEndpoint
{
    /// <summary>Maps <c>/status</c>.</summary>
    public static void MapStatus(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/status", GetAsync)
            .WithSummary("The operator at a glance: batches by state, backlog, L1, failover");

    private static async Task<StatusBody> GetAsync(
        [FromServices] Ledger ledger,
        L1Follower follower,
        IntakePressure pressure,
        LeaderElection leadership,
        OperatorAccount account,
        SystemContract system,
        OperatorStanding standing,
        CancellationToken cancellationToken
    )
    {
        StateCounts states = await ledger.CountStatesAsync(follower.Tip ?? 0, follower.Final, cancellationToken);
        PressureReport report = await pressure.ReportAsync(cancellationToken);
        return new StatusBody(
            account.Address.ToString(),
            system.Address.ToString(),
            leadership.IsLeading,
            follower.Tip,
            follower.Final,
            follower.IsCaughtUp,
            new StatesBody(states.Stored, states.Placed, states.Anchored, states.Final, states.Expired),
            new IntakeBody(
                report.BacklogBatches,
                report.BacklogBytes,
                Math.Round(report.FailingFor.TotalSeconds, 1),
                report.IsFailingOver,
                report.Failovers
            )
        )
        {
            Stake = standing.Capacity is { } capacity ? new StakeBody(capacity.Most, capacity.Live) : null,
        };
    }
}
