using Dapper;
using Meeda.Ethereum;
using Meeda.Node.Storage;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class LedgerTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task FindBatch_AfterReopening_IsWhatWasAdded()
    {
        StoredBatch batch = Batch(1, blobs: 2);
        await (await OpenAsync()).AddBatchAsync(batch, None);

        Ledger reopened = await OpenAsync();
        Assert.Equivalent(batch, await reopened.FindBatchAsync(batch.Id, None), strict: true);
        Assert.Equivalent(batch, await reopened.FindBatchByPayloadAsync(batch.PayloadHash, None), strict: true);
        Assert.Null(await reopened.FindBatchAsync(Batch(2).Id, None));
    }

    [Fact]
    public async Task AddBatch_Twice_KeepsOne()
    {
        Ledger ledger = await OpenAsync();
        await ledger.AddBatchAsync(Batch(1), None);
        await ledger.AddBatchAsync(Batch(1), None);
        Assert.Single(await ledger.WaitingBatchesAsync(256, None));
    }

    [Fact]
    public async Task WaitingBatches_MoreThanFit_AreTheOldestThatFit()
    {
        Ledger ledger = await OpenAsync();
        foreach (StoredBatch batch in new[] { Batch(1, blobs: 3), Batch(2, blobs: 3), Batch(3, blobs: 1) })
        {
            await ledger.AddBatchAsync(batch, None);
        }

        Assert.Equal([Batch(1).Id, Batch(2).Id], (await ledger.WaitingBatchesAsync(6, None)).Select(batch => batch.Id));
        Assert.Equal([Batch(1).Id], (await ledger.WaitingBatchesAsync(5, None)).Select(batch => batch.Id));
    }

    [Fact]
    public async Task Advance_AnAnchor_TakesItsBatchesOffTheWaitingList_AndRewindPutsThemBack()
    {
        Ledger ledger = await OpenAsync();
        StoredBatch batch = Batch(1, blobs: 2);
        await ledger.AddBatchAsync(batch, None);
        await ledger.AdvanceAsync(Block(10), [], [], None);
        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, batch)], [new ProofSeen(3, 18, Hash(99), Hash(98))], None);

        Assert.Empty(await ledger.WaitingBatchesAsync(256, None));
        Assert.Equal(Hash(15), (await ledger.FindAnchoringAsync(batch.Id, None))!.Value.TransactionHash);
        Assert.Contains(3ul, await ledger.ProvenEpochsAsync(3, None));
        Assert.Equal(new AnchoredBatch(batch.Id, 0, 0, 2), (await ledger.BlobsAtAsync([0, 1], None))[1].Anchored);

        await ledger.RewindAsync(14, None);
        Assert.Equal(Block(10), await ledger.TipAsync(None));
        Assert.Equal([batch.Id], (await ledger.WaitingBatchesAsync(256, None)).Select(waiting => waiting.Id));
        Assert.Null(await ledger.FindAnchoringAsync(batch.Id, None));
        Assert.Empty(await ledger.ProvenEpochsAsync(0, None));
        Assert.Empty(await ledger.AnchorsAsync(None));
    }

    [Fact]
    public async Task Advance_AnAnchorThatIsThereAlready_ThrowsAndChangesNothing()
    {
        Ledger ledger = await OpenAsync();
        StoredBatch batch = Batch(1);
        await ledger.AddBatchAsync(batch, None);
        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, batch)], [], None);
        await Assert.ThrowsAsync<SqliteException>(() => ledger.AdvanceAsync(Block(30), [Seen(0, firstBlob: 0, block: 25, batch)], [], None));
        Assert.Equal(Block(20), await ledger.TipAsync(None));
    }

    [Fact]
    public async Task BatchAt_BeyondTheLastAnchor_Throws()
    {
        Ledger ledger = await OpenAsync();
        await ledger.AdvanceAsync(Block(20), [Seen(0, firstBlob: 0, block: 15, Batch(1, blobs: 2))], [], None);
        await Assert.ThrowsAsync<InvalidDataException>(() => ledger.BlobsAtAsync([2], None));
    }

    [Fact]
    public async Task Open_SchemaOfANewerProgram_IsRefused()
    {
        await OpenAsync();
        using (var connection = new SqliteConnection($"Data Source={System.IO.Path.Combine(_folder.Path, "ledger.sqlite")}"))
        {
            await connection.ExecuteAsync("PRAGMA user_version = 99");
        }

        InvalidDataException refusal = await Assert.ThrowsAsync<InvalidDataException>(OpenAsync);
        Assert.Contains("99", refusal.Message, StringComparison.Ordinal);
    }

    private static StoredBatch Batch(int number, int blobs = 1) =>
        new(new BatchId(Hash(number)), Hash(1000 + number), 1234, [.. Enumerable.Repeat((byte)number, 48 * blobs)], DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000 + number));

    private static AnchorSeen Seen(uint index, ulong firstBlob, ulong block, StoredBatch batch) => new(
        new Anchor(index, Hash(7), firstBlob, (uint)batch.BlobCount, block, block + 100),
        Hash((int)block),
        batch.Commitments,
        [new AnchoredBatch(batch.Id, index, firstBlob, (uint)batch.BlobCount)]);

    private static BlockPoint Block(ulong number) => new(number, Hash((int)number));

    private static Bytes32 Hash(int number) => Keccak256.Hash(BitConverter.GetBytes(number));

    private Task<Ledger> OpenAsync() => Ledger.OpenAsync(_folder.Path, None);
}
