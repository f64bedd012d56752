using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Meeda.L1.Rpc;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.L1.Tests.Rpc;

/// <summary>How long a rate-limited endpoint is not called.</summary>
public sealed class RateLimitTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Refused_WithoutATime_GrowsAndEndsWithAnAnswer()
    {
        var limit = new RateLimit(_clock);
        Assert.Equal(TimeSpan.Zero, limit.Pause);
        limit.Refused(null);
        TimeSpan first = limit.Pause;
        limit.Refused(null);
        limit.Refused(null);
        limit.Refused(null);
        Assert.True(limit.Pause > first * 3, $"{first}, then {limit.Pause}");
        for (int i = 0; i < 50; i++)
        {
            limit.Refused(null);
        }

        Assert.InRange(limit.Pause, TimeSpan.FromSeconds(20), RateLimit.LongestWait);
        _clock.Advance(RateLimit.LongestWait);
        Assert.Equal(TimeSpan.Zero, limit.Pause);
        limit.Passed();
        limit.Refused(null);
        Assert.True(limit.Pause <= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void AskedFor_SecondsOrADate_IsWhatTheHeaderSays()
    {
        var limit = new RateLimit(_clock);
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        Assert.Null(limit.AskedFor(response));
        response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), limit.AskedFor(response));
        response.Headers.RetryAfter = new RetryConditionHeaderValue(_clock.GetUtcNow().AddSeconds(11));
        Assert.Equal(TimeSpan.FromSeconds(11), limit.AskedFor(response));
        Assert.Equal(
            TimeSpan.FromSeconds(30),
            RateLimit.AskedFor(JsonSerializer.SerializeToElement(new { rate = new { backoff_seconds = 30 } }))
        );
    }

    [Fact]
    public async Task Wait_LongerThanACallMay_FailsAtOnce_AndNoEndpointSilencesItselfForEver()
    {
        var limit = new RateLimit(_clock);
        limit.Refused(TimeSpan.FromDays(1_000));
        Assert.True(limit.Pause <= TimeSpan.FromMinutes(5));
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            limit.WaitAsync("eth_call", CancellationToken.None)
        );
        Assert.Equal(L1Problem.RateLimit, failure.Problem);
    }

    [Theory]
    [InlineData("eth_call", -32005, "limit exceeded", true)]
    [InlineData("eth_call", 429, "Your app has exceeded its compute units per second capacity.", true)]
    [InlineData("eth_call", -32007, "50/second request limit reached", true)]
    [InlineData("eth_call", -32000, "daily request count exceeded, request rate limited", true)]
    [InlineData("eth_call", -32000, "failed to generate a trace", false)]
    [InlineData("eth_getLogs", -32005, "query returned more than 10000 results", false)]
    [InlineData("eth_getLogs", -32005, "limit exceeded", false)]
    [InlineData("eth_getLogs", -32005, "daily request count exceeded, request rate limited", true)]
    [InlineData("eth_getLogs", -32602, "You can make eth_getLogs requests with up to a 500 block range", false)]
    [InlineData("eth_getLogs", -32029, "call rate limit exhausted, retry in 10s", true)]
    public void IsMeantBy_AnError_TellsTooManyCallsFromTooLargeAQuestion(
        string method,
        int code,
        string message,
        bool isRate
    ) => Assert.Equal(isRate, RateLimit.IsMeantBy(method, code, message, HttpStatusCode.OK));
}
