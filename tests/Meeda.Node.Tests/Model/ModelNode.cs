using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Hosting.Persistence;
using Meeda.Http;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Operator.Anchors;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Payments;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Operator.SignIn;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Redundancy;
using Meeda.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Tests.Model;

/// <summary>The settings of a node that restarts may change.</summary>
/// <param name="MaxBlobs">The maximum number of blobs in one anchor.</param>
/// <param name="MaxBatchBytes">The maximum payload length.</param>
/// <param name="LocalCopyBytes">Bytes of placed payloads that the ledger keeps.</param>
/// <param name="PackDelay">How long batches wait for others before they are placed.</param>
internal sealed record NodeSettings(
    int MaxBlobs = 4,
    int MaxBatchBytes = 400_000,
    long LocalCopyBytes = 1 << 20,
    TimeSpan PackDelay = default
);

/// <summary>
/// An operator of the real services, in memory except for its database, without background work: the test runs one pass
/// after another, and advances blocks and time while a pass waits for them.
/// </summary>
internal sealed class ModelNode : IAsyncDisposable
{
    /// <summary>The interval at which services poll L1. None of their other pauses is as long.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(2.5);

    /// <summary>The maximum time that a placed batch waits for its anchor.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Blocks for which batches are kept after their expiry.</summary>
    public const int GraceBlocks = 2;

    /// <summary>The account of every node.</summary>
    public static readonly PrivateKeySigner Signer = PrivateKeySigner.FromHex(new string('7', 64));

