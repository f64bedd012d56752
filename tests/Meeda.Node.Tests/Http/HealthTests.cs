using System.Net;
using System.Text.Json.Nodes;
using Meeda.Http;
using Meeda.Operator.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>The health routes, over checks whose results the test sets.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private readonly Dictionary<string, Func<HealthCheckResult>> _found = new()
    {
        [HealthChecks.Stake] = () => HealthCheckResult.Healthy(),
        [HealthChecks.Intake] = () => HealthCheckResult.Healthy(),
        [HealthChecks.L1] = () =>
            HealthCheckResult.Healthy(data: new Dictionary<string, object> { [HealthChecks.Block] = 7UL }),
    };

    private WebApplication _app = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = ServiceHost.CreateBuilder(quiet: true);
        ServiceHost.Listen(builder, "http://127.0.0.1:0", new HttpOptions());
        IHealthChecksBuilder checks = builder.Services.AddHealthChecks();
        foreach (string name in _found.Keys)
        {
            checks.AddCheck(name, () => _found[name]());
        }

        _app = builder.Build();
        _app.UseErrorResponses();
        _app.UseHeadAsGet();
        _app.UseRouting();
        _app.MapHealth();
        await _app.StartAsync();
        _http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Ready_AllChecksWell_Is200WithL1() =>
        Assert.Equal(
            (HttpStatusCode.OK, """{"ready":true,"l1":true,"l1Block":7,"reason":null}"""),
            await AskAsync(HttpMethod.Get, "health/ready")
        );

    [Fact]
    public async Task Ready_L1Away_Is200AndSaysSo()
    {
        _found[HealthChecks.L1] = () => HealthCheckResult.Degraded("away");
        Assert.Equal(
            (HttpStatusCode.OK, """{"ready":true,"l1":false,"l1Block":null,"reason":null}"""),
            await AskAsync(HttpMethod.Get, "health/ready")
        );
    }

    [Theory]
    [InlineData(HealthChecks.Stake)]
    [InlineData(HealthChecks.Intake)]
    public async Task Ready_ACheckFails_Is503WithItsReason(string name)
    {
        _found[name] = () => HealthCheckResult.Unhealthy("disk: it is full");
        Assert.Equal(
            (
                HttpStatusCode.ServiceUnavailable,
                """{"ready":false,"l1":true,"l1Block":7,"reason":"disk: it is full"}"""
            ),
            await AskAsync(HttpMethod.Get, "health/ready")
        );
    }

    [Theory]
    [InlineData(HealthChecks.Stake)]
    [InlineData(HealthChecks.Intake)]
    [InlineData(HealthChecks.L1)]
    public async Task Ready_ACheckThrows_Is503WithoutItsMessage(string name)
    {
        _found[name] = () => throw new InvalidOperationException("Password=hidden");
        (HttpStatusCode status, string body) = await AskAsync(HttpMethod.Get, "health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.DoesNotContain("hidden", body, StringComparison.Ordinal);
        Assert.False((bool)JsonNode.Parse(body)!["ready"]!);
    }

    [Theory]
    [InlineData("health")]
    [InlineData("health/live")]
    public async Task Live_WhateverTheChecksFind_Is200AndEmpty(string path)
    {
        _found[HealthChecks.Intake] = () => HealthCheckResult.Unhealthy("disk: it is full");
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(HttpMethod.Get, path));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(HttpMethod.Head, path));
    }

    [Theory]
    [InlineData("health")]
    [InlineData("health/live")]
    [InlineData("health/ready")]
    public async Task Health_AnotherMethod_Is405(string path) =>
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await AskAsync(HttpMethod.Post, path)).Status);

    private async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        using HttpResponseMessage answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
