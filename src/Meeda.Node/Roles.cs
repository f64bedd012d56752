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
using Meeda.Node.Storage;
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
    /// <param name="listen">The URL to listen on.</param>
    /// <param name="quiet">Log warnings only.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">A setting is wrong, or the data folder or the key cannot be used.</exception>
    public static async Task<WebApplication> BuildOperatorAsync(
        IReadOnlyDictionary<string, string?> configuration, string listen, bool quiet, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(configuration.Where(setting => setting.Value is not null));
        builder.WebHost.UseUrls(listen);
        AddLogging(builder.Logging, quiet);
        builder.Services.AddOptions<BatchOptions>().BindConfiguration(BatchOptions.Section);
        builder.Services.AddOptions<IntakeOptions>().BindConfiguration(IntakeOptions.Section);
        builder.Services.AddOptions<AnchorOptions>().BindConfiguration(AnchorOptions.Section);
        builder.Services.AddOptions<L1Options>().BindConfiguration(L1Options.Section);
        builder.Services.AddOptions<TransactionOptions>().BindConfiguration(TransactionOptions.Section);
        builder.Services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section);
        builder.Services.AddOptions<NitroOptions>().BindConfiguration(NitroOptions.Section);

        var l1 = builder.Configuration.GetSection(L1Options.Section).Get<L1Options>() ?? new L1Options();
        var storage = builder.Configuration.GetSection(StorageOptions.Section).Get<StorageOptions>() ?? new StorageOptions();
        var batches = builder.Configuration.GetSection(BatchOptions.Section).Get<BatchOptions>() ?? new BatchOptions();
        var anchors = builder.Configuration.GetSection(AnchorOptions.Section).Get<AnchorOptions>() ?? new AnchorOptions();
        var http = builder.Configuration.GetSection(HttpOptions.Section).Get<HttpOptions>() ?? new HttpOptions();
        var intake = builder.Configuration.GetSection(IntakeOptions.Section).Get<IntakeOptions>() ?? new IntakeOptions();
        var transactions = builder.Configuration.GetSection(TransactionOptions.Section).Get<TransactionOptions>() ?? new TransactionOptions();
        var signing = builder.Configuration.GetSection(SignerOptions.Section).Get<SignerOptions>() ?? new SignerOptions();
        string[] problems = [.. l1.Problems(), .. signing.Problems(l1), .. transactions.Problems(), .. intake.Problems(batches), .. batches.Problems(), .. storage.Problems(), .. anchors.Problems(batches), .. http.Problems()];
        if (problems.Length > 0)
        {
            throw new SetupException(string.Join(Environment.NewLine, problems));
        }

        ITransactionSigner signer = signing.Open(l1);
        PrivateKeySigner? blobSigner = signing.OpenBlobSigner(signer.Address);
        byte[]? nitroSecret = (builder.Configuration.GetSection(NitroOptions.Section).Get<NitroOptions>() ?? new NitroOptions()).ReadSecret();
        FolderLock folderLock = LockFolder(storage.Folder);
        (Ledger ledger, Lease lease) = await OpenLedgerAsync(storage, cancellationToken);
        TenantKeys tenants = await TenantKeys.OpenAsync(storage, cancellationToken);
        if (!http.AllowAnonymous && !HttpOptions.IsLoopback(listen) && !await tenants.AnyAsync(cancellationToken))
        {
            throw new SetupException(
                $"--listen: {listen} can be reached from other machines and nobody needs a key; make one with meeda keys make, or set Meeda__Http__AllowAnonymous=true");
        }

        builder.WebHost.ConfigureKestrel(kestrel => http.Apply(kestrel.Limits));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IHttpContextFactory, KeyStrippingContextFactory>();
        builder.Services.AddHttpClient(nameof(MefsClient));
        var providers = RowProviders.Open(storage, ledger);
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
        builder.Services.AddSingleton<BatchStates>();
        builder.Services.AddSingleton<IntakePressure>();
        builder.Services.AddSingleton<BodyBudget>();
        builder.Services.AddSingleton(_ => new CommitmentKey(TrustedSetup.Ethereum));
        builder.Services.AddSingleton(_ => new VerificationKey(TrustedSetup.Ethereum));
        builder.Services.AddSingleton<BlobFailover>();
        builder.Services.AddSingleton<BatchIntake>();
        builder.Services.AddSingleton<BatchReader>();
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

        // What is in work is finished or, since nothing is acknowledged that is not durable, parked; then the process ends, whoever still waits.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddApiDocument("Meeda operator", hasTenants: true);
        WebApplication app = builder.Build();
        _ = app.Services.GetRequiredService<FolderLock>(); // what was never asked for is never disposed of
        app.Services.GetRequiredService<Leadership>().Taken += app.Services.GetRequiredService<TransactionSender>().Forget;
        app.Services.GetRequiredService<Leadership>().Taken += app.Services.GetRequiredService<PublicationSender>().Forget;
        var gate = new TenantGate(app.Services.GetRequiredService<TenantKeys>(), TimeProvider.System);
        app.RefuseLongAnnouncements(DaProviderEndpoint.MostBodyBytes(app.Services.GetRequiredService<IOptions<BatchOptions>>().Value), "twice MaxBatchBytes");
        app.UseErrorResponses();
        app.Use(gate.InvokeAsync);
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
    public static async Task<LightRole> BuildLightNodeAsync(
        LightOptions options, Uri rpc, string? keyFile, string? listen, bool quiet, CancellationToken cancellationToken)
    {
        PrivateKeySigner? signer = keyFile is null ? null : SignerOptions.ReadKeyFile(keyFile, password: null, passwordFile: null);
        LightLedger ledger;
        try
        {
            ledger = await LightLedger.OpenAsync(options.Folder, cancellationToken);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            throw new SetupException($"--folder: {Path.GetFullPath(options.Folder)} cannot be used: {unusable.Message.TrimEnd('.')}");
        }

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(listen ?? "http://127.0.0.1:0");
        AddLogging(builder.Logging, quiet);
        IServiceCollection services = builder.Services;
        services.AddHttpClient(nameof(EthereumClient), http => http.BaseAddress = rpc); // credentials in it: see JsonRpcClient
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
        services.AddSingleton(provider => new EthereumClient(new JsonRpcClient(provider.GetRequiredService<IHttpClientFactory>().CreateClient(nameof(EthereumClient)))));
        services.AddSingleton(provider => new MeedaVerifierContract(provider.GetRequiredService<EthereumClient>(), options.Contract));
        services.AddSingleton(provider => new Answers(
            options,
            ledger,
            signer is null ? null : new TransactionSender(provider.GetRequiredService<EthereumClient>(), signer, new TransactionSenderOptions { Confirmations = 0, PollInterval = options.PollInterval }),
            provider.GetRequiredService<ILogger<Answers>>()));
        services.AddSingleton(_ => new VerificationKey(TrustedSetup.Ethereum));
        services.AddSingleton<EpochVerification>();
        services.AddSingleton<SamplingHistory>();
        services.AddSingleton<Watch>();
        services.AddSingleton<AvailabilitySampling>();
        services.AddSingleton<LightNode>();
        services.AddApiDocument("Meeda light node", hasTenants: false);
        WebApplication app = builder.Build();
        app.UseErrorResponses();
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
        try
        {
            await app.Services.GetRequiredService<EthereumClient>().GetChainIdAsync(cancellationToken);
        }
        catch (JsonRpcException error)
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
            await app.Services.GetRequiredService<OperatorStanding>().LookAsync(cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SetupException($"L1: {Outage.Explain(failure).Reason.TrimEnd('.')}");
        }
    }

    /// <summary>Routes that the document shows under a title.</summary>
    private static RouteGroupBuilder Under(WebApplication app, string title) => app.MapGroup("").WithTags(title);

    private static void AddLogging(ILoggingBuilder logging, bool quiet)
    {
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
