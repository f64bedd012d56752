using Meeda.Ethereum;
using Meeda.Ethereum.JsonRpc;
using Meeda.Ethereum.Signing;
using Meeda.Ethereum.Transactions;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Mefs;
using Meeda.Node.Anchors;
using Meeda.Node.Batches;
using Meeda.Node.Http;
using Meeda.Node.Http.Legacy;
using Meeda.Node.L1;
using Meeda.Node.Light;
using Meeda.Node.Nitro;
using Meeda.Node.Proofs;
using Meeda.Node.Settings;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Meeda.Node.Tenants;
using Meeda.Node.Verification;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Meeda.Node;

/// <summary>Which services run together: a role is a paragraph here, not a project.</summary>
internal static class Roles
{
    /// <summary>
    /// The operator: takes batches in over HTTP, keeps them, anchors them and proves each epoch. Builds the whole application; everything that is
    /// wrong with its settings or its surroundings is said at once, before it listens.
    /// </summary>
    /// <param name="configuration">Overrides of the settings, <c>Meeda:Section:Name</c> to value; environment variables come below them.</param>
    /// <param name="listen">The URL to listen on; null for what the settings say.</param>
    /// <param name="quiet">Log warnings only.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">A setting is wrong, or the data folder or the key cannot be used.</exception>
    public static async Task<WebApplication> BuildOperatorAsync(
        IReadOnlyDictionary<string, string?> configuration, string? listen, bool quiet, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, string?>(configuration, StringComparer.OrdinalIgnoreCase);
        if (listen is not null)
        {
            all[$"{HttpOptions.Section}:{nameof(HttpOptions.Listen)}"] = listen;
        }

        return await BuildOperatorAsync(new SettingsReader(all), quiet, cancellationToken);
    }

