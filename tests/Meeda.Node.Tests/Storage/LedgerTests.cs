using System.Data.Common;
using System.Numerics;
using Dapper;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Operator.Accounts;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Meeda.Protocol.Signatures;
using Meeda.Storage.Buckets;
using Meeda.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>
/// One PostgreSQL for all tests of a class; if it is not installed, the tests that need it are skipped.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private PostgresServer? _server;

    /// <summary>A new database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        FastRun.SkipIfFast();
        Skip.If(PostgresServer.Binaries is null, "PostgreSQL is not installed: on Debian, apt-get install postgresql");
        return await _server!.CreateDatabaseAsync();
    }

    public async Task InitializeAsync() =>
        _server = PostgresServer.Binaries is null || FastRun.IsFast ? null : await PostgresServer.StartAsync();

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

/// <summary>The ledger on a SQLite file.</summary>
public sealed class SqliteLedgerTests : LedgerTests
{
    [Fact]
    public async Task Open_SchemaOfANewerProgram_IsRefused()
    {
        await OpenAsync();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "ledger.sqlite")}"))
        {
            await connection.ExecuteAsync("PRAGMA user_version = 99");
        }

        InvalidDataException refusal = await Assert.ThrowsAsync<InvalidDataException>(OpenAsync);
        Assert.Contains("99", refusal.Message, StringComparison.Ordinal);
    }

    private protected override Task<Database> DatabaseAsync() =>
        Task.FromResult<Database>(new SqliteDatabase(Path.Combine(Folder, "ledger.sqlite")));
}

/// <summary>The ledger on a PostgreSQL database, which several operators share.</summary>
public sealed class PostgresLedgerTests(PostgresFixture postgres) : LedgerTests, IClassFixture<PostgresFixture>
{
    private static readonly Address Recipient = Address.Parse("0x00000000000000000000000000000000000b0b00");

    private string? _connectionString;

    [SkippableFact]
    public async Task Open_ByManyAtOnce_MigratesOnce()
    {
        await DatabaseAsync();
        Ledger[] ledgers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OpenAsync()));
        await ledgers[0].AddBatchAsync(Batch(1), Payload(1), 0, None);
        Assert.NotNull(await ledgers[7].FindBatchAsync(Batch(1).Id, None));
    }

    [SkippableFact]
    public async Task AddBatch_ByManyAtOnce_KeepsOne()
    {
        await DatabaseAsync();
        Ledger[] ledgers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync()));
        await Task.WhenAll(
            Enumerable.Range(0, 40).Select(i => ledgers[i % 4].AddBatchAsync(Batch(i % 5), Payload(i % 5), 0, None))
        );
        Assert.Equal(5, (await ledgers[0].UnplacedBatchesAsync(256, None)).Count);
    }

    [SkippableFact]
    public async Task Lease_HeldByOne_IsTakenByAnotherOnlyAfterItsEnd_AndThenTheFirstWritesNothing()
    {
        TimeSpan term = Patience.Of(TimeSpan.FromSeconds(2));
        (Ledger first, Lease firstLease) = await OpenAsync(term);
        (Ledger second, Lease secondLease) = await OpenAsync(term);
        Assert.True(await firstLease.TryHoldAsync(None));
        Assert.False(await secondLease.TryHoldAsync(None));
        await first.AdvanceAsync(Block(10), [], [], None);
        await Assert.ThrowsAsync<LeaseLostException>(() => second.AdvanceAsync(Block(11), [], [], None));

        // The first is paused: it no longer renews its lease, and still assumes that it leads.
        await UntilAsync(() => secondLease.TryHoldAsync(None));
        Assert.True(firstLease.IsHeld);
        await Assert.ThrowsAsync<LeaseLostException>(() => first.AdvanceAsync(Block(12), [], [], None));
        await Assert.ThrowsAsync<LeaseLostException>(() => first.RollBackAsync(5, None));
        await second.AdvanceAsync(Block(13), [], [], None);
        Assert.Equal(Block(13), await second.TipAsync(None));

        // Waking up, it learns that it does not lead; and once the other has released the lease, it may again.
        Assert.False(await firstLease.TryHoldAsync(None));
        await secondLease.ReleaseAsync(None);
        Assert.True(await firstLease.TryHoldAsync(None));
        await first.AdvanceAsync(Block(14), [], [], None);
    }

    /// <summary>
    /// A process that is stopped within a transaction keeps its locks, including that on the lease, for as long as the
    /// server allows.
    /// </summary>
    [SkippableFact]
    public async Task Lease_OfALeaderThatIsPausedWithinAWrite_IsTakenAllTheSame_AndTheWriteFails()
    {
        (Ledger first, Lease firstLease) = await OpenAsync(Patience.Of(TimeSpan.FromSeconds(1)));
        (_, Lease other) = await OpenAsync(TimeSpan.FromMinutes(1));
        Assert.True(await firstLease.TryHoldAsync(None));
        var holds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var wakes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task writing = first.WriteAsLeaderAsync(
            async (_, _) =>
            {
                holds.SetResult();
                await wakes.Task;
            },
            None
        );
        await holds.Task;
        await UntilAsync(() => other.TryHoldAsync(None));
        wakes.SetResult();
        await Assert.ThrowsAnyAsync<DbException>(() => writing);
    }

    [SkippableFact]
    public async Task Journal_OfALeaderThatLostTheLease_Refuses_AndNothingIsSent()
    {
        await using Anvil anvil = await Anvil.StartAsync();
#pragma warning disable RS0030 // A test is its own host.
        using var http = new HttpClient { BaseAddress = anvil.Rpc };
#pragma warning restore RS0030
        var client = new EthereumClient(new JsonRpcClient(http));
        PrivateKeySigner key = PrivateKeySigner.FromHex(Anvil.FundedKey);
        var quick = new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(20) };
        (Ledger first, Lease firstLease) = await OpenAsync(Patience.Of(TimeSpan.FromSeconds(2)));
        (Ledger second, Lease secondLease) = await OpenAsync(TimeSpan.FromMinutes(1));
        using var old = new TransactionSender(client, key, quick, journal: new TransactionJournal(first, key.Address));
        using var @new = new TransactionSender(
            client,
            key,
            quick,
            journal: new TransactionJournal(second, key.Address)
        );
        Assert.True(await firstLease.TryHoldAsync(None));
        await old.SendAsync(new TransactionRequest(Recipient, [], 1), None);
        await UntilAsync(() => secondLease.TryHoldAsync(None));

        await Assert.ThrowsAsync<LeaseLostException>(() =>
            old.SendAsync(new TransactionRequest(Recipient, [], 2), None)
        );
        await @new.SendAsync(new TransactionRequest(Recipient, [], 4), None);
        Assert.Equal(5, await client.GetBalanceAsync(Recipient, BlockTag.Latest, None));
        Assert.Equal(2ul, await client.GetTransactionCountAsync(key.Address, BlockTag.Pending, None));
    }

    [SkippableFact]
    public async Task Lease_TakenAnewAfterItsEnd_StopsWhatWasBegunUnderTheOldOne()
    {
        (Ledger ledger, Lease lease) = await OpenAsync(TimeSpan.FromSeconds(1));
        Assert.True(await lease.TryHoldAsync(None));
        (_, Lease other) = await OpenAsync(TimeSpan.FromMilliseconds(1));
        await UntilAsync(() => other.TryHoldAsync(None));
        await Assert.ThrowsAsync<LeaseLostException>(() => ledger.AdvanceAsync(Block(10), [], [], None));
        await UntilAsync(() => lease.TryHoldAsync(None));
        await ledger.AdvanceAsync(Block(10), [], [], None);
    }

    private protected override async Task<Database> DatabaseAsync() =>
        new PostgresDatabase(_connectionString ??= await postgres.CreateDatabaseAsync());

    private static Task UntilAsync(Func<Task<bool>> condition) =>
        Patience.UntilAsync(condition, TimeSpan.FromSeconds(30));
}

