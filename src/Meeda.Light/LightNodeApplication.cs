using Meeda.Chain.Contract;
using Meeda.Chain.Following;
using Meeda.Chain.Index;
using Meeda.Chain.L1;
using Meeda.Chain.Verification;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;

namespace Meeda.Light;

/// <summary>The light node as an application: which services it is made of.</summary>
internal static class LightNodeApplication
{
    /// <summary>The light node: follows L1, recomputes every proof, answers every lie.</summary>
    /// <param name="options">What it watches and how much it may spend.</param>
    /// <param name="rpc">The L1 endpoint.</param>
    /// <param name="keyFile">The file with the key that answers; null for watching only.</param>
    /// <param name="listen">The URL under which verifiers ask it; null for none.</param>
    /// <param name="quiet">Log warnings only.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">The folder or the key cannot be used.</exception>
    public static Task<LightRole> BuildAsync(
        LightOptions options,
        Uri rpc,
        string? keyFile,
        string? listen,
        bool quiet,
        CancellationToken cancellationToken
    ) =>
        BuildAsync(
            options,
            new L1Options { Rpc = rpc.AbsoluteUri, PollInterval = options.PollInterval },
            keyFile is null ? null : SignerOptions.ReadKeyFile(keyFile, password: null, passwordFile: null),
            listen,
            new HttpOptions(),
            quiet,
            cancellationToken
        );

    /// <summary>The light node, of settings that are read already.</summary>
    /// <param name="settings">All there are; what is wrong with them is said here.</param>
    /// <param name="quiet">Log warnings only, to standard error.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">A setting is wrong, or the folder or the key cannot be used.</exception>
    public static async Task<LightRole> BuildAsync(
        SettingsReader settings,
        bool quiet,
        CancellationToken cancellationToken
    )
    {
        var light = settings.Get<LightSettings>();
        var l1 = settings.Get<L1Options>();
        var http = settings.Get<HttpOptions>();
        var signing = settings.Get<SignerOptions>();
        var proxy = settings.Get<ProxyOptions>();
        string? listen = light.Listen.Length == 0 ? null : light.Listen;
        http.Listen = listen ?? http.Listen;
        settings.ThrowIfWrong([.. l1.Problems(), .. light.Problems(), .. http.Problems(), .. proxy.Problems()]);
        OutgoingHttp.UseProxy(proxy);
        PrivateKeySigner? signer = light.KeyFile is null
            ? null
            : SignerOptions.ReadKeyFile(light.KeyFile, signing.Password, signing.PasswordFile);
        return await BuildAsync(light.ToOptions(l1), l1, signer, listen, http, quiet, cancellationToken);
    }

    private static async Task<LightRole> BuildAsync(
        LightOptions options,
        L1Options l1,
        PrivateKeySigner? signer,
        string? listen,
        HttpOptions http,
        bool quiet,
        CancellationToken cancellationToken
    )
    {
        if (listen is not null && !http.AllowAnonymous && !ServiceHost.Reaches(listen).IsLoopback)
        {
            throw new SetupException(
                $"--listen: {listen} can be reached from other machines; set Meeda__Http__AllowAnonymous=true if "
                    + "it shall be"
            );
        }

        LightLedger ledger;
        try
        {
            ledger = await LightLedger.OpenAsync(options.Folder, cancellationToken);
        }
        catch (Exception unusable)
            when (unusable
                    is IOException
                        or InvalidDataException
                        or UnauthorizedAccessException
                        or System.Data.Common.DbException
            )
        {
            throw new SetupException(
                $"--folder: {Path.GetFullPath(options.Folder)} cannot be used: {unusable.Message.TrimEnd('.')}"
            );
        }

        WebApplicationBuilder builder = ServiceHost.CreateBuilder(quiet);
        ConnectionLimits connections = ServiceHost.Listen(builder, listen ?? "http://127.0.0.1:0", http);
        IServiceCollection services = builder.Services;
        services.AddOutgoingHttp();
        L1Connection.Add(services, l1);
        services.AddHttpClient(
            nameof(AvailabilitySampling),
            http =>
            {
                http.Timeout = TimeSpan.FromSeconds(10);
                http.MaxResponseContentBufferSize = 64 * 1024;
            }
        );
        services.AddSingleton(options);
        services.AddSingleton(_ => ledger); // by a factory, so that the host disposes of it
        services.AddSingleton<IAnchorRecord>(ledger.Index);
        services.AddSingleton(
            new ServedOperators(async stop => [.. (await ledger.OperatorsAsync(stop)).Select(each => each.Operator)])
        );
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new MeedaVerifierContract(
            provider.GetRequiredService<EthereumClient>(),
            options.Contract
        ));
        services.AddSingleton(provider => new ChallengeSender(
            options,
            ledger,
            signer is null
                ? null
                : new TransactionSender(
                    provider.GetRequiredService<EthereumClient>(),
                    signer,
                    new TransactionSenderOptions { Confirmations = 0, PollInterval = options.PollInterval }
                ),
            provider.GetRequiredService<ILogger<ChallengeSender>>()
        ));
        services.AddSingleton(_ => new VerificationKey(TrustedSetup.Ethereum));
        services.AddSingleton<EpochVerification>();
        services.AddSingleton<SamplingHistory>();
        services.AddSingleton(provider => new ProofWork(
            new IntakeWork(provider.GetRequiredService<TimeProvider>()),
            ProofWork.DefaultWorkers
        ));
        services.AddSingleton<FraudDetector>();
        services.AddSingleton<AvailabilitySampling>();
        services.AddSingleton<LightChain>();
        services.AddSingleton(provider => new ChainFollower(
            provider.GetRequiredService<EthereumClient>(),
            provider.GetRequiredService<MeedaVerifierContract>(),
            provider.GetRequiredService<LightChain>(),
            only: null,
            options.FromBlock,
            provider.GetRequiredService<ILogger<ChainFollower>>()
        ));
        services.AddSingleton<LightNode>();
        services.AddOpenApi(options => options.Describe("Meeda light node", hasTenants: false));
        WebApplication app = builder.Build();
        app.Use(connections.InvokeAsync);
        app.UseConnectionCloseForUnreadBodies();
        app.UseErrorResponses();
        app.Use(new OriginGuard(_ => Task.FromResult(true), http.AllowAnonymous).InvokeAsync);
        app.UseHeadAsGet();
        app.UseRouting(); // behind what changes the method
        app.MapApiDocument();
        ServiceHost.Under(app, "Proofs").MapProofs();
        ServiceHost
            .Under(app, "Light node")
            .MapGet("/health/live", () => Results.Ok())
            .WithSummary("The process answers")
            .Produces(200);
        return new LightRole(app, listens: listen is not null, signer?.Address);
    }
}