    /// <summary>The operator, of settings that are read already.</summary>
    /// <param name="settings">All there are; what is wrong with them is said here.</param>
    /// <param name="quiet">Log warnings only, to standard error.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">A setting is wrong, or the data folder or the key cannot be used.</exception>
    public static async Task<WebApplication> BuildOperatorAsync(SettingsReader settings, bool quiet, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = CreateBuilder(quiet);
        AddOptions<BatchOptions>(builder.Services, settings, out BatchOptions batches);
        AddOptions<IntakeOptions>(builder.Services, settings, out IntakeOptions intake);
        AddOptions<AnchorOptions>(builder.Services, settings, out AnchorOptions anchors);
        AddOptions<L1Options>(builder.Services, settings, out L1Options l1);
        AddOptions<TransactionOptions>(builder.Services, settings, out TransactionOptions transactions);
        AddOptions<StorageOptions>(builder.Services, settings, out StorageOptions storage);
        AddOptions<NitroOptions>(builder.Services, settings, out NitroOptions nitro);
        AddOptions<HttpOptions>(builder.Services, settings, out HttpOptions http);
        AddOptions<SignerOptions>(builder.Services, settings, out SignerOptions signing);
        AddOptions<ProxyOptions>(builder.Services, settings, out ProxyOptions proxy);
        settings.ThrowIfWrong(
        [
            .. l1.Problems(), .. signing.Problems(l1), .. transactions.Problems(), .. intake.Problems(batches), .. batches.Problems(),
            .. storage.Problems(), .. anchors.Problems(batches), .. http.Problems(), .. proxy.Problems(),
        ]);
        OutgoingHttp.UseProxy(proxy);

        ITransactionSigner signer = signing.Open(l1);
        PrivateKeySigner? blobSigner = signing.OpenBlobSigner(signer.Address);
        byte[]? nitroSecret = nitro.ReadSecret();
        FolderLock folderLock = LockFolder(storage.Folder);
        (Ledger ledger, Lease lease) = await OpenLedgerAsync(storage, cancellationToken);
        if (await ledger.FindBindingAsync(cancellationToken) is { } bound
            && bound.DifferenceFrom(bound with { Contract = Address.Parse(l1.Contract), Account = signer.Address }) is { } difference)
        {
            folderLock.Dispose();
            throw LedgerOwner.Refusal(storage.Database is null ? $"data folder {Path.GetFullPath(storage.Folder)}" : "database", difference);
        }

        TenantKeys tenants = await TenantKeys.OpenAsync(storage, cancellationToken);
        if (!Reaches(http.Listen).IsLoopback && !http.AllowAnonymous && !await tenants.AnyAsync(cancellationToken))
        {
            throw new SetupException(
                $"--listen: {http.Listen} can be reached from other machines and nobody needs a key; "
                + "make one with meeda keys make, or set Meeda__Http__AllowAnonymous=true");
        }

        ConnectionLimits connections = Listen(builder, http.Listen, http);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IHttpContextFactory, KeyStrippingContextFactory>();
        builder.Services.AddOutgoingHttp();
        builder.Services.AddHttpClient(nameof(MefsClient));
        RowProviders providers = await RowProviders.OpenAsync(storage, ledger, cancellationToken);
        builder.Services.AddSingleton(services => providers.Connect(services.GetRequiredService<IHttpClientFactory>(), services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(services => new RowPlacement(
            services.GetRequiredService<RowProviders>().All,
            storage.ToleratedLosses,
            services.GetRequiredService<CommitmentKey>(),
            services.GetRequiredService<ILogger<RowPlacement>>(),
            new HeldPayloads(ledger)));
        builder.Services.AddSingleton(_ => folderLock);
        builder.Services.AddSingleton(_ => tenants);
        builder.Services.AddSingleton(_ => ledger); // by a factory, so that the host disposes of it
        builder.Services.AddSingleton(lease);
        builder.Services.AddSingleton<BatchSignal>();
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddSingleton<BatchStates>();
        builder.Services.AddSingleton<IntakePressure>();
        builder.Services.AddSingleton<BodyBudget>();
        builder.Services.AddSingleton<IntakeWork>();
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddSingleton<TenantCosts>();
        builder.Services.AddSingleton(services => new ProofWork(services.GetRequiredService<IntakeWork>(), ProofWork.DefaultWorkers));
        builder.Services.AddSingleton(_ => new CommitmentKey(TrustedSetup.Ethereum));
        builder.Services.AddSingleton(_ => new VerificationKey(TrustedSetup.Ethereum));
        builder.Services.AddSingleton<BlobFailover>();
        builder.Services.AddSingleton<BatchIntake>();
        builder.Services.AddSingleton(services => new BatchCopies(http.MaxAnswerBytes, intake.MaxWait, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddKeyedSingleton(nameof(DaProvider), (services, _) => new BatchCopies(http.MaxAnswerBytes, intake.MaxWait, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<BatchReader>();
        builder.Services.AddSingleton<LedgerOwner>();
        builder.Services.AddSingleton<Terms>();
        builder.Services.AddSingleton<Absence>();
        builder.Services.AddSingleton<InclusionCheck>();
        L1Connection.Add(builder.Services, l1);
        builder.Services.AddSingleton(new OperatorAccount(signer.Address));
        builder.Services.AddSingleton(new CertificateSigner(signer as PrivateKeySigner));
        builder.Services.AddSingleton<ChunkedStores>();
        builder.Services.AddSingleton<DaProvider>();
        builder.Services.AddSingleton(services => new TransactionSender(
            services.GetRequiredService<EthereumClient>(),
            signer,
            transactions.ToSenderOptions(l1, new TransactionLog(services.GetRequiredService<ILogger<TransactionSender>>()).Take),
            journal: new TransactionJournal(ledger, signer.Address)));
        builder.Services.AddSingleton(services => new PublicationSender(
            services.GetRequiredService<TransactionSender>(),
            blobSigner is null ? null : new TransactionSender(
                services.GetRequiredService<EthereumClient>(),
                blobSigner,
                transactions.ToSenderOptions(l1, new TransactionLog(services.GetRequiredService<ILogger<TransactionSender>>()).Take),
                journal: new TransactionJournal(ledger, blobSigner.Address))));
        builder.Services.AddSingleton<OperatorStanding>();
        builder.Services.AddSingleton(services => new MeedaVerifierContract(services.GetRequiredService<EthereumClient>(), Address.Parse(l1.Contract)));
        builder.Services.AddSingleton<IAnchorRecord, OperatorRecord>();
        builder.Services.AddSingleton(new ServedOperators(_ => Task.FromResult<IReadOnlyList<Address>>([signer.Address])));
        builder.Services.AddSingleton<EpochVerification>();
        builder.Services.AddSingleton<SamplingHistory>();
        builder.Services.AddSingleton<CellOpening>();
        builder.Services.AddSingleton(_ => new CellProver(TrustedSetup.Ethereum));
        builder.Services.AddSingleton<BlobSource>();
        AddBackground<Leadership>(builder.Services);
        AddBackground<L1Follower>(builder.Services);
        AddBackground<BatchPlacement>(builder.Services);
        AddBackground<AnchorPoster>(builder.Services);
        builder.Services.AddSingleton<ProofBuilder>();
        AddBackground<Prover>(builder.Services);
        AddBackground<BlobPublisher>(builder.Services);
        AddBackground<BalanceWatch>(builder.Services);
        AddBackground<RowScrub>(builder.Services);
        AddBackground<Retention>(builder.Services);
        AddBackground<PackUpkeep>(builder.Services);
        AddBackground<FolderSweep>(builder.Services);

        // What is in work is finished or, since nothing is acknowledged that is not durable, parked; then the process ends, whoever still waits.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddApiDocument("Meeda operator", hasTenants: true);
        WebApplication app = builder.Build();
        _ = app.Services.GetRequiredService<FolderLock>(); // what was never asked for is never disposed of
        app.Services.GetRequiredService<Leadership>().Taken += app.Services.GetRequiredService<TransactionSender>().Forget;
        app.Services.GetRequiredService<Leadership>().Taken += app.Services.GetRequiredService<PublicationSender>().Forget;
        ILogger log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Meeda.Node");
        PowerCuts.Warn(log, OperatingSystem.IsLinux());
        foreach ((string? file, string setting) in ((string?, string)[])[(nitro.JwtSecretFile, "Meeda__Nitro__JwtSecretFile"), (storage.MefsTokenFile, "Meeda__Storage__MefsTokenFile")])
        {
            if (file is not null && SecretFile.IsOpenToOthers(file))
            {
                log.SecretReadable(file, setting);
            }
        }

        var gate = new TenantGate(app.Services.GetRequiredService<TenantKeys>(), TimeProvider.System);
        app.Use(connections.InvokeAsync);
        app.RefuseLongAnnouncements(DaProviderEndpoint.MostBodyBytes(app.Services.GetRequiredService<IOptions<BatchOptions>>().Value), "twice MaxBatchBytes");
        app.UseErrorResponses();
        app.Use(new OriginGuard(async stop => !await tenants.AnyAsync(stop), http.AllowAnonymous).InvokeAsync);
        app.Use(gate.InvokeAsync);
        app.UseHeadAsGet();
        app.UseRouting(); // behind the gate, which takes keys off the path
        app.MapApiDocument();
        Under(app, "OP Stack").MapAltDa();
        Under(app, "Arbitrum Nitro").MapNitro(nitroSecret);
        Under(app, "Batches").MapBatches();
        Under(app, "Proofs").MapProofs();
        Under(app, "Blobs").MapBlobs();
        Under(app, "Operator").MapStatus();
        Under(app, "Operator").MapHealth();
        Under(app, "First version").MapLegacy();
        return app;
    }

    /// <summary>The light node: follows L1, recomputes every proof, answers every lie.</summary>
    /// <param name="options">What it watches and how much it may spend.</param>
    /// <param name="rpc">The L1 endpoint.</param>
    /// <param name="keyFile">The file with the key that answers; null for watching only.</param>
    /// <param name="listen">The URL under which verifiers ask it; null for none.</param>
    /// <param name="quiet">Log warnings only.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">The folder or the key cannot be used.</exception>
    public static Task<LightRole> BuildLightNodeAsync(
        LightOptions options, Uri rpc, string? keyFile, string? listen, bool quiet, CancellationToken cancellationToken) =>
        BuildLightNodeAsync(
            options,
            new L1Options { Rpc = rpc.AbsoluteUri, PollInterval = options.PollInterval },
            keyFile is null ? null : SignerOptions.ReadKeyFile(keyFile, password: null, passwordFile: null),
            listen,
            new HttpOptions(),
            quiet,
            cancellationToken);

    /// <summary>The light node, of settings that are read already.</summary>
    /// <param name="settings">All there are; what is wrong with them is said here.</param>
    /// <param name="quiet">Log warnings only, to standard error.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">A setting is wrong, or the folder or the key cannot be used.</exception>
    public static async Task<LightRole> BuildLightNodeAsync(SettingsReader settings, bool quiet, CancellationToken cancellationToken)
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
        PrivateKeySigner? signer = light.KeyFile is null ? null : SignerOptions.ReadKeyFile(light.KeyFile, signing.Password, signing.PasswordFile);
        return await BuildLightNodeAsync(light.ToOptions(l1), l1, signer, listen, http, quiet, cancellationToken);
    }

    private static async Task<LightRole> BuildLightNodeAsync(
        LightOptions options, L1Options l1, PrivateKeySigner? signer, string? listen, HttpOptions http, bool quiet, CancellationToken cancellationToken)
    {
        if (listen is not null && !http.AllowAnonymous && !Reaches(listen).IsLoopback)
        {
            throw new SetupException($"--listen: {listen} can be reached from other machines; set Meeda__Http__AllowAnonymous=true if it shall be");
        }

        LightLedger ledger;
        try
        {
            ledger = await LightLedger.OpenAsync(options.Folder, cancellationToken);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            throw new SetupException($"--folder: {Path.GetFullPath(options.Folder)} cannot be used: {unusable.Message.TrimEnd('.')}");
        }

        WebApplicationBuilder builder = CreateBuilder(quiet);
        ConnectionLimits connections = Listen(builder, listen ?? "http://127.0.0.1:0", http);
        IServiceCollection services = builder.Services;
        services.AddOutgoingHttp();
        L1Connection.Add(services, l1);
        services.AddHttpClient(nameof(AvailabilitySampling), http =>
        {
            http.Timeout = TimeSpan.FromSeconds(10);
            http.MaxResponseContentBufferSize = 64 * 1024;
        });
        services.AddSingleton(options);
        services.AddSingleton(ledger);
        services.AddSingleton<IAnchorRecord>(ledger);
        services.AddSingleton(new ServedOperators(async stop => [.. (await ledger.OperatorsAsync(stop)).Select(each => each.Operator)]));
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new MeedaVerifierContract(provider.GetRequiredService<EthereumClient>(), options.Contract));
        services.AddSingleton(provider => new Answers(
            options,
            ledger,
            signer is null ? null : new TransactionSender(provider.GetRequiredService<EthereumClient>(), signer, new TransactionSenderOptions { Confirmations = 0, PollInterval = options.PollInterval }),
            provider.GetRequiredService<ILogger<Answers>>()));
        services.AddSingleton(_ => new VerificationKey(TrustedSetup.Ethereum));
        services.AddSingleton<EpochVerification>();
        services.AddSingleton<SamplingHistory>();
        services.AddSingleton(provider => new ProofWork(new IntakeWork(provider.GetRequiredService<TimeProvider>()), ProofWork.DefaultWorkers));
        services.AddSingleton<Watch>();
        services.AddSingleton<AvailabilitySampling>();
        services.AddSingleton<LightNode>();
        services.AddApiDocument("Meeda light node", hasTenants: false);
        WebApplication app = builder.Build();
        app.Use(connections.InvokeAsync);
        app.UseErrorResponses();
        app.Use(new OriginGuard(_ => Task.FromResult(true), http.AllowAnonymous).InvokeAsync);
        app.UseHeadAsGet();
        app.UseRouting(); // behind what changes the method
        app.MapApiDocument();
        Under(app, "Proofs").MapProofs();
        Under(app, "Light node").MapGet("/health/live", () => Results.Ok()).WithSummary("The process answers").Produces(200);
        return new LightRole(app, listens: listen is not null, signer?.Address);
    }

    /// <summary>Whether L1 answers and the contract is there, asked once before the service starts: a wrong URL or address should not wait to be noticed.</summary>
    /// <exception cref="SetupException">L1 does not answer, or there is no MeedaVerifier at the address.</exception>
    public static async Task CheckL1Async(WebApplication app, CancellationToken cancellationToken)
    {
        Address contract = app.Services.GetRequiredService<MeedaVerifierContract>().Address;
        ulong chainId;
        try
        {
            chainId = await app.Services.GetRequiredService<EthereumClient>().GetChainIdAsync(cancellationToken);
        }
        catch (Meeda.Ethereum.JsonRpc.JsonRpcException error)
        {
            throw new SetupException($"L1: the JSON-RPC endpoint answers with an error: {error.Message.TrimEnd('.')}");
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SetupException($"L1: the JSON-RPC endpoint does not answer: {failure.Message.TrimEnd('.')}");
        }

        try
        {
            await app.Services.GetRequiredService<MeedaVerifierContract>().EpochParametersAsync(cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SetupException(failure is L1UnreachableException
                ? $"L1: {Outage.Explain(failure).Reason.TrimEnd('.')}"
                : $"contract: there is no MeedaVerifier at {contract} on this L1: {failure.Message.TrimEnd('.')}");
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
            await app.Services.GetRequiredService<OperatorStanding>().LookAsync(cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SetupException($"L1: {Outage.Explain(failure).Reason.TrimEnd('.')}");
        }
    }

    /// <summary>Starts a service whose address is free. Where it is not, nothing has been started.</summary>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        app.Services.GetRequiredService<ListenAddress>().CheckFree();
        await app.StartAsync(cancellationToken);
    }

    /// <summary>Routes that the document shows under a title.</summary>
    private static RouteGroupBuilder Under(WebApplication app, string title) => app.MapGroup("").WithTags(title);

    /// <summary>
    /// A host that nothing configures but this class: no files of the working folder, no variables of the framework, nothing that watches either.
    /// </summary>
    private static WebApplicationBuilder CreateBuilder(bool quiet)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "meeda", EnvironmentName = Environments.Production });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        AddLogging(builder.Logging, quiet);
        return builder;
    }

    private static ConnectionLimits Listen(WebApplicationBuilder builder, string url, HttpOptions http)
    {
        ListenAddress address = Reaches(url);
        var connections = new ConnectionLimits(http, TimeProvider.System);
        builder.Services.AddSingleton(address);
        builder.Services.AddSingleton(connections);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            connections.Apply(kestrel); // before what it is for
            address.Bind(kestrel);
        });
        return connections;
    }