/// <summary>The ledger's behaviour on every database.</summary>
public abstract class LedgerTests : IAsyncLifetime
{
    private protected static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly List<Ledger> _open = [];

    private protected string Folder => _folder.Path;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (Ledger ledger in _open)
        {
            await ledger.DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [SkippableFact]
    public async Task FindBatch_AfterReopening_IsWhatWasAdded()
    {
        StoredBatch batch = Batch(1, blobs: 2);
        await (await OpenAsync()).AddBatchAsync(batch, Payload(1), 0, None);

        Ledger reopened = await OpenAsync();
        StoredBatch expected = batch with { OwedSince = batch.StoredAt };
        Assert.Equivalent(expected, await reopened.FindBatchAsync(batch.Id, None), strict: true);
        Assert.Equivalent(expected, await reopened.FindBatchByPayloadAsync(batch.PayloadHash, None), strict: true);
        Assert.Null(await reopened.FindBatchAsync(Batch(2).Id, None));
    }

    [SkippableFact]
    public async Task AddBatch_Twice_KeepsOne()
    {
        Ledger ledger = await OpenLeadingAsync();
        await AddPlacedAsync(ledger, Batch(1));
        await AddPlacedAsync(ledger, Batch(1));
        Assert.Single(await ledger.WaitingBatchesAsync(256, None));
    }

    [SkippableFact]
    public async Task WaitingBatches_MoreThanFit_AreTheOldestThatFit()
    {
        Ledger ledger = await OpenLeadingAsync();
        foreach (StoredBatch batch in new[] { Batch(1, blobs: 3), Batch(2, blobs: 3), Batch(3, blobs: 1) })
        {
            await AddPlacedAsync(ledger, batch);
        }

        Assert.Equal([Batch(1).Id, Batch(2).Id], (await ledger.WaitingBatchesAsync(6, None)).Select(batch => batch.Id));
        Assert.Equal([Batch(1).Id], (await ledger.WaitingBatchesAsync(5, None)).Select(batch => batch.Id));
    }

    [SkippableFact]
    public async Task Advance_AnAnchor_TakesItsBatchesOffTheWaitingList_AndRewindPutsThemBack()
    {
        Ledger ledger = await OpenLeadingAsync();
        StoredBatch batch = Batch(1, blobs: 2);
        await AddPlacedAsync(ledger, batch);
        await ledger.AdvanceAsync(Block(10), [], [], None);
        await ledger.AdvanceAsync(
            Block(20),
            [Seen(0, firstBlob: 0, block: 15, batch)],
            [new ProofEvent(3, 18, Hash(99), Hash(98))],
            None
        );

        Assert.Empty(await ledger.WaitingBatchesAsync(256, None));
        Assert.Equal(Hash(15), (await ledger.FindAnchoringAsync(batch.Id, None))!.Value.TransactionHash);
        Assert.Contains(3ul, await ledger.ProvenEpochsAsync(3, None));
        Assert.Equal(new AnchoredBatch(batch.Id, 0, 0, 2), (await ledger.BlobsAtAsync([0, 1], None))[1].Anchored);

        await ledger.RollBackAsync(14, None);
        Assert.Equal(Block(10), await ledger.TipAsync(None));
        Assert.Equal([batch.Id], (await ledger.WaitingBatchesAsync(256, None)).Select(waiting => waiting.Id));
        Assert.Null(await ledger.FindAnchoringAsync(batch.Id, None));
        Assert.Empty(await ledger.ProvenEpochsAsync(0, None));
        Assert.Empty(await ledger.Index.AnchorsAsync(Address.Zero, None));
    }

    [SkippableFact]
    public async Task Advance_AnAnchorThatIsThereAlready_ThrowsAndChangesNothing()
    {
        Ledger ledger = await OpenLeadingAsync();
        StoredBatch batch = Batch(1);
        await AddPlacedAsync(ledger, batch);
        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, batch)], [], None);
        await Assert.ThrowsAnyAsync<DbException>(() =>
            ledger.AdvanceAsync(Block(30), [Seen(0, firstBlob: 0, block: 25, batch)], [], None)
        );
        Assert.Equal(Block(20), await ledger.TipAsync(None));
    }

    [SkippableFact]
    public async Task BatchAt_BeyondTheLastAnchor_Throws()
    {
        Ledger ledger = await OpenLeadingAsync();
        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, Batch(1, blobs: 2))], [], None);
        await Assert.ThrowsAsync<InvalidDataException>(() => ledger.BlobsAtAsync([2], None));
    }

    [SkippableFact]
    public async Task Payload_UntilItsBatchIsPlacedAndTheRoomIsNeeded_IsHeld()
    {
        Ledger ledger = await OpenLeadingAsync();
        foreach (int number in (int[])[1, 2, 3])
        {
            await ledger.AddBatchAsync(Batch(number), Payload(number), 0, None);
        }

        Assert.Equal(new Backlog(3 * 1234, 3, Batch(1).StoredAt), await ledger.BacklogAsync(None));
        Assert.Equal(0, await ledger.TrimPayloadsAsync(0, None));
        await ledger.MarkPlacedAsync([Batch(1).Id], Now, None);
        await ledger.MarkPlacedAsync([Batch(2).Id], Now, None);
        Assert.Equal(new Backlog(1234, 1, Batch(3).StoredAt), await ledger.BacklogAsync(None));
        Assert.Equal([Batch(3).Id], (await ledger.UnplacedBatchesAsync(10, None)).Select(batch => batch.Id));
        Assert.Equal(1, await ledger.TrimPayloadsAsync(2 * 1234, None));
        Assert.Null(await ledger.FindPayloadAsync(Batch(1).Id, None));
        Assert.Equal(Payload(2), await ledger.FindPayloadAsync(Batch(2).Id, None));
        Assert.Equal(1, await ledger.TrimPayloadsAsync(0, None));
        Assert.Equal(Payload(3), await ledger.FindPayloadAsync(Batch(3).Id, None));
    }

    /// <summary>A search interrupted between an object and its batches would lose them permanently.</summary>
    [SkippableFact]
    public async Task KnownPacks_WithRowsOfABatchThatIsNotKnownYet_AreSearchedAgain()
    {
        Ledger ledger = await OpenLeadingAsync();
        await ledger.AdoptPackAsync("a", "one", 100, [new PackedRow(Batch(1).Id, 0, 0)], None);
        Assert.Empty(await ledger.KnownPacksAsync("a", None));
        await ledger.AdoptBatchAsync(Batch(1), isWhole: true, Now, None);
        Assert.Equal(["one"], await ledger.KnownPacksAsync("a", None));
    }

    /// <summary>Otherwise any party that can write to a bucket could cause the deletion of all its objects.</summary>
    [SkippableFact]
    public async Task AdoptPack_WhoseRowsAreElsewhereAlready_IsNotTakenForAnEmptyOne()
    {
        Ledger ledger = await OpenLeadingAsync();
        PackedRow[] rows = [new(Batch(1).Id, 0, 0)];
        await ledger.AdoptPackAsync("a", "two", 100, rows, None);
        await ledger.AdoptPackAsync("a", "one", 100, rows, None);
        Assert.Equal(("two", 0L), await ledger.FindPackedRowAsync("a", Batch(1).Id, 0, None));
        Assert.Empty(await ledger.EmptyPacksAsync("a", 0, 10, None));
    }

    [SkippableFact]
    public async Task AdoptBatch_ThatCannotBeRead_IsReadAgainUntilItCan()
    {
        Ledger ledger = await OpenLeadingAsync();
        await ledger.AdoptBatchAsync(Batch(1), isWhole: false, Now, None);
        Assert.Equal(Batch(1).Id, Assert.Single(await ledger.UnreadableBatchesAsync(10, None)).Id);
        Assert.Empty(await ledger.UnplacedBatchesAsync(10, None));
        await ledger.MarkPlacedAsync([Batch(1).Id], Now, None);
        Assert.Empty(await ledger.UnreadableBatchesAsync(10, None));
        Assert.True(await ledger.HasOpenPromisesAsync(None));
    }

    [SkippableFact]
    public async Task ForeignAnchor_IsOneOfABatchThatNobodyPutHere()
    {
        Ledger ledger = await OpenLeadingAsync();
        await ledger.AddBatchAsync(Batch(1), Payload(1), 0, None);
        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, Batch(1))], [], None);
        Assert.Null(await ledger.FindForeignAnchorAsync(10, None));
        await ledger.AdvanceAsync(Block(30), [Seen(1, firstBlob: 1, block: 25, Batch(2))], [], None);
        Assert.Equal((25UL, Hash(25)), await ledger.FindForeignAnchorAsync(20, None));
        Assert.Null(await ledger.FindForeignAnchorAsync(25, None));
    }

    [SkippableFact]
    public async Task Journal_BesideARival_TakesDeadlinesAndHigherFeesOnly()
    {
        Ledger ledger = await OpenLeadingAsync();
        var journal = new TransactionJournal(ledger, Address.Zero);
        await journal.WriteAsync(Signed(1, "anchor:1"), None);
        await ledger.NoteRivalAsync("another machine", Now, None);
        await Assert.ThrowsAsync<IOException>(() => journal.WriteAsync(Signed(2, "anchor:2"), None));
        await journal.WriteAsync(Signed(1, "anchor:1") with { MaxFeePerGas = 9 }, None);
        JournaledTransaction proof = Signed(2, "proof:1");
        await journal.WriteAsync(proof with { Request = proof.Request with { HasDeadline = true } }, None);
        Assert.Equal([false, true], (await journal.ReadAsync(None)).Select(kept => kept.Request.HasDeadline));

        static JournaledTransaction Signed(ulong nonce, string key) =>
            new(1, nonce, new TransactionRequest(Address.Zero, []) { Keys = [key] }, 0, 0, 0, 0, [], [], false);
    }

    [SkippableFact]
    public async Task Pack_FromItsNameToItsEnd_SaysWhereRowsAre()
    {
        Ledger ledger = await OpenLeadingAsync();
        BatchId[] ids = [Batch(1).Id, Batch(2).Id];
        long first = await ledger.BeginPackAsync("a", "one", 100, None);
        long other = await ledger.BeginPackAsync("b", "one", 100, None);
        Assert.Equal([new StoredPack(first, "one")], await ledger.EmptyPacksAsync("a", 0, 10, None));
        await ledger.EndPackAsync(first, "a", [(ids[0], 0), (ids[1], 3)], None);
        await ledger.EndPackAsync(other, "b", [(ids[1], 3)], None);
        Assert.Equal(("one", 131_072L), await ledger.FindPackedRowAsync("a", ids[1], 3, None));
        Assert.Equal(("one", 0L), await ledger.FindPackedRowAsync("b", ids[1], 3, None));
        Assert.Null(await ledger.FindPackedRowAsync("a", ids[1], 0, None));
        Assert.Empty(await ledger.EmptyPacksAsync("a", 0, 10, None));
        Assert.Equal([new StoredPack(first, "one")], await ledger.UnconfirmedPacksAsync("a", 0, 10, None));
        Assert.Empty(await ledger.UnconfirmedPacksAsync("a", first, 10, None));
        Assert.Equal(new PackingCosts(0, 0, 200, 3 * 131_072, 2), await ledger.PackingCostsAsync(None));

        // After a rewrite, a row is in the newer object; an object without rows is abandoned, one with any row is not.
        long newer = await ledger.BeginPackAsync("a", "two", 100, None);
        await ledger.EndPackAsync(newer, "a", [(ids[1], 3)], None);
        Assert.Equal(("two", 0L), await ledger.FindPackedRowAsync("a", ids[1], 3, None));
        Assert.False(await ledger.GiveUpPackAsync(first, None));
        await ledger.DeletePackedRowsAsync("a", ids[0], None);
        Assert.True(await ledger.GiveUpPackAsync(first, None));
        await ledger.ForgetPackAsync(first, None);
        Assert.Empty(await ledger.EmptyPacksAsync("a", 0, 10, None));

        // Nothing is added to an object that was abandoned during its upload.
        long late = await ledger.BeginPackAsync("a", "three", 100, None);
        Assert.True(await ledger.GiveUpPackAsync(late, None));
        await Assert.ThrowsAsync<IOException>(() => ledger.EndPackAsync(late, "a", [(ids[0], 0)], None));
        Assert.Null(await ledger.FindPackedRowAsync("a", ids[0], 0, None));
    }

    [SkippableFact]
    public async Task TrimPayloads_OfABatchInAnUnconfirmedPack_KeepsIt()
    {
        Ledger ledger = await OpenLeadingAsync();
        await AddPlacedAsync(ledger, Batch(1));
        long pack = await ledger.BeginPackAsync("a", "one", 100, None);
        await ledger.EndPackAsync(pack, "a", [(Batch(1).Id, 0)], None);
        Assert.Equal(0, await ledger.TrimPayloadsAsync(0, None));
        Assert.NotNull(await ledger.FindPayloadAsync(Batch(1).Id, None));
        await ledger.MarkPackConfirmedAsync(pack, None);
        Assert.Equal(1, await ledger.TrimPayloadsAsync(0, None));
    }

    [SkippableFact]
    public async Task AddBatch_ManyAtOnce_AllAreThere()
    {
        Ledger ledger = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => ledger.AddBatchAsync(Batch(i), Payload(i), 0, None)));
        Assert.Equal(new Backlog(300 * 1234, 300, Batch(0).StoredAt), await ledger.BacklogAsync(None));
        Assert.Equal(Payload(299), await ledger.FindPayloadAsync(Batch(299).Id, None));
    }

    /// <summary>An anchor beyond the gas cap of a transaction would hold up every batch.</summary>
    [SkippableFact]
    public async Task Waiting_PaidBatches_StayBelowTheGasCap()
    {
        Ledger ledger = await OpenLeadingAsync();
        var rollup = Address.Parse("0x00000000000000000000000000000000000000aa");
        var order = new SignedOrder(1, 2, Hash(70), Hash(71));
        foreach (int number in Enumerable.Range(0, 256))
        {
            await AddPlacedAsync(ledger, Batch(number) with { Payer = rollup, Order = order });
        }

        IReadOnlyList<StoredBatch> fitting = await ledger.WaitingBatchesAsync(256, None);
        Assert.Equal(102, fitting.Count);
        Assert.True(fitting.Sum(AnchorGas.Of) <= AnchorGas.Max);
    }

    private static UnchargedBytes Bytes(int batches) => new(batches * 1234, batches * 1234);

    [SkippableFact]
    public async Task Uncharged_BytesThatAnOrderPaysFor_AreNoMatterOfTheLimit()
    {
        Ledger ledger = await OpenLeadingAsync();
        Address rollup = Address.Parse("0x00000000000000000000000000000000000000aa");
        var order = new SignedOrder(UInt128.MaxValue, SignedOrder.MaxDeadline, Hash(70), Hash(71));
        StoredBatch ordered = Batch(1) with { Payer = rollup, Order = order };
        await AddPlacedAsync(ledger, ordered);
        await AddPlacedAsync(ledger, Batch(2) with { Payer = rollup });
        Assert.Equal(order, (await ledger.FindBatchAsync(ordered.Id, None))!.Order);
        Assert.Null((await ledger.FindBatchAsync(Batch(2).Id, None))!.Order);
        Assert.Equal(order, Assert.Single(await ledger.WaitingBatchesAsync(1, None)).Order);
        Assert.Equal(new UnchargedBytes(2 * 1234, 1234), await ledger.UnchargedBytesAsync(rollup, 10, None));

        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, ordered)], [], None);
        Assert.Equal(new UnchargedBytes(2 * 1234, 1234), await ledger.UnchargedBytesAsync(rollup, 14, None));
        Assert.Equal(Bytes(1), await ledger.UnchargedBytesAsync(rollup, 15, None));

        // A renewal has an order of its own, or none; one for a batch that waits changes nothing.
        await ledger.RenewAsync(ordered.Id, 20, rollup, order with { Deadline = 5 }, Now, None);
        await ledger.RenewAsync(ordered.Id, 20, rollup, null, Now, None);
        Assert.Equal(5UL, (await ledger.FindBatchAsync(ordered.Id, None))!.Order!.Deadline);
        await ledger.AdvanceAsync(Block(30), [Seen(1, firstBlob: 1, block: 25, ordered)], [], None);
        await ledger.RenewAsync(ordered.Id, 26, rollup, null, Now, None);
        Assert.Null((await ledger.FindBatchAsync(ordered.Id, None))!.Order);
    }

    [SkippableFact]
    public async Task NeedsAnchor_UntilOneIsOwedOrStandsLateEnough()
    {
        Ledger ledger = await OpenLeadingAsync();
        await AddPlacedAsync(ledger, Batch(1));
        Assert.False(await NeedsAsync(0));
        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, Batch(1))], [], None);
        Assert.False(await NeedsAsync(15));
        Assert.True(await NeedsAsync(16));
        Assert.True(await NeedsAsync(null));

        async Task<bool> NeedsAsync(long? from) =>
            await ledger.NeedsAnchorAsync((await ledger.FindBatchAsync(Batch(1).Id, None))!, from, None);
    }

    [SkippableFact]
    public async Task Uncharged_BytesOfARollup_AreThoseThatWaitAndThoseAnchoredLater()
    {
        Ledger ledger = await OpenLeadingAsync();
        Address rollup = Address.Parse("0x00000000000000000000000000000000000000aa"),
            other = Address.Parse("0x00000000000000000000000000000000000000bb");
        StoredBatch first = Batch(1) with { Payer = rollup },
            second = Batch(2) with { Payer = rollup },
            others = Batch(3) with { Payer = other };
        foreach (StoredBatch batch in (StoredBatch[])[first, second, others, Batch(4)])
        {
            await AddPlacedAsync(ledger, batch);
        }

        Assert.Equal(rollup, (await ledger.FindBatchAsync(first.Id, None))!.Payer);
        Assert.Null((await ledger.FindBatchAsync(Batch(4).Id, None))!.Payer);
        Assert.Equal(Bytes(2), await ledger.UnchargedBytesAsync(rollup, 10, None));

        // An anchor counts until the escrow's state as of its block is known.
        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, first)], [], None);
        Assert.Equal(Bytes(2), await ledger.UnchargedBytesAsync(rollup, 14, None));
        Assert.Equal(Bytes(1), await ledger.UnchargedBytesAsync(rollup, 15, None));

        // The party that renews pays for the next anchor, and only if one is owed.
        await ledger.RenewAsync(first.Id, 20, other, null, Now, None);
        await ledger.RenewAsync(first.Id, 20, rollup, null, Now, None);
        Assert.Equal(other, (await ledger.FindBatchAsync(first.Id, None))!.Payer);
        Assert.Equal(Bytes(2), await ledger.UnchargedBytesAsync(other, 15, None));
        await ledger.AdvanceAsync(Block(30), [Seen(1, firstBlob: 1, block: 25, first)], [], None);
        await ledger.RenewAsync(first.Id, 20, rollup, null, Now, None);
        Assert.Equal(other, (await ledger.FindBatchAsync(first.Id, None))!.Payer);
    }

    [SkippableFact]
    public async Task Operations_AreStartedOnce_AndNeverWhenTheyAreOldOrWereBegun()
    {
        Ledger ledger = await OpenLeadingAsync();
        var stake = new AccountOperation(AccountOperationKind.Stake, BigInteger.Pow(10, 30));
        long old = await ledger.RequestOperationAsync(stake, Now - TimeSpan.FromHours(1), None);
        long taken = await ledger.RequestOperationAsync(stake, Now, None);
        long withdrawn = await ledger.RequestOperationAsync(new(AccountOperationKind.Claim), Now, None);
        Assert.True(await ledger.TakeOperationBackAsync(withdrawn, None));

        DateTimeOffset since = Now - TimeSpan.FromMinutes(1);
        Assert.Equal(new PendingOperation(taken, stake), await ledger.StartOperationAsync(since, Now, None));
        Assert.Null(await ledger.StartOperationAsync(since, Now, None));
        Assert.False(await ledger.TakeOperationBackAsync(taken, None));
        Assert.Null(await ledger.FindOutcomeAsync(taken, None));

        // An operation that was interrupted is not started again.
        await ledger.AbandonOperationsAsync("it stopped", Now, None);
        Assert.Equal("it stopped", (await ledger.FindOutcomeAsync(taken, None))!.Problem);
        Assert.Null(await ledger.FindOutcomeAsync(old, None));
        Assert.Null(await ledger.StartOperationAsync(since, Now, None));

        long done = await ledger.RequestOperationAsync(new(AccountOperationKind.Settle), Now, None);
        Assert.Equal(done, (await ledger.StartOperationAsync(since, Now, None))!.Sequence);
        await ledger.FinishOperationAsync(done, new OperationOutcome(["0x01", "0x02"], null), Now, None);
        OperationOutcome outcome = (await ledger.FindOutcomeAsync(done, None))!;
        Assert.Equal(["0x01", "0x02"], outcome.Transactions);
        Assert.Null(outcome.Problem);
    }

    [SkippableFact]
    public async Task Renew_AnAnchoredBatch_WaitsForOneMoreAnchor_AlsoAcrossARewind()
    {
        Ledger ledger = await OpenLeadingAsync();
        StoredBatch batch = Batch(1);
        await AddPlacedAsync(ledger, batch);
        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, batch)], [], None);
        Assert.True(await ledger.RenewAsync(batch.Id, 20, payer: null, order: null, Now, None));
        Assert.Single(await ledger.WaitingBatchesAsync(256, None));
        Assert.True(await ledger.RenewAsync(batch.Id, 20, payer: null, order: null, Now, None));
        await ledger.AdvanceAsync(Block(30), [Seen(1, firstBlob: 1, block: 25, batch)], [], None);
        Assert.Empty(await ledger.WaitingBatchesAsync(256, None));
        Assert.Equal(1u, (await ledger.FindAnchoringAsync(batch.Id, None))!.Value.Anchor.Index);

        // Without the second anchor, the renewal is owed again. Without both, one anchor is owed, not two.
        await ledger.RollBackAsync(20, None);
        Assert.Single(await ledger.WaitingBatchesAsync(256, None));
        await ledger.RollBackAsync(10, None);
        await ledger.AdvanceAsync(Block(40), [Seen(0, firstBlob: 0, block: 35, batch)], [], None);
        Assert.Empty(await ledger.WaitingBatchesAsync(256, None));
        Assert.False(await ledger.RenewAsync(Batch(9).Id, 20, payer: null, order: null, Now, None));
    }

    [SkippableFact]
    public async Task GiveUp_OnlyWhatHasExpiredAndIsNotRenewed()
    {
        Ledger ledger = await OpenLeadingAsync();
        StoredBatch expired = Batch(1),
            renewed = Batch(2),
            live = Batch(3);
        foreach (StoredBatch batch in (StoredBatch[])[expired, renewed, live])
        {
            await AddPlacedAsync(ledger, batch);
        }

        await ledger.AdvanceAsync(
            Block(200),
            [
                Seen(0, firstBlob: 0, block: 15, expired),
                Seen(1, firstBlob: 1, block: 16, renewed),
                Seen(2, firstBlob: 2, block: 150, live),
            ],
            [],
            None
        );
        await ledger.RenewAsync(renewed.Id, 200, payer: null, order: null, Now, None);

        Assert.Empty(await ledger.ExpiredBatchesAsync(114, 10, None));
        Assert.False(await ledger.ExpireAsync(expired.Id, 114, Now, None));
        Assert.Equal([expired.Id], (await ledger.ExpiredBatchesAsync(200, 10, None)).Select(batch => batch.Id));
        Assert.False(await ledger.ExpireAsync(renewed.Id, 200, Now, None));
        Assert.False(await ledger.ExpireAsync(live.Id, 200, Now, None));
        Assert.True(await ledger.ExpireAsync(expired.Id, 200, Now, None));
        Assert.NotNull((await ledger.FindBatchAsync(expired.Id, None))!.DeletedAt);
        Assert.Null(await ledger.FindPayloadAsync(expired.Id, None));
        Assert.Equal([expired.Id], (await ledger.UnclearedBatchesAsync(10, None)).Select(batch => batch.Id));
        Assert.DoesNotContain(expired.Id, (await ledger.BatchesAfterAsync(0, 10, None)).Select(each => each.Batch.Id));

        // Put again before its rows are deleted: promised again, and placed without waiting for the deletion.
        await ledger.AddBatchAsync(expired, Payload(1), 200, None);
        Assert.Null((await ledger.FindBatchAsync(expired.Id, None))!.DeletedAt);
        Assert.Equal(Payload(1), await ledger.FindPayloadAsync(expired.Id, None));
        Assert.Equal([expired.Id], (await ledger.UnplacedBatchesAsync(10, None)).Select(batch => batch.Id));
        await ledger.MarkRowsDeletedAsync(expired.Id, ["a", "b"], None);
        Assert.Empty(await ledger.UnclearedBatchesAsync(10, None));
        Assert.Equal([expired.Id], await ledger.LeftoversAsync("a", null, 10, None));
        Assert.Empty(await ledger.LeftoversAsync("a", expired.Id, 10, None));
        await ledger.ForgetLeftoverAsync("a", expired.Id, None);
        Assert.Empty(await ledger.LeftoversAsync("a", null, 10, None));
        Assert.Equal([expired.Id], await ledger.LeftoversAsync("b", null, 10, None));
        await ledger.ProbeAsync(Now, None);
        await ledger.ProbeAsync(Now, None);
        Assert.Equal([expired.Id], (await ledger.UnplacedBatchesAsync(10, None)).Select(batch => batch.Id));
        await ledger.MarkPlacedAsync([expired.Id], Now, None);
        Assert.Contains(expired.Id, (await ledger.WaitingBatchesAsync(256, None)).Select(batch => batch.Id));
    }

    [SkippableFact]
    public async Task Open_ALedgerOfTheFirstTwoMigrations_KeepsWhatItHolds_AndOwesWhatItOwed()
    {
        await using (Database before = await DatabaseAsync())
        {
            await before.MigrateAsync("ledger", Ledger.Migrations[..2], None);
            await before.WriteAsync(
                async (connection, transaction) =>
                {
                    foreach ((int number, long waiting) in ((int, long)[])[(1, 0), (2, 1)])
                    {
                        await connection.ExecuteAsync(
                            "INSERT INTO batch (id, payload_hash, payload_length, commitments, stored_at, "
                                + "placed_at, waiting) VALUES (@id, @id, 5, @commitments, 7, 8, @waiting)",
                            new
                            {
                                id = Batch(number).Id.Value.ToArray(),
                                commitments = Batch(number).Commitments,
                                waiting,
                            },
                            transaction
                        );
                    }

                    await connection.ExecuteAsync(
                        """
                        INSERT INTO anchor (anchor_index, root, first_blob, blob_count, block_number, expiry, transaction_hash, commitments) VALUES (0, @id, 0, 1, 15, 115, @id, @id);
                        INSERT INTO anchored_batch (first_blob, blob_count, anchor_index, batch_id) VALUES (0, 1, 0, @id);
                        INSERT INTO followed_block (number, hash) VALUES (20, @id);
                        INSERT INTO sent_transaction
                            (sender, nonce, chain_id, value, data, gas_limit, tip, max_fee, max_blob_fee, wire, hashes, request_keys, confirmed)
                        VALUES (@sender, 3, 1, '0', @id, 1, '0', '0', '0', @id, @id, 'k', 1)
                        """,
                        new { id = Batch(1).Id.Value.ToArray(), sender = new byte[20] },
                        transaction
                    );
                },
                None
            );
        }

        Ledger ledger = await OpenLeadingAsync();
        Assert.Null((await ledger.FindBatchAsync(Batch(1).Id, None))!.OwedSince);
        Assert.NotNull((await ledger.FindBatchAsync(Batch(2).Id, None))!.OwedSince);
        Assert.Equal(
            3ul,
            Assert.Single(await new TransactionJournal(ledger, Address.FromBytes(new byte[20])).ReadAsync(None)).Nonce
        );

        // A batch that was owed an anchor is owed one after L1's current height; one that was not is not owed one, even
        // if L1 is read again from the start.
        await ledger.SettleAsync(20, 20, None);
        Assert.Equal([Batch(2).Id], (await ledger.WaitingBatchesAsync(10, None)).Select(batch => batch.Id));
        await ledger.RollBackAsync(-1, None);
        await ledger.AdvanceAsync(Block(21), [Seen(0, firstBlob: 0, block: 15, Batch(1))], [], None);
        Assert.Null((await ledger.FindBatchAsync(Batch(1).Id, None))!.OwedSince);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_ALedgerThatNamesNoOperator_KeepsWhatItSaw_AsItsOwners(bool isBound)
    {
        Address account = Address.Parse("0x00000000000000000000000000000000000000a1");
        byte[] id = Batch(1).Id.Value.ToArray();
        await using (Database before = await DatabaseAsync())
        {
            await before.MigrateAsync(
                "ledger",
                [.. Ledger.Migrations.TakeWhile(each => !each.Contains("anchor_of_one", StringComparison.Ordinal))],
                None
            );
            await before.WriteAsync(
                (connection, transaction) =>
                    connection.ExecuteAsync(
                        """
                        INSERT INTO batch (id, payload_hash, payload_length, commitments, stored_at, placed_at, waiting, first_anchor, last_anchor)
                        VALUES (@id, @id, 5, @id, 7, 8, 0, 0, 1);
                        UPDATE batch_count SET count = 1;
                        INSERT INTO anchor (anchor_index, root, first_blob, blob_count, block_number, expiry, transaction_hash, commitments)
                        VALUES (0, @id, 0, 1, 15, 115, @id, @id), (1, @id, 1, 1, 18, 118, @id, @id);
                        INSERT INTO anchored_batch (first_blob, blob_count, anchor_index, batch_id) VALUES (0, 1, 0, @id), (1, 1, 1, @id);
                        INSERT INTO proof (epoch, block_number, transaction_hash, seed) VALUES (2, 17, @id, @id);
                        INSERT INTO followed_block (number, hash) VALUES (16, @id), (20, @id);
                        """
                            + (
                                isBound
                                    ? "INSERT INTO binding (one, chain_id, contract, account, places, "
                                        + "tolerated_losses, began_at) VALUES (1, 1, @account, @account, '', 0, 0)"
                                    : ""
                            ),
                        new { id, account = account.ToArray() },
                        transaction
                    ),
                None
            );
        }

        Ledger ledger = await OpenLeadingAsync();
        Assert.Equal(15ul, (await ledger.FirstAnchorAsync(None))!.BlockNumber);
        Assert.Equal(isBound, (await ledger.Index.AnchorsAsync(account, None)).Count == 2);
        await ledger.BindAsync(new LedgerBinding(1, account, account), 20, None);
        Assert.Equal([15ul, 18ul], (await ledger.Index.AnchorsAsync(account, None)).Select(each => each.BlockNumber));
        Assert.Equal(account, (await ledger.Index.LastAnchoringAsync(Batch(1).Id, None))!.Operator);
        Assert.Equal(2, (await ledger.Index.AnchoringsAsync(Batch(1).Id, None)).Count);
        Assert.Equal(17ul, Assert.Single(await ledger.Index.ProofsAsync(account, 0, 9, None)).BlockNumber);
        Assert.Equal(id, await ledger.Index.CommitmentsAsync(account, 1, None));
        Assert.Equal(20ul, (await ledger.TipAsync(None))!.Value.Number);
        Assert.Equal(2, (await ledger.FollowedBlocksAsync(None)).Count);

        // It continues from there, back and forth, as if it had been written so.
        await ledger.RollBackAsync(16, None);
        Assert.Equal([0u], (await ledger.Index.AnchorsAsync(account, None)).Select(each => each.Index));
        Assert.Equal(0u, (await ledger.FindAnchoringAsync(Batch(1).Id, None))!.Value.Anchor.Index);
        await ledger.AdvanceAsync(Block(21), [Seen(1, 1, 19, Batch(2))], [], None, account);
        Assert.Equal((0u, 1u), await AnchoredAsync(ledger));

        async Task<(uint, uint)> AnchoredAsync(Ledger of) =>
            (
                (await of.FindAnchoringAsync(Batch(1).Id, None))!.Value.Anchor.Index,
                (await of.FindAnchoringAsync(Batch(2).Id, None))!.Value.Anchor.Index
            );
    }

    [SkippableFact]
    public async Task Open_ALedgerWhoseMigrationWasAnother_IsRefused()
    {
        await OpenAsync();
        await using Database database = await DatabaseAsync();
        await database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE schema_migration SET hash = 'another' WHERE name = 'ledger' AND number = 2",
                    transaction: transaction
                ),
            None
        );
        InvalidDataException refusal = await Assert.ThrowsAsync<InvalidDataException>(OpenAsync);
        Assert.Contains("migration 2", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// The schema from before the first release also has version number 1, and lacks a column of the journal.
    /// </summary>
    [SkippableFact]
    public async Task Open_ALedgerOfBeforeTheFirstRelease_IsRefusedAtOnce()
    {
        await using (Database before = await DatabaseAsync())
        {
            await before.MigrateAsync(
                "ledger",
                [Ledger.Migrations[0].Replace("request_keys TEXT NOT NULL,", "", StringComparison.Ordinal)],
                None
            );
        }

        InvalidDataException refusal = await Assert.ThrowsAsync<InvalidDataException>(OpenAsync);
        Assert.Contains("before the first release", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Migrations_OfTheFirstRelease_AreAsTheyWere()
    {
        // A migration that has run must never be edited: a ledger's version would not match its schema.
        string[] hashes =
        [
            .. Ledger
                .Migrations[..2]
                .Select(migration =>
                    Keccak256.Hash(System.Text.Encoding.UTF8.GetBytes(migration.ReplaceLineEndings("\n"))).ToString()[
                        ..10
                    ]
                ),
        ];
        Assert.Equal(["0x5aa7153b", "0x30d99145"], hashes);
    }

    [SkippableFact]
    public async Task CountStates_OneInEach_CountsOneEach()
    {
        Ledger ledger = await OpenLeadingAsync();
        await ledger.AddBatchAsync(Batch(1), Payload(1), 0, None);
        foreach (int number in (int[])[2, 3, 4, 5])
        {
            await AddPlacedAsync(ledger, Batch(number));
        }

        await ledger.AdvanceAsync(
            Block(200),
            [
                Seen(0, firstBlob: 0, block: 15, Batch(3)),
                Seen(1, firstBlob: 1, block: 150, Batch(4)),
                Seen(2, firstBlob: 2, block: 190, Batch(5)),
            ],
            [],
            None
        );
        Assert.Equal(
            new StateCounts(Stored: 1, Placed: 1, Anchored: 1, Final: 1, Expired: 1),
            await ledger.CountStatesAsync(tip: 200, final: 170, None)
        );
    }

    [SkippableFact]
    public async Task CountStates_AfterAnyHistory_AreWhatAScanOfEverythingSays()
    {
        Ledger ledger = await OpenLeadingAsync();
        var random = new Random(7);
        var anchors = new List<AnchorEvent>();
        ulong tip = 10;
        for (int step = 0; step < 150; step++)
        {
            StoredBatch batch = Batch(1 + random.Next(20));
            switch (random.Next(5))
            {
                case 0:
                    await ledger.AddBatchAsync(batch, Payload(batch.Commitments[0]), (long)tip, None);
                    break;
                case 1:
                    await ledger.MarkPlacedAsync([batch.Id], Now, None);
                    break;
                case 2:
                    tip = (ulong)random.Next((int)tip - 5, (int)tip);
                    anchors.RemoveAll(anchor => anchor.Anchor.BlockNumber > tip);
                    await ledger.RollBackAsync((long)tip, None);
                    break;
                default: // also of batches that were never stored here
                    tip += (ulong)random.Next(1, 30);
                    anchors.Add(Seen((uint)anchors.Count, (ulong)anchors.Count, tip, batch));
                    await ledger.AdvanceAsync(Block(tip), [anchors[^1]], [], None);
                    break;
            }

            if (step % 5 == 0)
            {
                ulong final = tip - (ulong)random.Next(0, 10);
                Assert.Equal(
                    await ScanStatesAsync(ledger, tip, final),
                    await ledger.CountStatesAsync(tip, final, None)
                );
            }
        }
    }

    [SkippableFact]
    public async Task LiveRange_AndAnchorsAt_OfAnyHistory_AreWhatAllAnchorsSay()
    {
        Ledger ledger = await OpenLeadingAsync();
        var parameters = new EpochParameters(
            EpochBlocks: 10,
            HotEpochs: 2,
            HotSamples: 1,
            ColdSamples: 1,
            SeedDelay: 2,
            ProofWindow: 5
        );
        IAnchorRecord all = new OperatorRecordOfAll(ledger);
        var random = new Random(8);
        ulong block = 3,
            blob = 0;
        for (uint index = 0; index < 40; index++)
        {
            StoredBatch batch = Batch((int)index, blobs: 1 + random.Next(3));
            await ledger.AdvanceAsync(Block(block), [Seen(index, blob, block, batch)], [], None);
            blob += (ulong)batch.BlobCount;
            block += (ulong)random.Next(1, 60);
            for (ulong epoch = 0; epoch < (block / 10) + 15; epoch += 3)
            {
                Assert.Equal(
                    await all.LiveRangeAsync(Address.Zero, parameters, epoch, None),
                    await ledger.Index.LiveRangeAsync(Address.Zero, parameters, epoch, None)
                );
            }

            ulong[] positions =
            [
                .. Enumerable.Range(0, 10).Select(_ => (ulong)random.Next((int)blob + 2)).Distinct().Order(),
            ];
            Assert.Equal(
                await all.AnchorsAtAsync(Address.Zero, positions, None),
                await ledger.Index.AnchorsAtAsync(Address.Zero, positions, None)
            );
        }
    }

    [SkippableFact]
    public async Task Journal_WhatWasWritten_IsReadBackWhole_AndOfItsSenderAlone()
    {
        Ledger ledger = await OpenLeadingAsync();
        Address mine = Address.Parse("0x00000000000000000000000000000000000000a1"),
            other = Address.Parse("0x00000000000000000000000000000000000000a2");
        var sidecar = new BlobSidecar(
            [.. Enumerable.Range(0, 2).Select(i => Bytes(i, BlobSidecar.BlobLength))],
            [.. Enumerable.Range(0, 2).Select(i => Bytes(i, BlobSidecar.PointLength))],
            [.. Enumerable.Range(0, 2 * BlobSidecar.CellsPerBlob).Select(i => Bytes(i, BlobSidecar.PointLength))]
        );
        var blobs = new JournaledTransaction(
            1,
            7,
            new TransactionRequest(other, [1, 2, 3], BigInteger.Pow(10, 30), sidecar) { Keys = ["one", "two"] },
            21_000,
            1,
            2,
            BigInteger.Pow(2, 70),
            Bytes(9, 300),
            [Hash(1), Hash(2)],
            IsConfirmed: false
        );
        var creation = new JournaledTransaction(
            1,
            8,
            new TransactionRequest(null, [0xfe]),
            1 << 24,
            5,
            6,
            0,
            [0x02],
            [Hash(3)],
            IsConfirmed: true
        );
        var journal = new TransactionJournal(ledger, mine);
        await journal.WriteAsync(blobs with { Hashes = [Hash(1)], Tip = 0 }, None);
        await journal.WriteAsync(creation, None);
        await journal.WriteAsync(blobs, None);

        Assert.Equivalent(new[] { blobs, creation }, await journal.ReadAsync(None), strict: true);
        Assert.Empty(await new TransactionJournal(ledger, other).ReadAsync(None));

        // The same account on another chain has the same nonces.
        await journal.WriteAsync(blobs with { ChainId = 2 }, None);
        Assert.Equal(3, (await journal.ReadAsync(None)).Count);
        await journal.RemoveAsync(1, 7, None);
        Assert.Equal(
            [(1ul, 8ul), (2ul, 7ul)],
            (await journal.ReadAsync(None)).Select(kept => (kept.ChainId, kept.Nonce)).Order()
        );
    }

    private static byte[] Bytes(int seed, int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i + seed))];

    private protected static DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_100_000);

    private protected static byte[] Payload(int number) => [.. Enumerable.Repeat((byte)number, 1234)];

    private protected static StoredBatch Batch(int number, int blobs = 1) =>
        new(
            new BatchId(Hash(number)),
            Hash(1000 + number),
            1234,
            [.. Enumerable.Repeat((byte)number, 48 * blobs)],
            DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000 + number)
        );

    private static AnchorEvent Seen(uint index, ulong firstBlob, ulong block, StoredBatch batch) =>
        new(
            new Anchor(index, Hash(7), firstBlob, (uint)batch.BlobCount, block, block + 100),
            Hash((int)block),
            batch.Commitments,
            [new AnchoredBatch(batch.Id, index, firstBlob, (uint)batch.BlobCount)]
        );

    /// <summary>The states, computed from every batch and every anchor.</summary>
    private static async Task<StateCounts> ScanStatesAsync(Ledger ledger, ulong tip, ulong final)
    {
        await using DbConnection connection = await ledger.ConnectAsync(None);
        return await connection.QuerySingleAsync<StateCounts>(
            """
            SELECT CAST(COALESCE(SUM(CASE WHEN expiry IS NULL AND placed_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS Stored,
                   CAST(COALESCE(SUM(CASE WHEN expiry IS NULL AND placed_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS Placed,
                   CAST(COALESCE(SUM(CASE WHEN expiry > @tip AND block_number > @final THEN 1 ELSE 0 END), 0) AS BIGINT) AS Anchored,
                   CAST(COALESCE(SUM(CASE WHEN expiry > @tip AND block_number <= @final THEN 1 ELSE 0 END), 0) AS BIGINT) AS Final,
                   CAST(COALESCE(SUM(CASE WHEN expiry <= @tip THEN 1 ELSE 0 END), 0) AS BIGINT) AS Expired
            FROM (SELECT batch.placed_at, MAX(a.expiry) AS expiry, MIN(a.block_number) AS block_number
                  FROM batch LEFT JOIN anchored_batch b ON b.batch_id = batch.id LEFT JOIN anchor a ON a.anchor_index = b.anchor_index
                  GROUP BY batch.id, batch.placed_at) AS states
            """,
            new { tip = (long)tip, final = (long)final }
        );
    }

    /// <summary>A record that reads all anchors each time.</summary>
    private sealed class OperatorRecordOfAll(Ledger ledger) : IAnchorRecord
    {
        public Task<IReadOnlyList<Anchor>> AnchorsAsync(Address operatorAddress, CancellationToken cancellationToken) =>
            ledger.Index.AnchorsAsync(operatorAddress, cancellationToken);

        public Task<byte[]> CommitmentsAsync(
            Address operatorAddress,
            uint anchorIndex,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<Bytes32> IdRootAsync(
            Address operatorAddress,
            uint anchorIndex,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<IReadOnlyList<BatchAnchoring>> AnchoringsAsync(BatchId id, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<ProofEvent>> ProofsAsync(
            Address operatorAddress,
            ulong first,
            ulong last,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<BlockPoint?> TipAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private protected static BlockPoint Block(ulong number) => new(number, Hash((int)number));

    private static Bytes32 Hash(int number) => Keccak256.Hash(BitConverter.GetBytes(number));

    private protected abstract Task<Database> DatabaseAsync();

    private protected async Task<Ledger> OpenAsync() => (await OpenAsync(TimeSpan.FromMinutes(1))).Ledger;

    private protected async Task<(Ledger Ledger, Lease Lease)> OpenAsync(TimeSpan term)
    {
        Database database = await DatabaseAsync();
        var lease = new Lease(database, term);
        Ledger ledger = await Ledger.OpenAsync(database, lease, None);
        _open.Add(ledger);
        return (ledger, lease);
    }

    private protected static async Task AddPlacedAsync(Ledger ledger, StoredBatch batch)
    {
        await ledger.AddBatchAsync(batch, [.. Enumerable.Repeat(batch.Commitments[0], 1234)], 0, None);
        await ledger.MarkPlacedAsync([batch.Id], Now, None);
    }

    private protected async Task<Ledger> OpenLeadingAsync()
    {
        (Ledger ledger, Lease lease) = await OpenAsync(TimeSpan.FromMinutes(1));
        Assert.True(await lease.TryHoldAsync(None));
        return ledger;
    }
}
