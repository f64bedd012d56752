using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.L1;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Http;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Mefs;
using Meeda.Operator.Accounts;
using Meeda.Operator.Anchors;
using Meeda.Operator.Batches;
using Meeda.Operator.Bounties;
using Meeda.Operator.Http;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Nitro;
using Meeda.Operator.Payments;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Operator.Proofs;
using Meeda.Operator.Restoration;
using Meeda.Operator.SignIn;
using Meeda.Operator.Tenants;
using Meeda.Storage;
using Meeda.Storage.Folders;
using Meeda.Storage.Redundancy;

namespace Meeda.Operator;

/// <summary>The services of an operator, a method for each concept.</summary>
internal static class OperatorServices
{
    /// <summary>The ledger, and the signal for waiters on it.</summary>
    public static IServiceCollection AddLedger(this IServiceCollection services, OperatorResources opened) =>
        services
            .AddSingleton(TimeProvider.System)
            .AddSingleton(_ => opened.FolderLock) // by factories, so that the host disposes of them
            .AddSingleton(_ => opened.Ledger)
            .AddSingleton<BatchSignal>()
            .AddSingleton<LedgerOwner>()
            .AddSingleton<ProviderInventory>();

    /// <summary>Who leads.</summary>
    public static IServiceCollection AddLeadership(this IServiceCollection services, OperatorResources opened) =>
        services
            .AddSingleton(opened.Lease)
            .AddBackground<LeaderElection>()
            .AddBackground<LedgerRestoration>()
            .AddBackground<FoundBatchReview>();

    /// <summary>The providers of rows, and what brings rows there and keeps them there.</summary>
    public static IServiceCollection AddProviders(
        this IServiceCollection services,
        OperatorSettings options,
        OperatorResources opened
    )
    {
        services.AddHttpClient(nameof(MefsClient));
        return services
            .AddSingleton(provider =>
                opened.Providers.Connect(
                    provider.GetRequiredService<IHttpClientFactory>(),
                    provider.GetRequiredService<TimeProvider>()
                )
            )
            .AddSingleton(provider => new RowPlacement(
                provider.GetRequiredService<RowProviders>().All,
                options.Storage.ToleratedLosses,
                provider.GetRequiredService<CommitmentKey>(),
                provider.GetRequiredService<ILogger<RowPlacement>>(),
                new LedgerRowSource(opened.Ledger)
            ))
            .AddBackground<BatchPlacement>()
            .AddBackground<RowScrub>()
            .AddBackground<PackMaintenance>()
            .AddBackground<FolderSweep>();
    }

    /// <summary>L1: endpoints, contracts, account, and what follows it.</summary>
    public static IServiceCollection AddL1(
        this IServiceCollection services,
        OperatorSettings options,
        OperatorResources opened
    )
    {
        services.AddOutgoingHttp();
        L1Connection.Add(services, options.L1);
        Address account = options.L1.AccountOr(opened.Signer.Address);
        return services
            .AddSingleton(
                new OperatorAccount(account, opened.Signer.Address) { Publications = opened.BlobSigner?.Address }
            )
            .AddSingleton(new ServedOperators(_ => Task.FromResult<IReadOnlyList<Address>>([account])))
            .AddSingleton(provider => new SystemContract(
                provider.GetRequiredService<EthereumClient>(),
                Address.Parse(options.L1.Contract)
            ))
            .AddSingleton(provider => SenderOf(provider, opened.Signer))
            .AddSingleton(provider => new PublicationSender(
                provider.GetRequiredService<TransactionSender>(),
                opened.BlobSigner is { } blobs ? SenderOf(provider, blobs) : null
            ))
            .AddSingleton<IAnchorRecord>(opened.Ledger.Index)
            .AddSingleton<OperatorStanding>()
            .AddSingleton<Absence>()
            .AddSingleton<BlobFailover>()
            .AddBackground<L1Follower>()
            .AddBackground<BalanceMonitor>();

        TransactionSender SenderOf(IServiceProvider provider, ITransactionSigner signer)
        {
            ILogger<TransactionSender> log = provider.GetRequiredService<ILogger<TransactionSender>>();
            return new(
                provider.GetRequiredService<EthereumClient>(),
                signer,
                options.Transactions.ToSenderOptions(options.L1, new TransactionLog(log).Take),
                journal: new TransactionJournal(opened.Ledger, signer.Address)
            );
        }
    }

