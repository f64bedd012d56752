using System.Collections.Concurrent;
using System.Threading.Channels;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Node.Tests.Storage;
using Meeda.Operator.Leadership;
using Meeda.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.Node.Tests.Leadership;

/// <summary>Leader-only services: their rounds, their failures, and a change of leader.</summary>
public sealed class PeriodicLeaderServiceTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly LineLogger _log = new();
    private readonly FakeLease _lease;
    private readonly LeaderElection _election;

    public PeriodicLeaderServiceTests()
    {
        var database = new SqliteDatabase(Path.Combine(_folder.Path, "ledger.sqlite"));
        _lease = new FakeLease(database, TimeSpan.FromSeconds(8));
        _election = new LeaderElection(_lease, _clock, NullLogger<LeaderElection>.Instance);
    }

    public void Dispose()
    {
        _election.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Rounds_BeforeTheLeaseIsHeld_DoNotBegin()
    {
        _lease.IsFree = false;
        using var service = new Rounds(this);
        _election.Taken += () => service.Story.Enqueue("taken");
        await _election.StartAsync(default);
        await service.StartAsync(default);
        await _lease.AskedAsync();
        Assert.Empty(service.Story);
        _lease.IsFree = true;
        await service.NextAsync(_clock);
        Assert.Equal(["taken", "leads", "round"], service.Story);
        await StopAsync(service);
    }

    /// <summary>
    /// The election notices that another operator leads: the round is cancelled, and restarts when this one leads
    /// again.
    /// </summary>
    [Fact]
    public async Task Round_TheLeaseIsLostInTheMiddle_IsCancelled_AndBegunAgainWithTheNextLease()
    {
        using var service = new Rounds(this) { Work = stop => Task.Delay(Timeout.Infinite, stop) };
        await _election.StartAsync(default);
        await service.StartAsync(default);
        await service.NextAsync(_clock);
        _lease.IsFree = false;
        await service.UntilAsync("stopped", _clock);
        service.Work = _ => Task.CompletedTask;
        _lease.IsFree = true;
        await service.NextAsync(_clock);
        Assert.Equal(["leads", "round", "stopped", "leads", "round"], service.Story.Take(5));
        Assert.DoesNotContain(_log.Lines, line => line.Contains("waits", StringComparison.Ordinal));
        await StopAsync(service);
    }

    /// <summary>The database rejects a write after the lease has expired, before the election has noticed.</summary>
    [Fact]
    public async Task Round_TheDatabaseSaysThatAnotherLeads_StopsUntilTheNextLease()
    {
        using var service = new Rounds(this) { Work = _ => throw new LeaseLostException() };
        await _election.StartAsync(default);
        await service.StartAsync(default);
        await service.NextAsync(_clock);
        for (int i = 0; i < 10; i++)
        {
            _clock.Advance(Interval);
            await _lease.AskedAsync(); // the lease is still held, as the election knows it
        }

        Assert.Equal(["leads", "round"], service.Story);
        Assert.Empty(_log.Lines);
        _lease.IsFree = false;
        await service.UntilAsync("stopped", _clock);
        service.Work = _ => Task.CompletedTask;
        _lease.IsFree = true;
        await service.NextAsync(_clock);
        await StopAsync(service);
    }

    [Fact]
    public async Task Rounds_Fail_AreLoggedUnderTheServicesName_UntilOneWorks()
    {
        using var service = new Rounds(this) { Work = _ => throw new IOException("the disk is full") };
        await _election.StartAsync(default);
        await service.StartAsync(default);
        await service.NextAsync(_clock);
        await service.NextAsync(_clock);
        service.Work = _ => Task.CompletedTask;
        await service.NextAsync(_clock);
        await service.NextAsync(_clock); // the one before has ended
        Assert.Equal("Counting waits: IOException: the disk is full; retrying", _log.Lines.First());
        Assert.StartsWith("Counting continues after", _log.Lines.Last(), StringComparison.Ordinal);
        await StopAsync(service);
    }

    /// <summary>The preparation of the rounds may fail like a round, and must not end the process either.</summary>
    [Fact]
    public async Task Preparation_Fails_IsLoggedAndTriedAgain()
    {
        using var service = new Rounds(this) { Preparation = new TaskCanceledException("timed out") };
        await _election.StartAsync(default);
        await service.StartAsync(default);
        await service.UntilAsync("stopped", _clock);
        service.Preparation = null;
        await service.NextAsync(_clock);
        Assert.StartsWith("Counting waits: ", _log.Lines.First(), StringComparison.Ordinal);
        Assert.False(service.ExecuteTask!.IsCompleted);
        await StopAsync(service);
    }

    [Fact]
    public async Task Rounds_WithAnObstacle_SayItAsTheirFailure()
    {
        using var service = new Rounds(this) { Hindrance = "the stake is too low" };
        await _election.StartAsync(default);
        await service.StartAsync(default);
        await service.NextAsync(_clock);
        await service.NextAsync(_clock);
        Assert.Equal("Counting waits: the stake is too low; retrying", Assert.Single(_log.Lines));
        await StopAsync(service);
    }

    /// <summary>
    /// Whatever the database answers to a renewal, the election continues, and gives the lease up in time.
    /// </summary>
    [Fact]
    public async Task Election_TheDatabaseFails_DropsTheLeaseBeforeItRunsOut_AndTakesItAgain()
    {
        using var service = new Rounds(this) { Work = stop => Task.Delay(Timeout.Infinite, stop) };
        await _election.StartAsync(default);
        await service.StartAsync(default);
        await service.NextAsync(_clock);
        _lease.Failure = new IOException("the connection was reset");
        await service.UntilAsync("stopped", _clock);
        Assert.False(_election.IsLeading);
        _lease.Failure = null;
        await service.NextAsync(_clock);
        Assert.True(_election.IsLeading);
        Assert.False(_election.ExecuteTask!.IsCompleted);
        await StopAsync(service);
    }

    [Fact]
    public async Task Election_OneRenewalFailsAfterManyThatWorked_KeepsTheLease()
    {
        await _election.StartAsync(default);
        await _lease.AskedAsync();
        CancellationToken lost = await _election.WaitUntilLeadingAsync(default);
        for (TimeSpan held = TimeSpan.Zero; held < _lease.Term * 2; held += _lease.Term / 4)
        {
            await RenewAsync();
        }

        _lease.Failure = new IOException("the connection was reset");
        await RenewAsync();
        _lease.Failure = null;
        await RenewAsync(); // The round that failed is over.
        Assert.False(lost.IsCancellationRequested);
        Assert.True(_election.IsLeading);
        await _election.StopAsync(default);

        Task RenewAsync()
        {
            _clock.Advance(_lease.Term / 4);
            return _lease.AskedAsync();
        }
    }

    private async Task StopAsync(Rounds service)
    {
        await service.StopAsync(default);
        await _election.StopAsync(default);
        Assert.Equal("stopped", service.Story.Last());
    }

    private sealed class Rounds(PeriodicLeaderServiceTests test)
        : PeriodicLeaderService("Counting", PeriodicLeaderServiceTests.Interval, test._election, test._clock, test._log)
    {
        private readonly Channel<string> _events = Channel.CreateUnbounded<string>();

        public ConcurrentQueue<string> Story { get; } = new();

        public Func<CancellationToken, Task> Work { get; set; } = _ => Task.CompletedTask;

        public Exception? Preparation { get; set; }

        public string? Hindrance { get; init; }

        protected override string? Obstacle => Hindrance;

        /// <summary>Lets time pass until the next round begins.</summary>
        public Task NextAsync(FakeTimeProvider clock) => UntilAsync("round", clock);

        /// <summary>Lets time pass until the next event that has not been waited for.</summary>
        public async Task UntilAsync(string what, FakeTimeProvider clock)
        {
            using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromSeconds(20));
            Task<string> next = _events.Reader.ReadAsync(limit.Token).AsTask();
            while (true)
            {
                await Task.WhenAny(next, Task.Delay(1));
                if (!next.IsCompleted)
                {
                    clock.Advance(TimeSpan.FromSeconds(1));
                }
                else if (await next == what)
                {
                    return;
                }
                else
                {
                    next = _events.Reader.ReadAsync(limit.Token).AsTask();
                }
            }
        }

        protected override Task OnLeadingAsync(CancellationToken stoppingToken)
        {
            Tell("leads");
            return Preparation is null ? Task.CompletedTask : throw Preparation;
        }

        protected override Task RunOnceAsync(CancellationToken stoppingToken)
        {
            Tell("round");
            return Work(stoppingToken);
        }

        protected override void OnStopped() => Tell("stopped");

        private void Tell(string what)
        {
            Story.Enqueue(what);
            _events.Writer.TryWrite(what);
        }
    }
}
