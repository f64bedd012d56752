using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>The health record of a provider.</summary>
public sealed class ProviderHealthTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ProviderHealth _health;

    public ProviderHealthTests() => _health = new ProviderHealth(_clock);

    [Fact]
    public void BackingOff_AfterEachFailureInARow_LastsTwiceAsLong_UpToFiveMinutes()
    {
        Assert.False(_health.IsBackingOff);
        foreach (int seconds in (int[])[1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
        {
            _health.Failed("it is full");
            _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            Assert.True(_health.IsBackingOff, $"{seconds}");
            _clock.Advance(TimeSpan.FromTicks(1));
            Assert.False(_health.IsBackingOff, $"{seconds}");
        }

        _health.Worked(TimeSpan.FromMilliseconds(1));
        _health.Failed();
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_health.IsBackingOff);
    }

    [Fact]
    public void BackingOff_WithALeastRest_LastsThatLong()
    {
        _health.Failed("it hangs", TimeSpan.FromSeconds(30));
        _clock.Advance(TimeSpan.FromSeconds(29));
        Assert.True(_health.IsBackingOff);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_health.IsBackingOff);
    }

    /// <summary>Successful writes do not count while the flush fails.</summary>
    [Fact]
    public void BackingOff_WhileFlushesFail_IsEndedByAFlushAlone()
    {
        _health.Failed();
        _health.FlushFailed();
        _health.Worked(TimeSpan.FromMilliseconds(1));
        Assert.True(_health.IsBackingOff);
        _health.FlushWorked();
        Assert.False(_health.IsBackingOff);
    }

    [Fact]
    public void LastFailure_IsToldForAMinute_OrUntilSomethingWorks()
    {
        Assert.Null(_health.LastFailure);
        _health.Failed("it is full");
        Assert.Equal("it is full", _health.LastFailure);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(_health.LastFailure);
        _health.Failed("it is away");
        _health.Worked(TimeSpan.Zero);
        Assert.Null(_health.LastFailure);
    }

    [Fact]
    public void Latency_IsAPercentileOfTheLatest128()
    {
        Assert.Equal(TimeSpan.Zero, _health.Latency(0.5));
        for (int i = 1; i <= 101; i++)
        {
            _health.Worked(TimeSpan.FromMilliseconds(i));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(51), _health.Latency(0.5));
        Assert.Equal(TimeSpan.FromMilliseconds(101), _health.Latency(1));
        for (int i = 0; i < 128; i++)
        {
            _health.Worked(TimeSpan.FromMilliseconds(7));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(7), _health.Latency(1));
    }
}
