using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.L1.Rpc;
using Meeda.Operator.Http;
using Meeda.Operator.L1;
using Meeda.Storage.Folders;

namespace Meeda.Operator;

/// <summary>
/// The operator as an application: which services it is made of, and what is checked before it starts.
/// </summary>
internal static class OperatorApplication
{
    /// <summary>
    /// The operator: accepts batches over HTTP, keeps them, anchors them and proves each epoch. Builds the whole
    /// application; reports every fault of its settings or environment at once, before it listens.
    /// </summary>
    /// <param name="configuration">Overrides of the settings, <c>Meeda:Section:Name</c> to value; environment
    /// variables come below them.</param>
    /// <param name="listen">The URL to listen on; null for the configured URL.</param>
    /// <param name="quiet">Log warnings only.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">A setting is wrong, or the data folder or the key cannot be used.</exception>
    public static async Task<WebApplication> BuildAsync(
        IReadOnlyDictionary<string, string?> configuration,
        string? listen,
        bool quiet,
        CancellationToken cancellationToken
    )
    {
        var all = new Dictionary<string, string?>(configuration, StringComparer.OrdinalIgnoreCase);
        if (listen is not null)
        {
            all[$"{HttpOptions.Section}:{nameof(HttpOptions.Listen)}"] = listen;
        }

        return await BuildAsync(new SettingsReader(all), quiet, cancellationToken);
    }

    /// <summary>The operator, of settings that are read already.</summary>
    /// <param name="settings">All settings; faults are reported here.</param>
    /// <param name="quiet">Log warnings only, to standard error.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">A setting is wrong, or the data folder or the key cannot be used.</exception>
    public static async Task<WebApplication> BuildAsync(
        SettingsReader settings,
        bool quiet,
        CancellationToken cancellationToken
    )
    {
        WebApplicationBuilder builder = ServiceHost.CreateBuilder(quiet);
        OperatorSettings options = OperatorSettings.Read(settings, builder.Services);
        OutgoingHttp.UseProxy(options.Proxy);
        OperatorResources opened = await OperatorResources.OpenAsync(options, cancellationToken);
        ConnectionLimits connections = ServiceHost.Listen(builder, options.Http.Listen, options.Http);
        builder
            .Services.AddLedger(opened)
            .AddLeadership(opened)
            .AddProviders(options, opened)
            .AddL1(options, opened)
            .AddAccountOperations(opened)
            .AddTenants(opened)
            .AddPayments()
            .AddSignIn()
            .AddBatches(options)
            .AddAnchors()
            .AddProofs()
            .AddBounties(options)
            .AddNitro(options, opened)
            .AddServer();

        // What is in work is finished or, since nothing is acknowledged that is not durable, parked; then the process
        // ends, even if clients still wait.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddOpenApi(api => api.Describe("Meeda operator", hasTenants: true));
        WebApplication app = builder.Build();
        app.UseLeadership();
        app.Logger.SchemasUpgraded(opened.Ledger.Upgrades.Concat(opened.Tenants.Upgrades));
        Warn(app, options);
        app.UseServer(connections, options);
        app.MapOperator(opened.NitroSecret, options.SignIn.IsOn);
        return app;
    }

    /// <summary>
    /// Whether L1 answers and the contract is there, asked once before the service starts: a wrong URL or address
    /// should not wait to be noticed.
    /// </summary>
    /// <exception cref="SetupException">L1 does not answer, there is no MeedaSystem at the address, or the operator
    /// key is another account's.</exception>
    public static async Task CheckL1Async(WebApplication app, CancellationToken cancellationToken)
    {
        SystemContract system = app.Services.GetRequiredService<SystemContract>();
        ulong chainId;
        try
        {
            chainId = await app.Services.GetRequiredService<EthereumClient>().GetChainIdAsync(cancellationToken);
        }
        catch (Meeda.L1.Rpc.JsonRpcException error)
        {
            throw new SetupException($"L1: the JSON-RPC endpoint answers with an error: {error.Message.TrimEnd('.')}");
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SetupException($"L1: the JSON-RPC endpoint does not answer: {failure.Message.TrimEnd('.')}");
        }

        try
        {
            await system.EpochParametersAsync(cancellationToken);
            await EnsureKeyIsOursAsync(system, app.Services.GetRequiredService<OperatorAccount>(), cancellationToken);
        }
        catch (Exception failure) when (failure is not SetupException && !cancellationToken.IsCancellationRequested)
        {
            throw new SetupException(
                failure is L1UnreachableException
                    ? $"L1: {Outage.Explain(failure).Reason.TrimEnd('.')}"
                    : $"contract: there is no MeedaSystem at {system.Address} on this L1: {failure.Message.TrimEnd('.')}"
            );
        }

        try
        {
            await app.Services.GetRequiredService<LedgerOwner>().EnsureAsync(chainId, cancellationToken);
        }
        catch (Exception failure) when (failure is L1UnreachableException or System.Data.Common.DbException)
        {
            throw new SetupException($"start: whose ledger this is cannot be compared: {failure.Message.TrimEnd('.')}");
        }

        try
        {
            await app.Services.GetRequiredService<OperatorStanding>().PollAsync(cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SetupException($"L1: {Outage.Explain(failure).Reason.TrimEnd('.')}");
        }
    }

    /// <summary>
    /// Refuses the key of another account, before the ledger is bound to an account for good: a key belongs to one
    /// account permanently.
    /// </summary>
    private static async Task EnsureKeyIsOursAsync(
        SystemContract system,
        OperatorAccount account,
        CancellationToken cancellationToken
    )
    {
        if (
            await system.Anchors.AccountEverOfAsync(account.Key, cancellationToken) is { } owner
            && owner != account.Address
        )
        {
            throw new SetupException(
                $"account: the operator key {account.Key} belongs to account {owner}, not to {account.Address}; set "
                    + $"Meeda__L1__Account={owner}"
            );
        }
    }

    /// <summary>Logs what an operator should know of its surroundings.</summary>
    private static void Warn(WebApplication app, OperatorSettings options)
    {
        ILogger log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Meeda.Operator");
        DurabilityCheck.Warn(log, OperatingSystem.IsLinux());
        (string? File, string Setting)[] secrets =
        [
            (options.Nitro.JwtSecretFile, "Meeda__Nitro__JwtSecretFile"),
            (options.Storage.MefsTokenFile, "Meeda__Storage__MefsTokenFile"),
        ];
        foreach ((string? file, string setting) in secrets)
        {
            if (file is not null && SecretFile.IsOpenToOthers(file))
            {
                log.SecretReadable(file, setting);
            }
        }
    }
}
