using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Nitro;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>
/// The rules for a batch that arrives in chunks. They are those of Nitro's receiver and sender: OffchainLabs/nitro,
/// <c>daprovider/data_streaming/receiver.go</c>, <c>sender.go</c> and <c>protocol_test.go</c>; where a test says
/// "here", the rule is this service's own.
/// </summary>
public sealed class ChunkedStoresTests
{
    // sender.go, calculateEffectiveChunkSize with the default body limit of 5 MiB: announced for every batch, also
    // for one shorter than it.
    private const ulong AnnouncedChunkSize = 2_621_144;

    private readonly FakeTimeProvider _clock = new();
    private readonly ChunkedStores _stores;
    private ulong _timeout = 9;

    public ChunkedStoresTests() => _stores = new ChunkedStores(_clock, Options.Create(new IntakeOptions()));

    private ulong Now => (ulong)_clock.GetUtcNow().ToUnixTimeSeconds();

    [Theory]
    [InlineData(1)]
    [InlineData(120_000)]
    [InlineData((int)AnnouncedChunkSize - 1)]
    [InlineData((int)AnnouncedChunkSize)]
    [InlineData((int)AnnouncedChunkSize + 1)]
    [InlineData(2 * (int)AnnouncedChunkSize)]
    public async Task Commit_ABatchAsNitrosSenderSendsIt_GivesItBack(int length)
    {
        var batch = new byte[length];
        new Random(length).NextBytes(batch);
        byte[][] chunks = [.. batch.Chunk((int)AnnouncedChunkSize)];
        ulong id = Start((ulong)chunks.Length, AnnouncedChunkSize, (ulong)length);
        for (int i = chunks.Length - 1; i >= 0; i--)
        {
            Take(id, (ulong)i, chunks[i]);
        }

        Assert.Equal(batch, await CommitAsync(id));
    }

    [Fact]
    public async Task Commit_ChunksInAnyOrderAndTwice_GivesTheBatch_AndOnlyOnce()
    {
        ulong id = Start(chunks: 2, chunkSize: 3, totalSize: 5);
        Take(id, 1, [4, 5]);
        Take(id, 0, [1, 2, 3]);
        Take(id, 0, [1, 2, 3]);
        Assert.Equal([1, 2, 3, 4, 5], await CommitAsync(id));
        await Assert.ThrowsAsync<NitroException>(() => CommitAsync(id));
    }

    /// <summary>The minute restarts with each new chunk, and with no other.</summary>
    [Fact]
    public async Task Expiry_CountsFromTheLastNewChunk()
    {
        ulong id = Start(chunks: 3, chunkSize: 1, totalSize: 3);
        for (ulong i = 0; i < 3; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(55));
            Take(id, i, [(byte)i]);
        }

        _clock.Advance(TimeSpan.FromSeconds(55));
        Assert.Equal([0, 1, 2], await CommitAsync(id));

