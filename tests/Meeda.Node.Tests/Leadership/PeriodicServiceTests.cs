using System.Threading.Channels;
using Meeda.Hosting;
using Meeda.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.Node.Tests.Leadership;

/// <summary>The loop of every periodic service.</summary>
public sealed class PeriodicServiceTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Rounds_TimePasses_OneAtOnceAndThenOneAnInterval()
    {
        using var service = new Rounds(_clock);
        await service.StartAsync(default);
        await service.NextAsync();
        Assert.False(service.HasBegun);
        _clock.Advance(Interval / 2);
        Assert.False(service.HasBegun);
        _clock.Advance(Interval / 2);
        await service.NextAsync();
        await service.StopAsync(default);
    }

    [Fact]
    public async Task Rounds_ThatWaitFirst_BeginAfterAnInterval()
    {
        var clock = new WatchedClock();
        using var stopped = new Rounds(clock) { First = true };
        await stopped.StartAsync(default);
        await clock.Created;
        await stopped.StopAsync(default); // before any time has passed
        Assert.False(stopped.HasBegun);

        using var service = new Rounds(_clock) { First = true };
        await service.StartAsync(default);
        await service.TickedAsync(_clock, Interval);
        await service.StopAsync(default);
    }

    /// <summary>A time-out of an HTTP client is an <see cref="OperationCanceledException"/> too.</summary>
    [Theory]
    [InlineData(typeof(TaskCanceledException))]
    [InlineData(typeof(OperationCanceledException))]
    [InlineData(typeof(InvalidOperationException))]
    [InlineData(typeof(IOException))]
    public async Task Round_Fails_IsLoggedAndTriedAgain(Type failure)
    {
        using var service = new Rounds(_clock) { Work = _ => throw (Exception)Activator.CreateInstance(failure)! };
        await service.StartAsync(default);
        await service.NextAsync();
        Assert.IsType(failure, await service.Failures.Reader.ReadAsync());
        service.Work = _ => Task.CompletedTask;
        await service.TickedAsync(_clock, Interval);
        Assert.False(service.ExecuteTask!.IsCompleted);
        Assert.False(service.Failures.Reader.TryRead(out _));
        await service.StopAsync(default);
    }

    /// <summary>A driver may answer a cancelled call with a failure of its own.</summary>
    [Fact]
    public async Task Round_FailsBecauseTheServiceStops_IsNoFailure()
    {
        using var service = new Rounds(_clock)
        {
            Work = async stop =>
            {
                await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw new IOException("the connection was closed");
            },
        };
        await service.StartAsync(default);
        await service.NextAsync();
        await service.StopAsync(default);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service.ExecuteTask!);
        Assert.False(service.Failures.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Round_TheLeaseIsLost_EndsTheRounds()
    {
        using var service = new Rounds(_clock) { Work = _ => throw new LeaseLostException() };
        await service.StartAsync(default);
        await Assert.ThrowsAsync<LeaseLostException>(() => service.ExecuteTask!);
        Assert.False(service.Failures.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Rounds_SomethingHappens_BeginBeforeTheirTime()
    {
        var wake = new TaskCompletionSource();
        using var service = new Rounds(_clock) { Early = wake.Task };
        await service.StartAsync(default);
        await service.NextAsync();
        service.Early = null;
        wake.SetResult();
        await service.NextAsync();
        await service.StopAsync(default);
    }

    [Fact]
    public async Task Rounds_WithALongerPause_WaitThatLong()
    {
        var clock = new WatchedClock();
        using var service = new Rounds(clock) { Pause = Interval * 3 };
        await service.StartAsync(default);
        await service.NextAsync();
        await clock.Changed; // the timer has its new period
        clock.Advance(Interval);
        clock.Advance(Interval);
        Assert.False(service.HasBegun);
        clock.Advance(Interval);
        await service.NextAsync();
        await service.StopAsync(default);
    }

    private sealed class Rounds(TimeProvider time) : PeriodicService(PeriodicServiceTests.Interval, time)
    {
        private readonly Channel<bool> _begun = Channel.CreateUnbounded<bool>();

        public Channel<Exception> Failures { get; } = Channel.CreateUnbounded<Exception>();

        public Func<CancellationToken, Task> Work { get; set; } = _ => Task.CompletedTask;

        public bool First { get; init; }

        public Task? Early { get; set; }

        public TimeSpan? Pause { get; init; }

        /// <summary>Whether a round has begun that was not waited for.</summary>
        public bool HasBegun => _begun.Reader.TryPeek(out _);

        protected override bool WaitsFirst => First;

        protected override Task? Wake => Early;

        /// <summary>Waits until the next round begins.</summary>
        public async Task NextAsync()
        {
            using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromSeconds(20));
            await _begun.Reader.ReadAsync(limit.Token);
        }

        /// <summary>Advances the clock by intervals until a round begins: its timer may not be set yet.</summary>
        public async Task TickedAsync(FakeTimeProvider clock, TimeSpan step)
        {
            Task next = NextAsync();
            while (!next.IsCompleted)
            {
                clock.Advance(step);
                await Task.WhenAny(next, Task.Delay(1));
            }

            await next;
        }

        protected override Task RunOnceAsync(CancellationToken stoppingToken)
        {
            _begun.Writer.TryWrite(true);
            return Work(stoppingToken);
        }

        protected override void OnFailed(Exception failure) => Failures.Writer.TryWrite(failure);

        protected override TimeSpan NextPause(TimeSpan usual) => Pause ?? usual;
    }

    /// <summary>A clock that reports the first timer, and the first change of one.</summary>
    private sealed class WatchedClock : FakeTimeProvider
    {
        private readonly TaskCompletionSource _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Created => _created.Task;

        public Task Changed => _changed.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(base.CreateTimer(callback, state, dueTime, period), _changed);
            _created.TrySetResult();
            return timer;
        }

        private sealed class Timer(ITimer timer, TaskCompletionSource changed) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                bool isChanged = timer.Change(dueTime, period);
                changed.TrySetResult();
                return isChanged;
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
