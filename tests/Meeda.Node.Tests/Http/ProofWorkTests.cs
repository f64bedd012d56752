using Meeda.Http;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>Verifiers' requests: concurrency, fairness between clients, and priority of puts.</summary>
public sealed class ProofWorkTests : IDisposable
{
    private readonly SteppedClock _clock = new();
    private readonly IntakeWork _intake;
    private readonly ProofWork _work;
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _done = [];
    private int _running;
    private int _maxRunning;

    public ProofWorkTests()
    {
        _intake = new IntakeWork(_clock);
        _work = new ProofWork(_intake, workers: 1);
    }

    public void Dispose() => _work.Dispose();

    [Fact]
    public async Task Requests_OfAFlood_AreRefusedBeyondTheQueue_AndAnotherClientsComeInBetween()
    {
        Task<string>[] flood = [.. Enumerable.Range(0, 200).Select(i => AskAsync("a", $"a{i}"))];
        Assert.Equal(ProofWork.QueueForWorker / 2, _work.Waiting);
        Task<string> other = AskAsync("b", "b0");
        _go.SetResult();
        Assert.Equal("b0", await other);
        string[] answered = [.. (await Task.WhenAll(flood.Select(AnswerAsync))).OfType<string>()];
        Assert.Equal(1 + (ProofWork.QueueForWorker / 2), answered.Length);
        Assert.Equal(1, _maxRunning);
        Assert.True(_done.IndexOf("b0") <= 2, string.Join(' ', _done));

        static async Task<string?> AnswerAsync(Task<string> asked)
        {
            try
            {
                return await asked;
            }
            catch (DaException refused) when (refused.Error == DaError.Overloaded)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task Requests_OfManyThatFillTheQueue_MakeRoomForAnother()
    {
        Task<string>[] flood = [.. Enumerable.Range(0, 200).Select(i => AskAsync($"{i % 3}", $"f{i}"))];
        Assert.Equal(ProofWork.QueueForWorker, _work.Waiting);
        Task<string> other = AskAsync("b", "b0");
        Assert.Equal(ProofWork.QueueForWorker, _work.Waiting);
        _go.SetResult();
        Assert.Equal("b0", await other);
        await Task.WhenAll(
            flood.Select(async each =>
                Assert.Equal(
                    DaError.Overloaded,
                    (await Record.ExceptionAsync(() => each) as DaException)?.Error ?? DaError.Overloaded
                )
            )
        );
        Assert.Equal(0, _work.Waiting);
    }

    [Fact]
    public async Task Requests_ForTheSame_AreAnsweredByOneComputation_AlsoLater()
    {
        Task<string>[] same = [.. Enumerable.Range(0, 200).Select(_ => AskAsync("a", "x"))];
        _go.SetResult();
        Assert.All(await Task.WhenAll(same), answer => Assert.Equal("x", answer));
        Assert.Equal("x", await AskAsync("b", "x"));
        Assert.Equal(["x"], _done);
    }

    [Fact]
    public async Task Work_WhilePutsAreCommittedTo_WaitsForThem_ButNotForEver()
    {
        _go.SetResult();
        IDisposable put = _intake.Begin();
        Task<string> first = AskAsync("a", "1");
        Assert.Equal(1, _clock.Timers);
        Assert.Empty(_done);
        put.Dispose();
        await first;

        using IDisposable other = _intake.Begin();
        Task<string> second = AskAsync("a", "2");
        Assert.Equal(["1"], _done);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await second;
    }

    [Fact]
    public async Task Work_ThatFails_IsNotKept_AndGivesItsPlaceBack()
    {
        _go.SetResult();
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            _work.GetAsync<string>("a", "x", () => throw new InvalidDataException(), _ => 1, default)
        );
        Assert.Equal("x", await AskAsync("a", "x"));
    }

    private Task<string> AskAsync(string client, string name) =>
        _work.GetAsync(
            client,
            name,
            async () =>
            {
                _maxRunning = Math.Max(_maxRunning, Interlocked.Increment(ref _running));
                await _go.Task;
                lock (_done)
                {
                    _done.Add(name);
                }

                Interlocked.Decrement(ref _running);
                return name;
            },
            _ => 1,
            default
        );
}
