using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.Node.Tests.L1;
using Meeda.Node.Tests.Storage;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Payments;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Operator.SignIn;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Anchors;
using Meeda.Storage;
using Meeda.Storage.Folders;
using Meeda.Storage.Redundancy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.Node.Tests.Batches;

/// <summary>
/// The parts of an operator that keep its promises, over a separate ledger, separate folders and an L1 in memory.
/// Nothing runs in the background.
/// </summary>
internal sealed class OperatorParts : IAsyncDisposable
{
    public static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);

    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _open = [];
    private readonly LeaderElection _leadership;
    private readonly TenantKeys _keys;

    private OperatorParts(TemporaryFolder folder, Ledger ledger, TenantKeys keys)
    {
        _folder = folder;
        Ledger = ledger;
        _keys = keys;
        _leadership = SqliteLedger.Lead(folder.Path);
        var client = new EthereumClient(L1);
        Contract = new SystemContract(client, Address.Parse("0x00000000000000000000000000000000000000c0"));
        Standing = new OperatorStanding(
            client,
            Contract,
            Account,
            Ledger,
            Clock,
            NullLogger<OperatorStanding>.Instance
        );
        Follower = NewFollower();
        Terms = new Terms(Follower, Contract);
        States = new BatchStates(Ledger, Follower, Signal, Clock);
        Rows = new RowPlacement(
            [.. Enumerable.Range(0, 3).Select(i => new FolderProvider(Path.Combine(folder.Path, "rows", $"{i}")))],
            1,
            Key,
            NullLogger<RowPlacement>.Instance,
            new LedgerRowSource(Ledger),
            Clock
        );
        Costs = new TenantCosts(_keys, Rows, new HttpContextAccessor());
        Placement = new BatchPlacement(
            Options.Create(Storage),
            Ledger,
            Rows,
            Signal,
            _leadership,
            Clock,
            NullLogger<BatchPlacement>.Instance
        );
        Client = client;
        Reader = NewReader();
        Inclusion = new InclusionCheck(Ledger);
        _open.AddRange([Rows, Placement, _leadership]);
    }

    public FakeL1 L1 { get; } = new();

    public FakeTimeProvider Clock { get; } = new();

    public StorageOptions Storage { get; } =
        new()
        {
            LocalCopyBytes = 0,
            ScrubBytesPerSecond = int.MaxValue,
            GraceBlocks = 0,
        };

    public BatchOptions Options_ { get; } = new();

    public BatchSignal Signal { get; } = new();

    public Ledger Ledger { get; }

    public OperatorAccount Account { get; } = new(Address.Parse("0x00000000000000000000000000000000000000a1"));

    public SystemContract Contract { get; }

    public EthereumClient Client { get; }

    /// <summary>The standing as of the last check; before the first check, without any problem.</summary>
    public OperatorStanding Standing { get; }

    public L1Follower Follower { get; private set; }

    public Terms Terms { get; private set; }

    public BatchStates States { get; private set; }

    public RowPlacement Rows { get; }

    public TenantCosts Costs { get; }

    public BatchPlacement Placement { get; }

    public BatchReader Reader { get; private set; }

    public InclusionCheck Inclusion { get; }

    public string RowsFolder => Path.Combine(_folder.Path, "rows");

    public static async Task<OperatorParts> OpenAsync()
    {
        var folder = new TemporaryFolder();
        return new OperatorParts(
            folder,
            await SqliteLedger.OpenLeadingAsync(folder.Path),
            await TenantKeys.OpenAsync(new StorageOptions { Folder = folder.Path }, CancellationToken.None)
        );
    }

    /// <summary>Clears the process's knowledge of L1, as a restart does.</summary>
    public void Restart()
    {
        Follower = NewFollower();
        Terms = new Terms(Follower, Contract);
        States = new BatchStates(Ledger, Follower, Signal, Clock);
        Reader = NewReader();
    }

    /// <summary>Accepts a batch as a put does.</summary>
    public async Task<StoredBatch> PutAsync(byte[] payload, IDisposable? room = null)
    {
        using var pressure = new IntakePressure(
            Options.Create(new IntakeOptions()),
            Ledger,
            Placement,
            Standing,
            Clock,
            NullLogger<IntakePressure>.Instance
        );
        using var intake = new BatchIntake(
            Options.Create(Options_),
            Key,
            Ledger,
            States,
            Terms,
            Signal,
            pressure,
            new IntakeWork(Clock),
            Costs,
            new RollupEscrows(
                Options.Create(new L1Options()),
                Options.Create(new SignInOptions()),
                Options.Create(new PaymentOptions()),
                Contract,
                null!,
                new OperatorAccount(default),
                Ledger,
                Clock,
                NullLogger<RollupEscrows>.Instance
            ),
            Clock,
            NullLogger<BatchIntake>.Instance
        );
        return await intake.AcceptAsync(payload, room, CancellationToken.None);
    }

    /// <summary>Places the waiting batches.</summary>
    public Task PlaceAsync() => Placement.PlaceAllAsync(CancellationToken.None);

    /// <summary>Lets L1 grow to a block, and reads up to it.</summary>
    public async Task FollowAsync(ulong head)
    {
        L1.Head = Math.Max(L1.Head, head);
        await Follower.CatchUpAsync(CancellationToken.None);
        long from = await Terms.AnchorFromAsync(head, CancellationToken.None);
        if (await Ledger.HasOpenPromisesAsync(CancellationToken.None))
        {
            await Ledger.SettleAsync(from, head, CancellationToken.None);
        }
    }

    /// <summary>Anchors a batch in the next block, and reads the block.</summary>
    public async Task AnchorAsync(uint index, StoredBatch batch)
    {
        ulong block = ++L1.Head;
        var anchor = new Anchor(
            index,
            Bytes32.Zero,
            index * 100,
            (uint)batch.BlobCount,
            block,
            block + L1.Parameters.Retention
        );
        L1.Keep(anchor);
        await Ledger.AdvanceAsync(
            new BlockPoint(block, L1.HashOf(block)),
            [
                new AnchorEvent(
                    anchor,
                    Bytes32.Zero,
                    batch.Commitments,
                    [new AnchoredBatch(batch.Id, index, anchor.FirstBlob, (uint)batch.BlobCount)]
                ),
            ],
            [],
            CancellationToken.None,
            Account.Address
        );
        await FollowAsync(block);
    }

    /// <summary>The batch as the ledger has it now.</summary>
    public async Task<StoredBatch> FindAsync(StoredBatch batch) =>
        (await Ledger.FindBatchAsync(batch.Id, CancellationToken.None))!;

    public async Task<BatchState> StateAsync(StoredBatch batch) =>
        (await States.OfAsync(await FindAsync(batch), CancellationToken.None)).State;

    public async ValueTask DisposeAsync()
    {
        _open.ForEach(part => part.Dispose());
        await _keys.DisposeAsync();
        await Ledger.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    /// <summary>Polls L1 once as the follower's loop does: up to the head, and what is final.</summary>
    public async Task PollAsync()
    {
        await Follower.PollAsync(CancellationToken.None);
        Assert.True(Follower.IsCaughtUp);
        Assert.Equal(L1.Head, Follower.Tip);
    }

    public Retention NewRetention() =>
        new(
            Options.Create(Storage),
            Client,
            Ledger,
            Rows,
            Costs,
            Follower,
            Contract,
            Account,
            _leadership,
            Clock,
            NullLogger<Retention>.Instance
        );

    public Absence NewAbsence() => new(Follower, Ledger, Contract, Account);

    public RowScrub NewScrub() =>
        new(Options.Create(Storage), Rows, Ledger, _leadership, Clock, NullLogger<RowScrub>.Instance);

    private BatchReader NewReader() =>
        new(
            Rows,
            Ledger,
            new BatchCopies(1 << 30, TimeSpan.FromSeconds(20), Clock),
            Costs,
            NewAbsence(),
            NullLogger<BatchReader>.Instance
        );

    private L1Follower NewFollower()
    {
        var follower = new L1Follower(
            Options.Create(new L1Options()),
            new EthereumClient(L1),
            Contract,
            Account,
            Ledger,
            Signal,
            _leadership,
            Standing,
            Clock,
            NullLogger<L1Follower>.Instance
        );
        _open.Add(follower);
        return follower;
    }
}