    private static ListenAddress Reaches(string url) =>
        ListenAddress.TryParse(url, out ListenAddress? address, out string? problem) ? address : throw new SetupException($"--listen: {problem}");

    private static void AddOptions<T>(IServiceCollection services, SettingsReader settings, out T options)
        where T : class, new()
    {
        options = settings.Get<T>();
        services.AddSingleton(Options.Create(options));
    }

    private static void AddLogging(ILoggingBuilder logging, bool quiet)
    {
        // What is quiet is part of a command whose answer is on standard output.
        logging.AddConsole(console => console.LogToStandardErrorThreshold = quiet ? LogLevel.Trace : LogLevel.None);
        logging.SetMinimumLevel(quiet ? LogLevel.Warning : LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning);

        // Whoever reads the log may fall behind, or stop: better lines are lost, which the log says, than requests wait.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
    }

    private static void AddBackground<T>(IServiceCollection services)
        where T : BackgroundService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }

    private static FolderLock LockFolder(string folder)
    {
        try
        {
            DurableFile.CreateFolder(folder);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"data folder: {Path.GetFullPath(folder)} cannot be used: {unusable.Message.TrimEnd('.')}");
        }

        try
        {
            return new FolderLock(folder);
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"data folder: {Path.GetFullPath(folder)} is used by another operator, or its operator.lock cannot be written");
        }
    }

    private static async Task<(Ledger Ledger, Lease Lease)> OpenLedgerAsync(StorageOptions storage, CancellationToken cancellationToken)
    {
        try
        {
            Database database = storage.Database is null ? new SqliteDatabase(Path.Combine(storage.Folder, "ledger.sqlite")) : new PostgresDatabase(storage.Database);
            var lease = new Lease(database, storage.LeaseTerm);
            return (await Ledger.OpenAsync(database, lease, cancellationToken), lease);
        }
        catch (Exception unusable) when (unusable is ArgumentException or IOException or InvalidDataException or TimeoutException or System.Data.Common.DbException)
        {
            throw new SetupException(storage.Database is null
                ? $"data folder: {Path.GetFullPath(storage.Folder)} cannot be used: {unusable.Message.TrimEnd('.')}"
                : $"database: {unusable.Message.TrimEnd('.')} (Meeda__Storage__Database)");
        }
    }
}
