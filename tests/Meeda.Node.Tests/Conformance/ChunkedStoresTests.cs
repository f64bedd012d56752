using Meeda.Node.Nitro;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>What a batch that arrives in chunks may not do, and when it is given up.</summary>
public sealed class ChunkedStoresTests
{
    private readonly StoppedClock _clock = new();
    private readonly ChunkedStores _stores;

    public ChunkedStoresTests() => _stores = new ChunkedStores(_clock);

    private ulong Now => (ulong)_clock.GetUtcNow().ToUnixTimeSeconds();

    [Fact]
    public void Commit_WithinAMinute_GivesTheBatch_AndOnlyOnce()
    {
        ulong id = Start(chunks: 2, chunkSize: 3, totalSize: 5);
        Take(id, 1, [4, 5]);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Take(id, 0, [1, 2, 3]);
        Take(id, 0, [1, 2, 3]); // a retry
        Assert.Equal([1, 2, 3, 4, 5], Commit(id));
        Assert.Throws<NitroException>(() => Commit(id));
    }

    [Fact]
    public void Commit_AfterAMinute_FindsNothing()
    {
        ulong id = Start(chunks: 1, chunkSize: 3, totalSize: 3);
        Take(id, 0, [1, 2, 3]);
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Throws<NitroException>(() => Take(id, 0, [1, 2, 3]));
        Assert.Throws<NitroException>(() => Commit(id));
    }

    [Fact]
    public void Start_MoreAtOnceThanAreHeld_IsRefusedUntilOneEndsOrExpires()
    {
        ulong first = Start(1, 3, 3);
        for (int i = 1; i < ChunkedStores.MostPending; i++)
        {
            Start(1, 3, 3);
        }

        Assert.Contains("try again", Assert.Throws<NitroException>(() => Start(1, 3, 3)).Message, StringComparison.Ordinal);
        Take(first, 0, [1, 2, 3]);
        Commit(first);
        Start(1, 3, 3);
        Assert.Throws<NitroException>(() => Start(1, 3, 3));
        _clock.Advance(TimeSpan.FromSeconds(61));
        Start(1, 3, 3);
    }

    [Theory]
    [InlineData(0, 3, 3)]
    [InlineData(2, 3, 3)]
    [InlineData(1, 3, 4)]
    [InlineData(1, 0, 0)]
    [InlineData(1, 4, 3)]
    [InlineData(ulong.MaxValue, 1, ulong.MaxValue)]
    public void Start_NumbersThatDoNotFit_AreRefused(ulong chunks, ulong chunkSize, ulong totalSize) =>
        Assert.Contains("chunks", Assert.Throws<NitroException>(() => Start(chunks, chunkSize, totalSize)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(-301)]
    [InlineData(301)]
    public void Start_ATimestampFarFromTheClock_IsRefused(int seconds)
    {
        ulong timestamp = (ulong)((long)Now + seconds);
        Assert.Throws<NitroException>(() => _stores.Start(timestamp, 1, 3, 3, 9, ChunkedStores.CheckValue([], timestamp, 1, 3, 3, 9).ToArray()));
    }

    [Fact]
    public void Take_AChunkOfAnotherLengthNumberOrCheckValue_IsRefused()
    {
        ulong id = Start(chunks: 2, chunkSize: 3, totalSize: 5);
        Assert.Throws<NitroException>(() => Take(id, 0, [1, 2]));
        Assert.Throws<NitroException>(() => Take(id, 1, [1, 2, 3]));
        Assert.Throws<NitroException>(() => Take(id, 2, [1]));
        Assert.Throws<NitroException>(() => Take(id + 1, 0, [1, 2, 3]));
        Assert.Throws<NitroException>(() => _stores.Take(id, 0, [1, 2, 3], ChunkedStores.CheckValue([1, 2, 4], id, 0).ToArray()));
        Take(id, 0, [1, 2, 3]);
        Assert.Contains("1 of 2", Assert.Throws<NitroException>(() => Commit(id)).Message, StringComparison.Ordinal);
    }

    private ulong Start(ulong chunks, ulong chunkSize, ulong totalSize) =>
        _stores.Start(Now, chunks, chunkSize, totalSize, 9, ChunkedStores.CheckValue([], Now, chunks, chunkSize, totalSize, 9).ToArray());

    private void Take(ulong id, ulong index, byte[] chunk) => _stores.Take(id, index, chunk, ChunkedStores.CheckValue(chunk, id, index).ToArray());

    private byte[] Commit(ulong id) => _stores.Commit(id, ChunkedStores.CheckValue([], id).ToArray());
}
