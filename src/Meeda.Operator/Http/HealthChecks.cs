using Meeda.Kzg.Commitments;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Meeda.Operator.Http;

/// <summary>The framework's health checks of an operator. A put works if none is unhealthy.</summary>
internal static class HealthChecks
{
    /// <summary>Whether the contract would accept an anchor of this operator.</summary>
    public const string Stake = "stake";

    /// <summary>Whether a batch could be stored.</summary>
    public const string Intake = "intake";

    /// <summary>Whether L1 is followed to its head; intake continues without it.</summary>
    public const string L1 = "l1";

    /// <summary>In the data of <see cref="L1"/>: the last L1 block read.</summary>
    public const string Block = "block";

    /// <summary>Adds the checks, and preloads what the first requests would wait for.</summary>
    public static IServiceCollection AddOperatorHealth(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<StakeCheck>(Stake).AddCheck<IntakeCheck>(Intake).AddCheck<L1Check>(L1);
        return services.AddHostedService<SetupWarmUp>();
    }

    private sealed class StakeCheck(OperatorStanding standing) : IHealthCheck
    {
        /// <inheritdoc/>
        public Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context,
            CancellationToken cancellationToken = default
        ) =>
            Task.FromResult(
                standing.Pause is { } pause ? HealthCheckResult.Unhealthy($"ledger: {pause}")
                : standing.Problem is { } refusal ? HealthCheckResult.Unhealthy($"stake: {refusal}")
                : HealthCheckResult.Healthy()
            );
    }

    private sealed class IntakeCheck(Readiness readiness) : IHealthCheck
    {
        /// <inheritdoc/>
        public async Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context,
            CancellationToken cancellationToken = default
        ) =>
            await readiness.ProblemAsync(cancellationToken) is { } problem
                ? HealthCheckResult.Unhealthy(problem)
                : HealthCheckResult.Healthy();
    }

    private sealed class L1Check(L1Follower follower) : IHealthCheck
    {
        /// <inheritdoc/>
        public Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context,
            CancellationToken cancellationToken = default
        )
        {
            bool isCaughtUp = follower.IsCaughtUp;
            Dictionary<string, object> data = follower.Tip is { } tip ? new() { [Block] = tip } : [];
            return Task.FromResult(
                isCaughtUp
                    ? HealthCheckResult.Healthy(data: data)
                    : HealthCheckResult.Degraded("L1: it is not followed to its head", data: data)
            );
        }
    }

    /// <summary>Loads the ceremony's setup before the service listens, so that no request waits for it.</summary>
    private sealed class SetupWarmUp(IServiceProvider services) : IHostedService
    {
        /// <inheritdoc/>
        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = services.GetRequiredService<CommitmentKey>();
            _ = services.GetRequiredService<VerificationKey>();
            return Task.CompletedTask;
        }

        /// <inheritdoc/>
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
