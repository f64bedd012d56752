using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.L1;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Ethereum.JsonRpc;
using Meeda.Ethereum.Signing;
using Meeda.Ethereum.Transactions;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Mefs;
using Meeda.Operator.Anchors;
using Meeda.Operator.Batches;
using Meeda.Operator.Http;
using Meeda.Operator.Http.Legacy;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Nitro;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Operator.Proofs;
using Meeda.Operator.Tenants;
using Meeda.Storage;
using Meeda.Storage.Folders;
using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Options;

namespace Meeda.Operator;

/// <summary>The operator as an application: which services it is made of, and what is checked before it starts.</summary>
internal static class OperatorApplication
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
    public static async Task<WebApplication> BuildAsync(
        IReadOnlyDictionary<string, string?> configuration, string? listen, bool quiet, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, string?>(configuration, StringComparer.OrdinalIgnoreCase);
        if (listen is not null)
        {
            all[$"{HttpOptions.Section}:{nameof(HttpOptions.Listen)}"] = listen;
        }

        return await BuildAsync(new SettingsReader(all), quiet, cancellationToken);
    }

    /// <summary>The operator, of settings that are read already.</summary>
    /// <param name="settings">All there are; what is wrong with them is said here.</param>
    /// <param name="quiet">Log warnings only, to standard error.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">A setting is wrong, or the data folder or the key cannot be used.</exception>
    public static async Task<WebApplication> BuildAsync(SettingsReader settings, bool quiet, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = ServiceHost.CreateBuilder(quiet);
        ServiceHost.AddOptions<BatchOptions>(builder.Services, settings, out BatchOptions batches);
        ServiceHost.AddOptions<IntakeOptions>(builder.Services, settings, out IntakeOptions intake);
        ServiceHost.AddOptions<AnchorOptions>(builder.Services, settings, out AnchorOptions anchors);
        ServiceHost.AddOptions<L1Options>(builder.Services, settings, out L1Options l1);
        ServiceHost.AddOptions<TransactionOptions>(builder.Services, settings, out TransactionOptions transactions);
        ServiceHost.AddOptions<StorageOptions>(builder.Services, settings, out StorageOptions storage);
        ServiceHost.AddOptions<NitroOptions>(builder.Services, settings, out NitroOptions nitro);
        ServiceHost.AddOptions<HttpOptions>(builder.Services, settings, out HttpOptions http);
        ServiceHost.AddOptions<SignerOptions>(builder.Services, settings, out SignerOptions signing);
        ServiceHost.AddOptions<ProxyOptions>(builder.Services, settings, out ProxyOptions proxy);
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
        if (!ServiceHost.Reaches(http.Listen).IsLoopback && !http.AllowAnonymous && !await tenants.AnyAsync(cancellationToken))
        {
            throw new SetupException(
                $"--listen: {http.Listen} can be reached from other machines and nobody needs a key; "
                + "make one with meeda keys make, or set Meeda__Http__AllowAnonymous=true");
        }

        ConnectionLimits connections = ServiceHost.Listen(builder, http.Listen, http);
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
        builder.Services.AddSingleton(new OperatorAccount(signer.Address) { Publications = blobSigner?.Address });
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
        ServiceHost.AddBackground<LeaderElection>(builder.Services);
        ServiceHost.AddBackground<L1Follower>(builder.Services);
        ServiceHost.AddBackground<BatchPlacement>(builder.Services);
        ServiceHost.AddBackground<AnchorPoster>(builder.Services);
        builder.Services.AddSingleton<ProofBuilder>();
        ServiceHost.AddBackground<Prover>(builder.Services);
        ServiceHost.AddBackground<BlobPublisher>(builder.Services);
        ServiceHost.AddBackground<BalanceWatch>(builder.Services);
        ServiceHost.AddBackground<RowScrub>(builder.Services);
        ServiceHost.AddBackground<Retention>(builder.Services);
        ServiceHost.AddBackground<PackUpkeep>(builder.Services);
        ServiceHost.AddBackground<FolderSweep>(builder.Services);

        // What is in work is finished or, since nothing is acknowledged that is not durable, parked; then the process ends, whoever still waits.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddOpenApi(options => options.Describe("Meeda operator", hasTenants: true));
        WebApplication app = builder.Build();
        _ = app.Services.GetRequiredService<FolderLock>(); // what was never asked for is never disposed of
        app.Services.GetRequiredService<LeaderElection>().Taken += app.Services.GetRequiredService<TransactionSender>().Forget;
        app.Services.GetRequiredService<LeaderElection>().Taken += app.Services.GetRequiredService<PublicationSender>().Forget;
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
        app.UseConnectionCloseForUnreadBodies();
        app.RefuseLongAnnouncements(DaProviderEndpoint.MostBodyBytes(app.Services.GetRequiredService<IOptions<BatchOptions>>().Value), "twice MaxBatchBytes");
        app.UseErrorResponses();
        app.Use(new OriginGuard(async stop => !await tenants.AnyAsync(stop), http.AllowAnonymous).InvokeAsync);
        app.Use(gate.InvokeAsync);
        app.UseHeadAsGet();
        app.UseRouting(); // behind the gate, which takes keys off the path
        app.MapApiDocument();
        ServiceHost.Under(app, "OP Stack").MapAltDa();
        ServiceHost.Under(app, "Arbitrum Nitro").MapNitro(nitroSecret);
        ServiceHost.Under(app, "Batches").MapBatches();
        ServiceHost.Under(app, "Proofs").MapProofs();
        ServiceHost.Under(app, "Blobs").MapBlobs();
        ServiceHost.Under(app, "Operator").MapStatus();
        ServiceHost.Under(app, "Operator").MapHealth();
        ServiceHost.Under(app, "First version").MapLegacy();
        return app;
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