    /// <summary>What commands ask of the running operator about its account.</summary>
    public static IServiceCollection AddAccountOperations(this IServiceCollection services, OperatorResources opened) =>
        services
            .AddSingleton(provider => new AccountPlans(
                provider.GetRequiredService<SystemContract>(),
                provider.GetRequiredService<EthereumClient>(),
                provider.GetRequiredService<OperatorAccount>(),
                opened.Signer.Address,
                opened.Signer as PrivateKeySigner
            ))
            .AddBackground<AccountOperationService>();

    /// <summary>What rollups pay.</summary>
    public static IServiceCollection AddPayments(this IServiceCollection services) =>
        services.AddSingleton<RollupEscrows>().AddBackground<PaymentCollection>();

    /// <summary>
    /// Keys for wallets that sign in. Delegates are checked even if sign-in is off by now, since existing keys stay
    /// valid.
    /// </summary>
    public static IServiceCollection AddSignIn(this IServiceCollection services) =>
        services
            .AddSingleton<WalletContracts>()
            .AddSingleton<SignInLimiter>()
            .AddSingleton<WalletSignIn>()
            .AddBackground<DelegateReview>();

    /// <summary>The tenants, their keys and what they cost.</summary>
    public static IServiceCollection AddTenants(this IServiceCollection services, OperatorResources opened) =>
        services
            .AddSingleton(_ => opened.Tenants)
            .AddSingleton<IHttpContextFactory, TenantKeyPathFilter>()
            .AddHttpContextAccessor()
            .AddSingleton<TenantCosts>()
            .AddTenantAccess();

    /// <summary>The batches: accepted, read, renewed, deleted.</summary>
    public static IServiceCollection AddBatches(this IServiceCollection services, OperatorSettings options) =>
        services
            .AddSingleton(_ => new CommitmentKey(TrustedSetup.Ethereum))
            .AddSingleton<BatchStates>()
            .AddSingleton<IntakePressure>()
            .AddSingleton<IntakeWork>()
            .AddSingleton<BatchIntake>()
            .AddSingleton<BatchRenewal>()
            .AddSingleton<Readiness>()
            .AddSingleton<Terms>()
            .AddSingleton<InclusionCheck>()
            .AddSingleton(provider => CopiesOf(provider, options))
            .AddSingleton<BatchReader>()
            .AddBackground<Retention>();

    /// <summary>The anchors.</summary>
    public static IServiceCollection AddAnchors(this IServiceCollection services) =>
        services.AddBackground<AnchorPoster>();

    /// <summary>The proofs of epochs, and what verifiers ask for.</summary>
    public static IServiceCollection AddProofs(this IServiceCollection services) =>
        services
            .AddSingleton(_ => new VerificationKey(TrustedSetup.Ethereum))
            .AddSingleton(_ => new CellProver(TrustedSetup.Ethereum))
            .AddSingleton<CellOpening>()
            .AddSingleton<EpochVerification>()
            .AddSingleton<SamplingHistory>()
            .AddSingleton<BlobSource>()
            .AddSingleton<ProofBuilder>()
            .AddSingleton(provider => new ProofWork(
                provider.GetRequiredService<IntakeWork>(),
                ProofWork.DefaultWorkers
            ))
            .AddBackground<Prover>()
            .AddBackground<BlobPublisher>();

    /// <summary>Bounties that an archive claims for data that no operator has to keep any more.</summary>
    public static IServiceCollection AddBounties(this IServiceCollection services, OperatorSettings options) =>
        options.Bounties.Archive
            ? services
                .AddSingleton(provider => new BountyContract(
                    provider.GetRequiredService<EthereumClient>(),
                    options.Bounties.ContractAddress
                ))
                .AddBackground<BountyClaims>()
            : services;

    /// <summary>Arbitrum Nitro's external DA provider.</summary>
    public static IServiceCollection AddNitro(
        this IServiceCollection services,
        OperatorSettings options,
        OperatorResources opened
    ) =>
        services
            .AddSingleton(new CertificateSigner(opened.Signer as PrivateKeySigner))
            .AddKeyedSingleton(nameof(DaProvider), (provider, _) => CopiesOf(provider, options))
            .AddSingleton<ChunkedStores>()
            .AddSingleton<DaProvider>();

    /// <summary>The middleware of every request.</summary>
    public static IServiceCollection AddServer(this IServiceCollection services) =>
        services.AddSingleton<BodyBudget>().AddOperatorHealth().AddJson(OperatorJson.Default);

    private static BatchCopies CopiesOf(IServiceProvider provider, OperatorSettings options) =>
        new(options.Http.MaxAnswerBytes, options.Intake.MaxWait, provider.GetRequiredService<TimeProvider>());
}
