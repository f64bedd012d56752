using System.IO.Pipelines;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>The allocation of memory for responses, on a clock that the test advances.</summary>
public sealed class BatchCopiesTests
{
    private const int MiB = 1 << 20;

    private readonly SteppedClock _clock = new();
    private int _loads;

    [Fact]
    public async Task Readers_OfOneBatch_ShareOneCopy()
    {
        BatchCopies copies = Make();
        List<BatchReading> readings = [];
        for (int i = 0; i < 60; i++)
        {
            readings.Add(await OpenAsync(copies, $"client {i % 3}", 1));
        }

        Assert.Equal((1, 1, 16 * MiB), (_loads, copies.Count, copies.Used));
        readings.ForEach(reading => reading.Dispose());
        readings.ForEach(reading => reading.Dispose());
        Assert.Equal((0, 0), (copies.Count, copies.Used));
    }

    [Fact]
    public async Task Readers_OfManyBatches_HoldNoMoreThanTheirPart_AndAnotherClientReads()
    {
        BatchCopies copies = Make();
        Task<BatchReading>[] many = [.. Enumerable.Range(0, 60).Select(i => OpenAsync(copies, "a", i))];
        using BatchReading other = await OpenAsync(copies, "b", 100);
        Assert.Equal(16 * MiB, other.Payload.Length);
        Assert.InRange(copies.Used, 1, 256 * MiB);
        Assert.InRange(many.Count(reading => reading.IsCompletedSuccessfully), 0, 8);
    }

    [Fact]
    public async Task AReader_ThatTakesNothing_IsCutOff()
    {
        BatchCopies copies = Make();
        using BatchReading reading = await OpenAsync(copies, "a", 1);
        Task<bool> writing = reading.TryWriteAsync(new Pipe().Writer, default);
        Assert.False(writing.IsCompleted);
        _clock.Advance(Pace.Grace);
        Assert.False(await writing);
    }

    [Fact]
    public async Task Readers_ThatAreSlow_AreCutOffForOneThatWaits()
    {
        BatchCopies copies = Make();
        List<BatchReading> slow = [];
        List<Task<bool>> writing = [];
        for (int i = 0; i < 6; i++)
        {
            slow.Add(await OpenAsync(copies, "a", i));
            writing.Add(slow[^1].TryWriteAsync(new Pipe().Writer, default));
        }

        Task<BatchReading> waiting = OpenAsync(copies, "a", 100);
        _clock.Advance(BatchCopies.Patience);
        Task<bool> first = await Task.WhenAny(writing);
        Assert.False(await first);
        slow[writing.IndexOf(first)].Dispose();
        (await waiting).Dispose();
        Assert.Equal(5, writing.Count(task => !task.IsCompleted));
    }

    [Fact]
    public async Task ACopy_ThatCannotBePutTogether_FailsItsReaders_AndTheNextTriesAnew()
    {
        BatchCopies copies = Make();
        await Assert.ThrowsAsync<DaException>(() =>
            copies.OpenAsync("a", IdOf(1), 1, 3, _ => throw new DaException(DaError.Unavailable, "rows: none"), default)
        );
        Assert.Equal(0, copies.Used);
        using BatchReading reading = await OpenAsync(copies, "a", 1);
        Assert.Equal(16 * MiB, reading.Payload.Length);
    }

    [Fact]
    public async Task Load_ItsLastReaderHasLeft_IsStopped_AndCountsUntilThen()
    {
        BatchCopies copies = Make();
        var end = new TaskCompletionSource<byte[]>();
        var begun = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        using var gone = new CancellationTokenSource();
        Task<BatchReading> opening = copies.OpenAsync(
            "a",
            IdOf(1),
            10,
            30,
            stop =>
            {
                stop.Register(stopped.SetResult);
                begun.SetResult();
                return end.Task;
            },
            gone.Token
        );
        await begun.Task;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        await stopped.Task;
        Assert.Equal(30, copies.Used);
        end.SetResult([]);
        await Patience.UntilAsync(() => copies.Used == 0, TimeSpan.FromSeconds(60));
    }

    private static BatchId IdOf(int number) => new(Keccak256.Hash([(byte)number]));

    private BatchCopies Make() => new(256 * MiB, TimeSpan.FromSeconds(20), _clock);

    private Task<BatchReading> OpenAsync(BatchCopies copies, string client, int number) =>
        copies.OpenAsync(
            client,
            IdOf(number),
            16 * MiB,
            48 * MiB,
            _ =>
            {
                Interlocked.Increment(ref _loads);
                return Task.FromResult(new byte[16 * MiB]);
            },
            default
        );
}