        id = Start(chunks: 2, chunkSize: 1, totalSize: 2);
        Take(id, 0, [7]);
        _clock.Advance(TimeSpan.FromSeconds(40));
        Take(id, 0, [7]);
        _clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Throws<NitroException>(() => Take(id, 1, [8]));
        await Assert.ThrowsAsync<NitroException>(() => CommitAsync(id));
    }

    [Fact]
    public async Task Take_OtherBytesInPlaceOfAChunk_EndsTheBatch()
    {
        ulong id = Start(chunks: 2, chunkSize: 3, totalSize: 5);
        Take(id, 0, [1, 2, 3]);
        Assert.Contains(
            "dropped",
            Assert.Throws<NitroException>(() => Take(id, 0, [1, 2, 4])).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<NitroException>(() => Take(id, 1, [4, 5]));
        await Assert.ThrowsAsync<NitroException>(() => CommitAsync(id));
    }

    [Fact]
    public async Task Commit_WithChunksMissing_IsRefusedAndEndsTheBatch()
    {
        ulong id = Start(chunks: 2, chunkSize: 3, totalSize: 5);
        Take(id, 0, [1, 2, 3]);
        Assert.Contains(
            "1 of 2",
            (await Assert.ThrowsAsync<NitroException>(() => CommitAsync(id))).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<NitroException>(() => Take(id, 1, [4, 5]));
    }

    [Fact]
    public void Start_TheSameRequestAgain_IsAReplay()
    {
        byte[] signature = ChunkedStores.CheckValue([], Now, 1, 3, 3, 9).ToArray();
        ulong now = Now;
        ulong id = _stores.Start(0, now, 1, 3, 3, 9, signature);
        Assert.Contains(
            "already",
            Assert.Throws<NitroException>(() => _stores.Start(0, now, 1, 3, 3, 9, signature)).Message,
            StringComparison.Ordinal
        );
        Assert.NotEqual(id, _stores.Start(5, now, 1, 3, 3, 9, signature)); // here: another tenant's request is another
    }

    /// <summary>
    /// sender.go repeats the request five times and passes the last response to the batch poster: it must contain the
    /// words that the poster decides by.
    /// </summary>
    [Fact]
    public async Task Commit_ThatCouldNotBeStored_FailsTheSameWayAgain_AndIsStoredWhenItCanBe()
    {
        ulong id = Start(chunks: 1, chunkSize: AnnouncedChunkSize, totalSize: 3);
        Take(id, 0, [1, 2, 3]);
        for (int i = 0; i < 5; i++)
        {
            DaException refused = await Assert.ThrowsAsync<DaException>(() =>
                _stores.CommitAsync<byte[]>(
                    0,
                    id,
                    Signature([], id),
                    _ => throw new DaException(DaError.FailOver, "providers: away")
                )
            );
            Assert.Equal(DaError.FailOver, refused.Error);
        }

        Assert.Equal([1, 2, 3], await CommitAsync(id));
    }

    /// <summary>
    /// Nitro rejects the eleventh; here one that has received nothing is evicted, so that ten short requests do not
    /// block all clients.
    /// </summary>
    [Fact]
    public async Task Start_AllPlacesTaken_TheOldestThatReceivedNothingMakesRoom()
    {
        ulong busy = Start(1, 3, 3);
        Take(busy, 0, [1, 2, 3]);
        ulong oldest = Start(1, 3, 3);
        _clock.Advance(TimeSpan.FromSeconds(1));
        ulong younger = Start(1, 3, 3);
        for (int i = 3; i < ChunkedStores.MaxPending; i++)
        {
            Start(1, 3, 3);
        }

        ulong next = Start(1, 3, 3);
        Assert.Throws<NitroException>(() => Take(oldest, 0, [1, 2, 3]));
        Take(younger, 0, [1, 2, 3]);
        Take(next, 0, [1, 2, 3]);
        Assert.Equal([1, 2, 3], await CommitAsync(busy));
    }

    [Fact]
    public void Start_AllPlacesTakenByBatchesUnderWay_IsRefusedUntilOneStandsStill()
    {
        for (int i = 0; i < ChunkedStores.MaxPending; i++)
        {
            Take(Start(2, 3, 6), 0, [1, 2, 3]);
        }

        Assert.Contains(
            "try again",
            Assert.Throws<NitroException>(() => Start(1, 3, 3)).Message,
            StringComparison.Ordinal
        );
        _clock.Advance(TimeSpan.FromSeconds(16));
        Start(1, 3, 3);
    }

    [Fact]
    public async Task Start_OneTenantsPlacesTaken_LeavesTheOthersTheirs_AndTheirBatchesAreTheirOwn()
    {
        ulong mine = Start(1, 3, 3, tenant: 1);
        for (int i = 0; i < 3 * ChunkedStores.MaxPending; i++)
        {
            Start(1, 3, 3, tenant: 2);
        }

        Assert.Throws<NitroException>(() => Take(mine, 0, [1, 2, 3], tenant: 2));
        Take(mine, 0, [1, 2, 3], tenant: 1);
        await Assert.ThrowsAsync<NitroException>(() => CommitAsync(mine, tenant: 2));
        Assert.Equal([1, 2, 3], await CommitAsync(mine, tenant: 1));
    }

    /// <summary>Here: a short request that announces millions of chunks reserves no memory for them.</summary>
    [Fact]
    public void Start_MillionsOfChunks_TakesRoomForThoseOnlyThatCome()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Start(16 << 20, 1, 16 << 20);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Theory]
    [InlineData(0, 3, 3)]
    [InlineData(1, 0, 3)]
    [InlineData(1, 3, 0)]
    [InlineData(2, 3, 3)]
    [InlineData(1, 3, 4)]
    [InlineData(ulong.MaxValue, 1, ulong.MaxValue)]
    public void Start_NumbersThatDoNotFit_AreRefused(ulong chunks, ulong chunkSize, ulong totalSize) =>
        Assert.Contains(
            "chunks",
            Assert.Throws<NitroException>(() => Start(chunks, chunkSize, totalSize)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(-301, false)]
    [InlineData(-300, true)]
    [InlineData(300, true)]
    [InlineData(301, false)]
    public void Start_ATimestampFarFromTheClock_IsRefused(int seconds, bool taken)
    {
        ulong timestamp = (ulong)((long)Now + seconds);
        Exception? refused = Record.Exception(() =>
            _stores.Start(0, timestamp, 1, 3, 3, 9, Signature([], timestamp, 1, 3, 3, 9))
        );
        Assert.Equal(taken, refused is null);
    }

    /// <summary>A chunk that is rejected leaves the batch unchanged.</summary>
    [Fact]
    public async Task Take_AChunkOfAnotherLengthNumberOrCheckValue_IsRefused()
    {
        ulong id = Start(chunks: 2, chunkSize: 3, totalSize: 5);
        Assert.Throws<NitroException>(() => Take(id, 0, [1, 2]));
        Assert.Throws<NitroException>(() => Take(id, 1, [1, 2, 3]));
        Assert.Throws<NitroException>(() => Take(id, 2, [1]));
        Assert.Throws<NitroException>(() => Take(id + 1, 0, [1, 2, 3]));
        Assert.Throws<NitroException>(() => _stores.Take(0, id, 0, [1, 2, 3], Signature([1, 2, 4], id, 0)));
        Take(id, 0, [1, 2, 3]);
        Take(id, 1, [4, 5]);
        Assert.Equal([1, 2, 3, 4, 5], await CommitAsync(id));
    }

    private static byte[] Signature(byte[] data, params ReadOnlySpan<ulong> numbers) =>
        ChunkedStores.CheckValue(data, numbers).ToArray();

    /// <summary>Each with a different timeout, so that none is a replay.</summary>
    private ulong Start(ulong chunks, ulong chunkSize, ulong totalSize, long tenant = 0)
    {
        _timeout++;
        return _stores.Start(
            tenant,
            Now,
            chunks,
            chunkSize,
            totalSize,
            _timeout,
            Signature([], Now, chunks, chunkSize, totalSize, _timeout)
        );
    }

    private void Take(ulong id, ulong index, byte[] chunk, long tenant = 0) =>
        _stores.Take(tenant, id, index, chunk, Signature(chunk, id, index));

    private Task<byte[]> CommitAsync(ulong id, long tenant = 0) =>
        _stores.CommitAsync(tenant, id, Signature([], id), Task.FromResult);
}
