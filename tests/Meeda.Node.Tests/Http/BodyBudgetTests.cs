using System.IO.Pipelines;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Http;
using Meeda.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>The allocation of memory for bodies, on a clock that the test advances.</summary>
public sealed class BodyBudgetTests
{
    private const int MiB = 1 << 20;

    private readonly SteppedClock _clock = new();

    [Fact]
    public async Task Bodies_ThatHoldAClientsPart_LeaveRoomForAnotherClient()
    {
        BodyBudget budget = Make();
        List<BodyRoom> slow = [];
        for (int i = 0; i < 64; i++)
        {
            slow.Add(budget.Open("a"));
        }

        // Each body takes as much as it gets, until one has to wait.
        Task waiting = GrowAllAsync(slow, MiB);
        Assert.False(waiting.IsCompleted);
        await GrowAsync(budget.Open("b"), MiB);
        Assert.InRange(budget.Used, 1, 64 * MiB);
    }

    [Fact]
    public async Task Bodies_ThatAnnouncedMuchAndSentLittle_HoldLittle()
    {
        BodyBudget budget = Make();
        for (int i = 0; i < 1000; i++)
        {
            await budget.Open("a").GrowAsync(BodyBudget.NextStep(0, 16 * MiB), default);
        }

        Assert.InRange(budget.Used, 1000, 1000 * 4096);
        await GrowAsync(budget.Open("a"), MiB);
    }

    [Fact]
    public async Task Bodies_OfOneClientThatWaitForEachOther_EndOneAfterTheOther()
    {
        BodyBudget budget = Make();
        const int Length = 8 * MiB;
        await Task.WhenAll(
            Enumerable
                .Range(0, 40)
                .Select(async _ =>
                {
                    await Task.Yield();
                    using BodyRoom room = budget.Open("a");
                    await GrowAsync(room, Length);
                })
        );
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public async Task ABody_SlowerThanOthersThatWait_IsCutOff_AndTheOneThatWaitsEnters()
    {
        BodyBudget budget = Make();
        using BodyRoom slow = budget.Open("a");
        await GrowAsync(slow, MiB);
        var body = new Pipe();
        Task<ReadResult> reading = slow.ReadAsync(body.Reader, default);
        List<BodyRoom> others = [.. Enumerable.Range(0, 8).Select(_ => budget.Open("a"))];
        Task all = GrowAllAsync(others, 8 * MiB);
        await UntilAsync(() => reading.IsCompleted);
        DaException refused = await Assert.ThrowsAsync<DaException>(() => reading);
        Assert.Equal(DaError.Overloaded, refused.Error);
        Assert.False(all.IsCompleted);
    }

    [Fact]
    public async Task ABody_OfAClientThatHoldsMore_IsCutOffForOneThatHoldsLess_HoweverFastItIs()
    {
        BodyBudget budget = Make();
        List<BodyRoom> fast = [];
        foreach (string client in (string[])["a", "b", "c"])
        {
            for (int i = 0; i < 4; i++)
            {
                fast.Add(budget.Open(client));
            }
        }

        Task full = GrowAllAsync(fast, 16 * MiB);
        Assert.False(full.IsCompleted);
        BodyRoom first = fast[0];
        Task<ReadResult> reading = first.ReadAsync(new Pipe().Reader, default);
        using BodyRoom small = budget.Open("d");
        await small.GrowAsync(BodyBudget.Step, default);
        Task waiting = small.GrowAsync(BodyBudget.Step, default);
        await UntilAsync(() => reading.IsCompleted);
        await Assert.ThrowsAsync<DaException>(() => reading);
        first.Dispose();
        await waiting;
    }

    [Fact]
    public async Task ABody_ThatComesSlowerThanWhatItHoldsAllows_Is408()
    {
        BodyBudget budget = Make();
        using BodyRoom room = budget.Open("a");
        await GrowAsync(room, MiB);
        Task<ReadResult> reading = room.ReadAsync(new Pipe().Reader, default);
        _clock.Advance(Pace.Grace);
        BadHttpRequestException slow = await Assert.ThrowsAsync<BadHttpRequestException>(() => reading);
        Assert.Equal(StatusCodes.Status408RequestTimeout, slow.StatusCode);
    }

    [Fact]
    public async Task Room_NotFreeInTime_IsOverloaded()
    {
        BodyBudget budget = Make();
        List<BodyRoom> rooms = [.. Enumerable.Range(0, 9).Select(_ => budget.Open("a"))];
        Task all = GrowAllAsync(rooms, 33 * MiB);
        await UntilAsync(() => all.IsCompleted);
        DaException refused = await Assert.ThrowsAsync<DaException>(() => all);
        Assert.Equal(DaError.Overloaded, refused.Error);
        rooms.ForEach(room => room.Dispose());
        rooms.ForEach(room => room.Dispose()); // a second time gives nothing back
        Assert.Equal((0, 0), (budget.Used, budget.Waiting));
    }

    [Fact]
    public void Pace_OfABodyThatKeepsTheLeastRate_KeepsItsSlack_AndOneBelowLosesIt()
    {
        var kept = new Pace(_clock);
        var lost = new Pace(_clock);
        for (int i = 0; i < 100; i++)
        {
            kept.Begin();
            lost.Begin();
            _clock.Advance(TimeSpan.FromSeconds(0.5));
            kept.End(Pace.LongBytesPerSecond / 2, Pace.LongLength);
            lost.End(5_200 / 2, Pace.LongLength);
        }

        Assert.Equal(Pace.Grace, kept.Slack);
        Assert.True(lost.Slack < TimeSpan.Zero);
    }

    private static async Task GrowAsync(BodyRoom room, int length)
    {
        int come = 0;
        while (come < length)
        {
            int step = BodyBudget.NextStep(come, length);
            await room.GrowAsync(step, default);
            come += step;
        }
    }

    private static Task GrowAllAsync(IEnumerable<BodyRoom> rooms, int length) =>
        Task.WhenAll(rooms.Select(room => GrowAsync(room, length)));

    /// <summary>Advances the clock until a condition holds, each time until all waiters have checked again.</summary>
    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            int timers = _clock.Timers;
            _clock.Advance(BodyBudget.Patience);
            while (!condition() && _clock.Timers < timers)
            {
                await Task.Delay(1);
            }
        }
    }

    private BodyBudget Make() =>
        new(
            Options.Create(new IntakeOptions { MaxBytesInFlight = 128 * MiB }),
            Options.Create(new BatchOptions()),
            _clock
        );
}
