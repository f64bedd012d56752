using Meeda.Hosting;
using Meeda.Operator.Tenants;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.SignIn;

/// <summary>
/// Ends the keys of delegates that are no longer registered on L1: a rollup whose delegate's key was stolen revokes the
/// delegate on L1 and need not contact each operator. While L1 does not answer, keys stay valid until they expire.
/// </summary>
internal sealed class DelegateReview(
    IOptions<SignInOptions> options,
    TenantKeys tenants,
    WalletSignIn signIn,
    TimeProvider time,
    ILogger<DelegateReview> log
) : PeriodicService(options.Value.DelegateInterval, time)
{
    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        DateTimeOffset now = Time.GetUtcNow();
        foreach (Tenant tenant in await tenants.ListAsync(stoppingToken))
        {
            if (
                tenant is { Signer: { } signer, Rollup: { } rollup, RevokedAt: null }
                && signer != rollup
                && tenant.ExpiresAt > now
                && !await signIn.IsDelegateAsync(
                    Ethereum.Address.Parse(signer),
                    Ethereum.Address.Parse(rollup),
                    stoppingToken
                )
            )
            {
                await tenants.SignOutAsync(tenant, now, stoppingToken);
                log.DelegateEnded(tenant.Id, signer, rollup);
            }
        }
    }

    /// <inheritdoc/>
    protected override void OnFailed(Exception failure) => log.DelegatesUnknown(failure.Message);
}
