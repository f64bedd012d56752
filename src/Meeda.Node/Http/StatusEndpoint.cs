using Meeda.Node.Batches;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Node.Http;

/// <summary>How many batches are in each state.</summary>
/// <param name="Stored">Durable in the ledger.</param>
/// <param name="Placed">Durable at their providers too.</param>
/// <param name="Anchored">In an L1 block that is not final yet.</param>
/// <param name="Final">In a final L1 block.</param>
/// <param name="Expired">Beyond their anchors' expiry.</param>
public sealed record StatesBody(long Stored, long Placed, long Anchored, long Final, long Expired);

/// <summary>What presses on the intake.</summary>
/// <param name="BacklogBatches">Batches that are not at their providers yet.</param>
/// <param name="BacklogBytes">Their payloads' bytes.</param>
/// <param name="FailingSeconds">For how long the ledger or the providers have refused everything; 0 while they work.</param>
/// <param name="FailingOver">Whether puts are answered 503 by the failover policy.</param>
/// <param name="Failovers">Puts answered so since the process began.</param>
public sealed record IntakeBody(long BacklogBatches, long BacklogBytes, double FailingSeconds, bool FailingOver, long Failovers);

/// <summary>How the operator is doing.</summary>
/// <param name="Operator">Its L1 account.</param>
/// <param name="Contract">The MeedaVerifier contract it works with.</param>
/// <param name="Leads">Whether this process follows L1, anchors and proves; of several on one database one does.</param>
/// <param name="L1Block">The last L1 block read, or null.</param>
/// <param name="FinalBlock">The last block that L1 called final.</param>
/// <param name="L1CaughtUp">Whether L1 answered at the last look.</param>
/// <param name="Batches">Its batches by state.</param>
/// <param name="Intake">What presses on it.</param>
public sealed record StatusBody(string Operator, string Contract, bool Leads, ulong? L1Block, ulong FinalBlock, bool L1CaughtUp, StatesBody Batches, IntakeBody Intake);

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
