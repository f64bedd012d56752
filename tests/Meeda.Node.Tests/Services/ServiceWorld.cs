using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.DevNet;
using Meeda.Hosting.Persistence;
using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Node.Tests.Leadership;
using Meeda.Node.Tests.Model;
using Meeda.Node.Tests.Storage;
using Meeda.Operator.Anchors;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Payments;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Operator.SignIn;
using Meeda.Operator.Tenants;
using Meeda.Storage;
using Meeda.Storage.Redundancy;
using Meeda.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.Node.Tests.Services;

/// <summary>
/// The environment of an operator's background services, each part real or a faithful fake: an L1 in memory that mines
/// on command, providers in memory, a ledger on SQLite, a lease, and a manual clock.
/// </summary>
internal sealed class ServiceWorld : IAsyncDisposable
{
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    public static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Slot = TimeSpan.FromSeconds(FakeChain.SlotSeconds);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _owned = [];
    private DateTimeOffset _minedAt = DateTimeOffset.MinValue;

    private ServiceWorld(
        FaultyDatabase database,
        FakeLease lease,
        Ledger ledger,
        TemporaryFolder folder,
        uint proofWindow,
        uint carriedBlobs
    )
    {
        (Database, Lease, Ledger, _folder) = (database, lease, ledger, folder);
        Parameters = LocalParameters.Value with
        {
            HotSamples = 8,
            ColdSamples = 8,
            ProofWindow = proofWindow,
            StakePerBlob = (LocalParameters.OperatorStake - LocalParameters.Value.MinimumStake) / carriedBlobs,
        };
        Chain = new FakeChain(Parameters);
        L1 = new ScriptedL1(Chain);
        Client = new EthereumClient(L1);
        Contract = new SystemContract(Client, Chain.Contract);
        Providers = [.. Enumerable.Range(0, 3).Select(i => new MemoryProvider($"provider {i}", new Activity()))];
        Election = Own(new LeaderElection(lease, Clock, Log<LeaderElection>()));
        Standing = new OperatorStanding(Client, Contract, Account, Ledger, Clock, Log<OperatorStanding>());
        Follower = Own(
            new L1Follower(
                L1Options,
                Client,
                Contract,
                Account,
                Ledger,
                Signal,
                Election,
                Standing,
                Clock,
                Log<L1Follower>()
            )
        );
        Terms = new Terms(Follower, Contract);
        States = new BatchStates(Ledger, Follower, Signal, Clock);
        Rows = Own(new RowPlacement(Providers, 1, Key, Log<RowPlacement>(), new LedgerRowSource(Ledger), Clock));
        Costs = new TenantCosts(null!, Rows, new HttpContextAccessor());
        Placement = Own(
            new BatchPlacement(
                Microsoft.Extensions.Options.Options.Create(Storage),
                Ledger,
                Rows,
                Signal,
                Election,
                Clock,
                Log<BatchPlacement>()
            )
        );
        Sender = Own(
            new TransactionSender(
                Client,
                ModelNode.Signer,
                new TransactionOptions().ToSenderOptions(L1Options.Value, _ => { }),
                Clock,
                new TransactionJournal(Ledger, ModelNode.Signer.Address)
            )
        );
        Escrows = new RollupEscrows(
            L1Options,
            Microsoft.Extensions.Options.Options.Create(new SignInOptions()),
            Microsoft.Extensions.Options.Options.Create(new PaymentOptions()),
            Contract,
            Client,
            Account,
            Ledger,
            Clock,
            Log<RollupEscrows>()
        );
        Chain.Stake(Account.Address, LocalParameters.OperatorStake);
    }

    public FakeTimeProvider Clock { get; } = new();

    public LineLogger Lines { get; } = new();

    public FaultyDatabase Database { get; }

    public FakeLease Lease { get; }

    public Ledger Ledger { get; }

    public SystemParameters Parameters { get; }

    public FakeChain Chain { get; }

    public ScriptedL1 L1 { get; }

    public EthereumClient Client { get; }

    public SystemContract Contract { get; }

    public MemoryProvider[] Providers { get; }

    public LeaderElection Election { get; }

    public OperatorAccount Account { get; } = new(ModelNode.Signer.Address);

    public OperatorStanding Standing { get; }

    public BatchSignal Signal { get; } = new();

    public L1Follower Follower { get; }

    public Terms Terms { get; }

    public BatchStates States { get; }

    public RowPlacement Rows { get; }

    public TenantCosts Costs { get; }

    public RollupEscrows Escrows { get; }

    public BatchPlacement Placement { get; }

    public TransactionSender Sender { get; }

    public IOptions<L1Options> L1Options { get; } =
        Microsoft.Extensions.Options.Options.Create(new L1Options { PollInterval = Poll, Confirmations = 1 });

    public StorageOptions Storage { get; } =
        new()
        {
            LocalCopyBytes = 0,
            ToleratedLosses = 1,
            GraceBlocks = 0,
            ScrubBytesPerSecond = int.MaxValue,
        };

    /// <summary>The contract's state of the operator.</summary>
    public FakeContracts.Operator OnL1 => Chain.Verified.Of(Account.Address);

    /// <summary>Opens a world in which the operator leads and follows L1, and no other service runs.</summary>
    /// <param name="proofWindow">The blocks within which an epoch is proven.</param>
    public static async Task<ServiceWorld> OpenAsync(uint proofWindow = 64, uint carriedBlobs = 500_000)
    {
        var folder = new TemporaryFolder();
        var database = new FaultyDatabase(new SqliteDatabase(Path.Combine(folder.Path, "ledger.sqlite")));
        var lease = new FakeLease(database, TimeSpan.FromSeconds(8));
        var world = new ServiceWorld(
            database,
            lease,
            await Ledger.OpenAsync(database, lease, CancellationToken.None),
            folder,
            proofWindow,
            carriedBlobs
        );
        await world.Election.StartAsync(default);
        await world.Follower.StartAsync(default);
        await world.UntilAsync(() => world.Follower.Tip == world.Chain.Head);
        return world;
    }

