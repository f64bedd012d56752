using Meeda.Chain.Verification;
using Meeda.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Meeda.Light;

/// <summary>The HTTP API of a light node for verifiers; it may be switched off.</summary>
internal static class VerifierApi
{
    /// <summary>Registers the services of the API.</summary>
    public static IServiceCollection AddVerifierApi(this IServiceCollection services, bool listens)
    {
        services
            .AddSingleton<SamplingHistory>()
            .AddSingleton(provider => new ProofWork(
                new IntakeWork(provider.GetRequiredService<TimeProvider>()),
                ProofWork.DefaultWorkers
            ))
            .AddOpenApi(options => options.Describe("Meeda light node", hasTenants: false))
            .AddHealthChecks();
        return listens ? services : services.AddSingleton<IServer, NoServer>();
    }

    /// <summary>Adds its pipeline and routes.</summary>
    public static void UseVerifierApi(this WebApplication app, ConnectionLimits connections, HttpOptions http)
    {
        app.Use(connections.InvokeAsync);
        app.UseTrustedProxies(http);
        app.UseConnectionCloseForUnreadBodies();
        app.UseErrorResponses();
        app.Use(new OriginGuard(_ => Task.FromResult(true), http.AllowAnonymous).InvokeAsync);
        app.UseHeadAsGet();
        app.UseRouting(); // after the middleware that changes the method
        app.MapApiDocument();
        ServiceHost.Under(app, "Proofs").MapProofs();
        ServiceHost.Under(app, "Light node").MapLiveness("/health/live", "The process answers");
    }

    /// <summary>The server of a host that does not listen.</summary>
    private sealed class NoServer : IServer
    {
        /// <inheritdoc/>
        public IFeatureCollection Features { get; } = new FeatureCollection();

        /// <inheritdoc/>
        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        /// <inheritdoc/>
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        /// <inheritdoc/>
        public void Dispose() { }
    }
}