    private static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);
    private static readonly CellProver Cells = new(TrustedSetup.Ethereum);

    // A pass that neither ends nor does anything for this long is waiting for something.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongQuiet = TimeSpan.FromSeconds(3);

    // Calls to providers, ledger and L1; the longest pass makes a few hundred.
    private const long MaxWork = 20_000;

    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly ModelWorld _world;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, Task> _lanes = [];
    private readonly List<IDisposable> _owned = [];
    private readonly BatchPlacement _placement;
    private readonly AnchorPoster _poster;
    private readonly RowScrub _scrub;
    private readonly Func<Retention> _newRetention;
    private readonly TransactionSender _sender;
    private readonly Lease _lease;
    private readonly Terms _terms;
    private readonly Dictionary<BatchState, BatchIntake> _intakes = [];
    private CancellationTokenSource _lost = new();
    private Retention? _retention;
    private bool _hasBegun;

    private ModelNode(ModelWorld world, NodeSettings settings, ObservedDatabase database, Lease lease, Ledger ledger)
    {
        (_world, Settings, Database, _lease, Ledger) = (world, settings, database, lease, ledger);
        ManualClock clock = world.Clock;
        L1 = new FaultyL1(world.Chain, world.Activity);
        var client = new EthereumClient(L1);
        var contract = new SystemContract(client, world.Chain.Contract);
        IOptions<L1Options> l1 = Options.Create(new L1Options { PollInterval = Poll, Confirmations = 1 });
        var storage = new StorageOptions
        {
            LocalCopyBytes = settings.LocalCopyBytes,
            PackDelay = settings.PackDelay,
            GraceBlocks = GraceBlocks,
            ToleratedLosses = ModelWorld.ToleratedLosses,
            ScrubBytesPerSecond = int.MaxValue,
        };
        var account = new OperatorAccount(Signer.Address);
        var signal = new BatchSignal();
        var leadership = new LeaderElection(lease, clock, NullLogger<LeaderElection>.Instance);
        Rows = new RowPlacement(
            world.Providers,
            storage.ToleratedLosses,
            Key,
            NullLogger<RowPlacement>.Instance,
            new LedgerRowSource(ledger),
            clock
        );
        // Without tenants no client is charged.
        var costs = new TenantCosts(null!, Rows, new HttpContextAccessor());
        var standing = new OperatorStanding(
            client,
            contract,
            account,
            ledger,
            clock,
            NullLogger<OperatorStanding>.Instance
        );
        Follower = new L1Follower(
            l1,
            client,
            contract,
            account,
            ledger,
            signal,
            leadership,
            standing,
            clock,
            new Notes<L1Follower>(this)
        );
        States = new BatchStates(ledger, Follower, signal, clock);
        var terms = new Terms(Follower, contract);
        _terms = terms;
        _placement = new BatchPlacement(
            Options.Create(storage),
            ledger,
            Rows,
            signal,
            leadership,
            clock,
            NullLogger<BatchPlacement>.Instance
        );
        var pressure = new IntakePressure(
            Options.Create(new IntakeOptions()),
            ledger,
            _placement,
            standing,
            clock,
            NullLogger<IntakePressure>.Instance
        );
        _sender = new TransactionSender(
            client,
            Signer,
            new TransactionOptions().ToSenderOptions(l1.Value, _ => { }),
            clock,
            new TransactionJournal(ledger, Signer.Address)
        );
        var escrows = new RollupEscrows(
            l1,
            Options.Create(new SignInOptions()),
            Options.Create(new PaymentOptions()),
            contract,
            client,
            account,
            ledger,
            clock,
            NullLogger<RollupEscrows>.Instance
        );
        _poster = new AnchorPoster(
            Options.Create(new AnchorOptions { Interval = Interval, MaxBlobs = settings.MaxBlobs }),
            ledger,
            _placement,
            new BlobFailover(l1),
            terms,
            Cells,
            Follower,
            contract,
            leadership,
            standing,
            escrows,
            _sender,
            clock,
            new Notes<AnchorPoster>(this)
        );
        _scrub = new RowScrub(Options.Create(storage), Rows, ledger, leadership, clock, NullLogger<RowScrub>.Instance);
        _newRetention = () =>
            new Retention(
                Options.Create(storage),
                client,
                ledger,
                Rows,
                costs,
                Follower,
                contract,
                account,
                leadership,
                clock,
                new Notes<Retention>(this)
            );
        Reader = new BatchReader(
            Rows,
            ledger,
            new BatchCopies(1 << 30, TimeSpan.FromSeconds(20), clock),
            costs,
            new Absence(Follower, ledger, contract, account),
            NullLogger<BatchReader>.Instance
        );
        Inclusion = new InclusionCheck(ledger);
        foreach (BatchState state in (BatchState[])[BatchState.Stored, BatchState.Placed, BatchState.Anchored])
        {
            var options = new BatchOptions
            {
                MaxBatchBytes = settings.MaxBatchBytes,
                AckLevel = state,
                AckTimeout = TimeSpan.FromHours(1),
            };
            _intakes[state] = new BatchIntake(
                Options.Create(options),
                Key,
                ledger,
                States,
                terms,
                signal,
                pressure,
                new IntakeWork(clock),
                costs,
                escrows,
                clock,
                NullLogger<BatchIntake>.Instance
            );
        }

        _owned.AddRange([
            leadership,
            Rows,
            Follower,
            _placement,
            pressure,
            _sender,
            _poster,
            _scrub,
            .. _intakes.Values,
        ]);
    }

    public NodeSettings Settings { get; }

    public ObservedDatabase Database { get; }

    public FaultyL1 L1 { get; }

    public Ledger Ledger { get; }

    public RowPlacement Rows { get; }

    public L1Follower Follower { get; }

    public BatchStates States { get; }

    public BatchReader Reader { get; }

    public InclusionCheck Inclusion { get; }

    public bool IsLeading => _lease.IsHeld;

    /// <summary>The failures of passes, newest last.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>The passes that are still running.</summary>
    public IEnumerable<string> Unfinished => _lanes.Where(lane => !lane.Value.IsCompleted).Select(lane => lane.Key);

    public static async Task<ModelNode> StartAsync(ModelWorld world, NodeSettings settings, Database database)
    {
        var observed = new ObservedDatabase(database, world.Activity);
        var lease = new Lease(observed, TimeSpan.FromMinutes(10));
        return new ModelNode(
            world,
            settings,
            observed,
            lease,
            await Ledger.OpenAsync(observed, lease, CancellationToken.None)
        );
    }

    /// <summary>Puts a batch.</summary>
    public Task<StoredBatch> PutAsync(byte[] payload, BatchState waitsFor, CancellationToken cancellationToken) =>
        _intakes[waitsFor].AcceptAsync(payload, cancellationToken);

    /// <summary>Renews a batch for another term.</summary>
    /// <returns>Whether it is kept.</returns>
    public Task<bool> RenewAsync(BatchId id) =>
        Ledger.RenewAsync(id, _terms.AnchorFrom, payer: null, order: null, _world.Clock.GetUtcNow(), _stop.Token);

    /// <summary>Acquires the lease if it is free, and notices if another node holds it.</summary>
    public async Task HoldAsync()
    {
        bool wasHeld = _lease.IsHeld;
        bool isHeld = await _lease.TryHoldAsync(CancellationToken.None);
        if (isHeld && !wasHeld)
        {
            _hasBegun = false;
            _retention = null;
            _sender.Forget();
        }
        else if (!isHeld && wasHeld)
        {
            await StandDownAsync();
        }
    }

    /// <summary>Releases the lease.</summary>
    public async Task ReleaseAsync()
    {
        await StandDownAsync();
        await _lease.ReleaseAsync(CancellationToken.None);
    }

    /// <summary>Polls L1 once.</summary>
    public async Task PollAsync()
    {
        await PassAsync("look", Follower.PollAsync, timer: null);
        if (_lanes.TryGetValue("anchor", out Task? anchoring))
        {
            await QuietAsync(anchoring, Poll, Quiet);
        }
    }

    /// <summary>Places the waiting batches.</summary>
    public Task PlaceAsync() =>
        !IsLeading
            ? Task.CompletedTask
            : PassAsync(
                "place",
                async stop =>
                {
                    while (await _placement.IsTimeAsync(stop) && await _placement.PlaceAllAsync(stop)) { }
                },
                timer: null
            );

    /// <summary>Anchors what is due; blocks are mined while it waits for them, unless the chain is halted.</summary>
    /// <param name="blocks">The maximum number of blocks.</param>
    public async Task AnchorAsync(int blocks)
    {
        if (!IsLeading)
        {
            return;
        }

        await PassAsync(
            "anchor",
            async stop =>
            {
                if (!_hasBegun)
                {
                    await Follower.WaitUntilSettledAsync(_sender, stop);
                    _hasBegun = true;
                }

                await _poster.AnchorWaitingAsync(stop);
            },
            Poll
        );
        for (int i = 0; i < blocks && !_lanes["anchor"].IsCompleted; i++)
        {
            _world.Chain.Mine();
            await PassAsync("look", Follower.PollAsync, timer: null);
            _world.Clock.Advance(Poll);
            await QuietAsync(_lanes["anchor"], Poll, Quiet);
        }
    }

    /// <summary>Runs retention.</summary>
    public Task RetainAsync() =>
        !IsLeading
            ? Task.CompletedTask
            : PassAsync("retention", (_retention ??= _newRetention()).PassAsync, timer: null);

    /// <summary>Checks all rows.</summary>
    public Task ScrubAsync() => !IsLeading ? Task.CompletedTask : PassAsync("scrub", _scrub.PassAsync, timer: null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await StandDownAsync();
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }

        await Ledger.DisposeAsync();
        _stop.Dispose();
        _lost.Dispose();
    }

    /// <summary>
    /// Waits until a task has ended, or waits for what only the test can provide: time, blocks, a provider's recovery.
    /// </summary>
    /// <exception cref="BrokenInvariantException">It does more than any pass needs to, and still runs.</exception>
    public async Task QuietAsync(Task task, TimeSpan? timer, TimeSpan patience)
    {
        long began = _world.Activity.Count;
        while (!task.IsCompleted)
        {
            long before = _world.Activity.Count;
            if (before - began > MaxWork)
            {
                throw new BrokenInvariantException(
                    Invariant.NothingIsStuck,
                    $"more than {MaxWork} calls, and no end of: {string.Join(", ", Unfinished)}; complaints: "
                        + $"{string.Join(" | ", Complaints.TakeLast(4))}"
                );
            }

            Task waiting = timer is { } span ? _world.Clock.WaitedForAsync(span) : Never;
            Task hung = _world.Activity.Hung;
            if (await Task.WhenAny(task, waiting, hung, Task.Delay(Patience.Of(patience))) == waiting)
            {
                return;
            }

            if (_world.Activity.Count == before && !task.IsCompleted)
            {
                if (
                    hung.IsCompleted
                    || _world.Providers.Any(provider => provider.Fault == ProviderFault.Hanging)
                    || timer is not null
                )
                {
                    return;
                }

                if (patience >= LongQuiet)
                {
                    return;
                }

                patience = LongQuiet;
            }
        }
    }

    private async Task PassAsync(string lane, Func<CancellationToken, Task> pass, TimeSpan? timer)
    {
        if (!_lanes.TryGetValue(lane, out Task? running) || running.IsCompleted)
        {
            _lanes[lane] = running = RunAsync(
                lane,
                pass,
                CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, _lost.Token)
            );
        }

        await QuietAsync(running, timer, Quiet);
    }

    private async Task RunAsync(string lane, Func<CancellationToken, Task> pass, CancellationTokenSource stop)
    {
        using (stop)
        {
            try
            {
                await pass(stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // It leads no longer.
            }
            catch (Exception failure)
            {
                // What the service's own loop would log.
                lock (Complaints)
                {
                    Complaints.Add($"{lane}: {RevertReason.Of(failure)}");
                }
            }
        }
    }

    private async Task StandDownAsync()
    {
        await _lost.CancelAsync();
        foreach (Task lane in _lanes.Values)
        {
            // A pass that hangs at a provider is abandoned, as in a killed process.
            await Task.WhenAny(lane, Task.Delay(Patience.Of(LongQuiet)));
        }

        _lost.Dispose();
        _lost = new();
        _lanes.Clear();
    }

    private sealed class Notes<T>(ModelNode node) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
            {
                lock (node.Complaints)
                {
                    node.Complaints.Add(formatter(state, exception));
                }
            }
        }
    }
}