    /// <summary>The log of a service; all write to <see cref="Lines"/>.</summary>
    public ILogger<T> Log<T>() => new Logger<T>(new OneLogger(Lines));

    /// <summary>Disposes of a service with the world.</summary>
    public T Own<T>(T service)
        where T : IDisposable
    {
        _owned.Add(service);
        return service;
    }

    /// <summary>Whether something was logged.</summary>
    public bool HasLogged(string part) => Lines.Lines.Any(line => line.Contains(part, StringComparison.Ordinal));

    /// <summary>Puts a batch.</summary>
    public async Task<StoredBatch> PutAsync(byte[] payload, BatchOptions? options = null)
    {
        using var pressure = new IntakePressure(
            Microsoft.Extensions.Options.Options.Create(new IntakeOptions()),
            Ledger,
            Placement,
            Standing,
            Clock,
            Log<IntakePressure>()
        );
        using BatchIntake intake = NewIntake(pressure, options ?? new BatchOptions());
        return await intake.AcceptAsync(payload, CancellationToken.None);
    }

    public BatchIntake NewIntake(IntakePressure pressure, BatchOptions options) =>
        new(
            Microsoft.Extensions.Options.Options.Create(options),
            Key,
            Ledger,
            States,
            Terms,
            Signal,
            pressure,
            new IntakeWork(Clock),
            Costs,
            Escrows,
            Clock,
            Log<BatchIntake>()
        );

    public IntakePressure NewPressure() =>
        Own(
            new IntakePressure(
                Microsoft.Extensions.Options.Options.Create(new IntakeOptions()),
                Ledger,
                Placement,
                Standing,
                Clock,
                Log<IntakePressure>()
            )
        );

    /// <summary>A poster without failover to blobs.</summary>
    public AnchorPoster NewPoster(AnchorOptions options) =>
        new(
            Microsoft.Extensions.Options.Options.Create(options),
            Ledger,
            Placement,
            new BlobFailover(L1Options),
            Terms,
            null!,
            Follower,
            Contract,
            Election,
            Standing,
            Escrows,
            Sender,
            Clock,
            Log<AnchorPoster>()
        );

    /// <summary>Puts a batch and places its rows.</summary>
    public async Task<StoredBatch> PutAndPlaceAsync(params byte[] payload)
    {
        StoredBatch batch = await PutAsync(payload);
        await Placement.PlaceAllAsync(CancellationToken.None);
        return await FindAsync(batch);
    }

    /// <summary>Anchors a batch without the poster, and lets the follower read it.</summary>
    public async Task AnchorAsync(StoredBatch batch)
    {
        Task<TransactionReceipt> sent = Sender.SendAsync(Contract.Anchors.Anchor([batch], 0), CancellationToken.None);
        await UntilAsync(() => sent.IsCompleted);
        await sent;
        await UntilAsync(() => Follower.Tip == Chain.Head);
    }

    /// <summary>The batch as the ledger has it now.</summary>
    public async Task<StoredBatch> FindAsync(StoredBatch batch) =>
        (await Ledger.FindBatchAsync(batch.Id, CancellationToken.None))!;

    /// <summary>Adds blocks, and waits until the follower has read them.</summary>
    public async Task MineAsync(int count)
    {
        Chain.Mine(count);
        await UntilAsync(() => Follower.Tip == Chain.Head);
    }

    /// <summary>
    /// Lets time pass in small steps, while L1 mines its pending transactions, until a condition holds.
    /// </summary>
    public Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <inheritdoc cref="UntilAsync(Func{bool})"/>
    public async Task UntilAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource limit = Patience.Limit(Limit);
        while (!await condition())
        {
            Assert.False(
                limit.IsCancellationRequested,
                "it has not come about; logged: " + string.Join('\n', Lines.Lines)
            );
            await StepAsync();
        }
    }

    /// <summary>Waits until a condition holds, without advancing the clock.</summary>
    public async Task WithoutTimeAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource limit = Patience.Limit(Limit);
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, "it has not come about: " + string.Join('\n', Lines.Lines));
            await Task.Delay(2);
        }
    }

    /// <summary>Lets time pass, to show that something does not happen.</summary>
    public async Task PassAsync(TimeSpan span)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < span; passed += Step)
        {
            await StepAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IDisposable owned in _owned.AsEnumerable().Reverse())
        {
            if (owned is Microsoft.Extensions.Hosting.BackgroundService { ExecuteTask: { } running } service)
            {
                await service.StopAsync(default);
                await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        foreach (IDisposable owned in _owned.AsEnumerable().Reverse())
        {
            owned.Dispose();
        }

        Database.Failure = null;
        await Ledger.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    private async Task StepAsync()
    {
        Clock.Advance(Step);
        if (
            Chain.PendingCount > 0
            || (Follower.Tip == Chain.Head && Clock.GetUtcNow() - _minedAt >= Slot) // no service falls behind L1
        )
        {
            _minedAt = Clock.GetUtcNow();
            Chain.Mine();
        }

        await Task.Delay(2); // gives the services' threads a turn
    }

    private sealed class OneLogger(ILogger logger) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider) { }

        public ILogger CreateLogger(string categoryName) => logger;

        public void Dispose() { }
    }
}
