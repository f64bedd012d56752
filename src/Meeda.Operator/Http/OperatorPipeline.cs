using Meeda.Hosting;
using Meeda.Http;
using Meeda.L1.Transactions;
using Meeda.Operator.Http.Legacy;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Tenants;
using Microsoft.AspNetCore.Authorization;

namespace Meeda.Operator.Http;

/// <summary>The middleware that requests pass, and the routes.</summary>
internal static class OperatorPipeline
{
    /// <summary>
    /// When this process starts to lead, discards the known nonces, since another leader may have sent transactions
    /// meanwhile.
    /// </summary>
    public static void UseLeadership(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<FolderLock>(); // only a resolved service is disposed of
        LeaderElection election = app.Services.GetRequiredService<LeaderElection>();
        election.Taken += app.Services.GetRequiredService<TransactionSender>().Forget;
        election.Taken += app.Services.GetRequiredService<PublicationSender>().Forget;
    }

    /// <summary>Adds limits, error responses, the origin check and authentication.</summary>
    public static void UseServer(this WebApplication app, ConnectionLimits connections, OperatorSettings options)
    {
        TenantKeys tenants = app.Services.GetRequiredService<TenantKeys>();
        app.Use(connections.InvokeAsync);
        app.UseTrustedProxies(options.Http);
        app.UseConnectionCloseForUnreadBodies();
        app.UseContentLengthLimit(DaProviderEndpoint.MaxBodyBytes(options.Batches), "twice MaxBatchBytes");
        app.UseErrorResponses();
        app.Use(
            new OriginGuard(
                async stop => !await tenants.AreRequiredAsync(stop),
                options.Http.AllowAnonymous
            ).InvokeAsync
        );
        app.UseHeadAsGet();
        app.UseRouting();
        app.UseTenantAccess(tenants, TimeProvider.System);
    }

    /// <summary>Maps every route of an operator.</summary>
    /// <param name="app">The operator.</param>
    /// <param name="nitroSecret">The key of Nitro's tokens; null if no token is required.</param>
    /// <param name="allowsSignIn">Whether wallets may sign in.</param>
    public static void MapOperator(this WebApplication app, byte[]? nitroSecret, bool allowsSignIn)
    {
        RouteGroupBuilder document = app.MapGroup("").RequireAuthorization(TenantAccess.Read);
        ((IEndpointConventionBuilder)document).Finally(Close);
        document.MapApiDocument();
        ServiceHost.Under(app, "OP Stack").MapAltDa();

        // One route both reads and stores, with the same HTTP method.
        ServiceHost.Under(app, "Arbitrum Nitro").RequireAuthorization(TenantAccess.Write).MapNitro(nitroSecret);
        ServiceHost.Under(app, "Batches").MapBatches();
        ServiceHost.Under(app, "Proofs").RequireAuthorization(TenantAccess.Read).MapProofs();
        ServiceHost.Under(app, "Blobs").RequireAuthorization(TenantAccess.Read).MapBlobs();
        ServiceHost.Under(app, "Operator").RequireAuthorization(TenantAccess.Read).MapStatus();
        ServiceHost.Under(app, "Operator").AllowAnonymous().MapHealth();
        ServiceHost.Under(app, "First version").MapLegacy();
        if (allowsSignIn)
        {
            ServiceHost.Under(app, "Sign-in").MapSignIn();
        }
    }

    /// <summary>Requires a key for routes that a library leaves open, such as the script of the API page.</summary>
    private static void Close(EndpointBuilder endpoint)
    {
        foreach (IAllowAnonymous open in endpoint.Metadata.OfType<IAllowAnonymous>().ToList())
        {
            endpoint.Metadata.Remove(open);
        }
    }
}
