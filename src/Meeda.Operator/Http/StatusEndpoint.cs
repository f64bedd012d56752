using Meeda.Chain.Contract;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Payments;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
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
        RollupEscrows escrows,
        TenantCosts costs,
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
            Escrows = await EscrowsAsync(escrows, costs.Current, cancellationToken),
        };
    }

    /// <summary>A tenant's own escrow; all known escrows for a caller that may see everything.</summary>
    private static async Task<IReadOnlyList<EscrowBody>> EscrowsAsync(
        RollupEscrows escrows,
        Tenant? tenant,
        CancellationToken cancellationToken
    )
    {
        if (tenant is null || tenant.Scopes.HasFlag(TenantScopes.Admin))
        {
            return [.. escrows.Known.Select(known => BodyOf(known.Key, known.Value))];
        }

        try
        {
            return tenant.Payer is { } rollup
                ? [BodyOf(rollup, await escrows.ReadAsync(rollup, cancellationToken))]
                : [];
        }
        catch (DaException)
        {
            return []; // The escrows are unknown; the rest of the status is not.
        }
    }

    private static EscrowBody BodyOf(Address rollup, RollupEscrow escrow) =>
        new(
            $"{rollup}",
            escrow.State.Block,
            $"{escrow.State.Balance}",
            $"{escrow.Available}",
            $"{escrow.State.Price}",
            escrow.PaidUntil
        );
}
