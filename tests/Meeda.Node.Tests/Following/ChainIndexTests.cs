using System.Data.Common;
using Meeda.Chain.Following;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.L1.Rpc;
using Meeda.Node.Tests.Storage;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.Node.Tests.Following;

/// <summary>The index on a SQLite file, as a light node has it.</summary>
public sealed class SqliteChainIndexTests : ChainIndexTests
{
    private protected override Task<Database> DatabaseAsync() =>
        Task.FromResult<Database>(new SqliteDatabase(Path.Combine(Folder, "index.sqlite")));
}

/// <summary>The index on PostgreSQL.</summary>
public sealed class PostgresChainIndexTests(PostgresFixture postgres) : ChainIndexTests, IClassFixture<PostgresFixture>
{
    private protected override async Task<Database> DatabaseAsync() =>
        new PostgresDatabase(await postgres.CreateDatabaseAsync());
}

/// <summary>The index of several operators: what is added is found, what is rolled back is not.</summary>
public abstract class ChainIndexTests : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Address First = AnchoringChain.First.Address;
    private static readonly Address Second = AnchoringChain.Second.Address;

    private readonly TemporaryFolder _folder = new();
    private readonly List<Database> _open = [];

    protected string Folder => _folder.Path;

    public async ValueTask DisposeAsync()
    {
        foreach (Database database in _open)
        {
            await database.DisposeAsync();
        }

        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [SkippableFact]
    public async Task Follow_ReorganisationsOfAnyDepth_HoldsWhatANewFollowerReads()
    {
        (Database database, ChainIndex index) = await OpenAsync();
        var chain = new IndexChain(database, index);
        var world = new AnchoringChain();
        await world.AnchorSomeAsync();
        int depths = (int)world.Chain.Head;
        for (int depth = 1; depth <= depths; depth++)
        {
            await FollowAsync(world, chain);
            world.Chain.Reorganise(depth);
            world.Chain.Mine(depth % 3);
            await FollowAsync(world, chain);
            var fresh = new MemoryChain();
            await FollowAsync(world, fresh);
            Assert.Equal(await fresh.TipAsync(None), await index.TipAsync(None));
            foreach (Address each in (Address[])[First, Second])
            {
                Assert.Equal(fresh.AnchorsOf(each), await index.AnchorsAsync(each, None));
                Assert.Equal(await fresh.LastAnchorAsync(each, None), await index.LastAnchorAsync(each, None));
            }
        }
    }

    [SkippableFact]
    public async Task Add_TwoOperatorsWithTheSameIndexes_AreKeptApart()
    {
        (Database database, ChainIndex index) = await OpenAsync();
        var chain = new IndexChain(database, index);
        BatchId shared = Batch(7);
        await chain.AdvanceAsync(
            Block(20),
            new ChainEvents(
                [Anchor(First, 0, 10, shared), Anchor(Second, 0, 12, shared), Anchor(First, 1, 15, shared)],
                [(First, Proof(3, 11)), (Second, Proof(3, 13))],
                []
            ),
            None
        );
        Assert.Equal([10ul, 15ul], (await index.AnchorsAsync(First, None)).Select(anchor => anchor.BlockNumber));
        Assert.Equal([12ul], (await index.AnchorsAsync(Second, None)).Select(anchor => anchor.BlockNumber));
        Assert.Equal(11ul, Assert.Single(await index.ProofsAsync(First, 0, ulong.MaxValue, None)).BlockNumber);
        Assert.Equal(13ul, Assert.Single(await index.ProofsAsync(Second, 3, 3, None)).BlockNumber);
        Assert.Empty(await index.ProofsAsync(First, 4, 9, None));

        // Every anchoring, the newest of each operator last.
        IReadOnlyList<BatchAnchoring> anchorings = await index.AnchoringsAsync(shared, None);
        Assert.Equal(3, anchorings.Count);
        Assert.Equal(1u, anchorings.Last(each => each.Operator == First).Anchor.Index);
        Assert.Equal(15ul, (await index.LastAnchoringAsync(shared, None))!.Anchor.BlockNumber);
        Assert.NotEqual(await index.CommitmentsAsync(First, 0, None), await index.CommitmentsAsync(Second, 0, None));
        await Assert.ThrowsAsync<InvalidDataException>(() => index.CommitmentsAsync(Second, 1, None));
        Assert.Equal([1u], (await index.AnchorsAtAsync(First, [1, 9], None)).Select(anchor => anchor.Index));
    }

    [SkippableFact]
    public async Task RollBack_ToABlock_RemovesWhatCameAfterItOfAll()
    {
        (Database database, ChainIndex index) = await OpenAsync();
        var chain = new IndexChain(database, index);
        await chain.AdvanceAsync(Block(10), new ChainEvents([Anchor(First, 0, 10, Batch(1))], [], []), None);
        await chain.AdvanceAsync(
            Block(20),
            new ChainEvents(
                [Anchor(First, 1, 11, Batch(2)), Anchor(Second, 0, 20, Batch(1))],
                [(First, Proof(1, 11)), (Second, Proof(1, 10))],
                [Demand(1, 10), Demand(2, 11)]
            ),
            None
        );
        await chain.RollBackAsync(10, None);
        Assert.Equal(Block(10), await index.TipAsync(None));
        Assert.Single(await index.AnchorsAsync(First, None));
        Assert.Empty(await index.AnchorsAsync(Second, None));
        Assert.Empty(await index.AnchoringsAsync(Batch(2), None));
        Assert.Single(await index.AnchoringsAsync(Batch(1), None));
        Assert.Empty(await index.ProofsAsync(First, 0, 9, None));
        Assert.Single(await index.ProofsAsync(Second, 0, 9, None));
        Assert.Equal([1L], await DemandsAsync(database));

        // A repeated event replaces the earlier one.
        await chain.AdvanceAsync(Block(21), new ChainEvents([], [(Second, Proof(1, 21))], [Demand(1, 21)]), None);
        Assert.Equal(21ul, Assert.Single(await index.ProofsAsync(Second, 0, 9, None)).BlockNumber);
        Assert.Equal([1L], await DemandsAsync(database));
        await chain.RollBackAsync(-1, None);
        Assert.Null(await index.TipAsync(None));
        Assert.Equal([], await DemandsAsync(database));
    }

    [SkippableFact]
    public async Task Add_AnAnchorThatIsThereAlready_LeavesNothingOfItsRange()
    {
        (Database database, ChainIndex index) = await OpenAsync();
        var chain = new IndexChain(database, index);
        await chain.AdvanceAsync(Block(10), new ChainEvents([Anchor(First, 0, 10, Batch(1))], [], []), None);
        await Assert.ThrowsAnyAsync<DbException>(() =>
            chain.AdvanceAsync(
                Block(20),
                new ChainEvents([Anchor(Second, 0, 15, Batch(2)), Anchor(First, 0, 16, Batch(3))], [], []),
                None
            )
        );
        Assert.Equal(Block(10), await index.TipAsync(None));
        Assert.Empty(await index.AnchorsAsync(Second, None));
    }

    [SkippableFact]
    public async Task Add_ManyBlocks_KeepsTheNewestForFindingAnAncestor()
    {
        (Database database, ChainIndex index) = await OpenAsync();
        var chain = new IndexChain(database, index);
        foreach (ulong number in (ulong[])[1, 300, 512, 513, 900])
        {
            await chain.AdvanceAsync(Block(number), new ChainEvents([], [], []), None);
        }

        Assert.Equal(
            [Block(900), Block(513), Block(512)],
            (await index.FollowedBlocksAsync(None)).Where(point => point.Number > 400)
        );
        Assert.DoesNotContain(Block(300), await index.FollowedBlocksAsync(None));
    }

    /// <summary>The indexed queries return what the protocol's definition gives over all anchors.</summary>
    [SkippableFact]
    public async Task LiveRange_AtEveryEpoch_IsThatOfTheProtocol()
    {
        (Database database, ChainIndex index) = await OpenAsync();
        var chain = new IndexChain(database, index);

        // Some anchors are in an epoch's block, expire in one, or both; every anchor lives for 100 blocks.
        OperatorAnchor[] anchors =
        [
            .. new ulong[] { 10, 19, 20, 20, 35, 60, 61, 90 }.Select(
                (block, i) => Anchor(First, (uint)i, block, Batch((byte)i))
            ),
        ];
        OperatorAnchor other = Anchor(Second, 0, 5, Batch(100));
        await chain.AdvanceAsync(Block(300), new ChainEvents([.. anchors, other], [], []), None);
        var parameters = new EpochParameters(10, 3, 4, 4, 2, 5);
        Anchor[] all = [.. anchors.Select(each => each.Seen.Anchor)];
        for (ulong epoch = 0; epoch <= 30; epoch++)
        {
            Assert.Equal(
                parameters.LiveRangeAt(epoch, all),
                await index.LiveRangeAsync(First, parameters, epoch, None)
            );
        }
    }

    private protected abstract Task<Database> DatabaseAsync();

    private static BlockPoint Block(ulong number) => new(number, Keccak256.Hash(BitConverter.GetBytes(number)));

    private static BatchId Batch(byte number) => new(Keccak256.Hash([number]));

    private static ProofEvent Proof(ulong epoch, ulong block) => new(epoch, block, Bytes32.Zero, Bytes32.Zero);

    private static DemandEvent Demand(ulong id, ulong block) =>
        new(id, First, 0, Second, Bytes32.Zero, block + 10, block);

    private static OperatorAnchor Anchor(Address operatorAddress, uint index, ulong block, BatchId batch) =>
        new(
            operatorAddress,
            new AnchorEvent(
                new Anchor(index, Bytes32.Zero, index, 1, block, block + 100),
                Bytes32.Zero,
                AnchoringChain.Commitment($"{operatorAddress} {index}"),
                [new AnchoredBatch(batch, index, index, 1)]
            )
        );

    private static async Task FollowAsync(AnchoringChain world, IFollowedChain chain) =>
        await new ChainFollower(
            new EthereumClient(world.Chain),
            world.Contract,
            chain,
            only: null,
            fromBlock: 0,
            new LineLogger()
        ).CatchUpAsync(None);

    private static async Task<IReadOnlyList<long>> DemandsAsync(Database database)
    {
        await using DbConnection connection = await database.ConnectAsync(None);
        return [.. await Dapper.SqlMapper.QueryAsync<long>(connection, "SELECT id FROM demand ORDER BY id")];
    }

    private async Task<(Database Database, ChainIndex Index)> OpenAsync()
    {
        Database database = await DatabaseAsync();
        _open.Add(database);
        await database.MigrateAsync("index", [ChainIndex.Schema], None);
        return (database, new ChainIndex(database));
    }

    /// <summary>The index as a follower writes it, without other tables.</summary>
    private sealed class IndexChain(Database database, ChainIndex index) : IFollowedChain
    {
        public Task<BlockPoint?> TipAsync(CancellationToken cancellationToken) => index.TipAsync(cancellationToken);

        public Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken) =>
            index.FollowedBlocksAsync(cancellationToken);

        public Task<(Anchor? Last, long Count)> LastAnchorAsync(
            Address operatorAddress,
            CancellationToken cancellationToken
        ) => index.LastAnchorAsync(operatorAddress, cancellationToken);

        public Task AdvanceAsync(BlockPoint tip, ChainEvents events, CancellationToken cancellationToken) =>
            database.WriteAsync(
                (connection, transaction) =>
                    ChainIndex.AddAsync(tip, events, connection, transaction, cancellationToken),
                cancellationToken
            );

        public Task RollBackAsync(long lastGood, CancellationToken cancellationToken) =>
            database.WriteAsync(
                (connection, transaction) =>
                    ChainIndex.RollBackAsync(lastGood, connection, transaction, cancellationToken),
                cancellationToken
            );
    }
}
