using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Meeda.Hosting;
using Meeda.Http;
using Meeda.Node.Tests.Http;
using Meeda.Operator.Tenants;
using Meeda.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.Node.Tests.Tenants;

/// <summary>
/// Keys before a real server whose one route answers its own path, everything that it logs caught at the most
/// talkative level.
/// </summary>
public sealed class TenantGateTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly CaughtLog _log = new();
    private readonly SemaphoreSlim _release = new(0);
    private readonly FakeTimeProvider _clock = new();
    private TenantKeys _keys = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _keys = await TenantKeys.OpenAsync(
            new StorageOptions { Folder = _folder.Path },
            _clock,
            CancellationToken.None
        );
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(_log).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton<IHttpContextFactory, TenantKeyPathFilter>();
        builder.Services.AddSingleton(_keys).AddErrorResponses().AddTenantAccess();
        _app = builder.Build();
        _app.UseErrorResponses();
        _app.UseRouting();
        _app.UseTenantAccess(_keys, _clock);
        _app.Map("/echo", (HttpRequest request) => request.Path.Value);
        _app.Map("/read", () => "read").RequireAuthorization(TenantAccess.Read);
        _app.Map("/write", () => "write").RequireAuthorization(TenantAccess.Write);
        _app.MapGet("/open", () => "open").AllowAnonymous();
        _app.Map("/fail", string () => throw new InvalidOperationException("on purpose"));
        _app.Map("/refuse", string () => throw new DaException(DaError.TooLarge, "body: too long"));
        _app.Map("/wait", async () => await _release.WaitAsync());
        await _app.StartAsync();
        _http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await _keys.DisposeAsync();
        _release.Dispose();
        _log.Dispose();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task WithoutTenants_NoRequestNeedsAKey() =>
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("echo")).Status);

    [Fact]
    public async Task AKey_InTheUrlOrTheHeader_LetsIn_AndItsAbsenceOrAnotherDoesNot()
    {
        string key = await MakeAsync(TenantScopes.Read);
        Assert.Equal((HttpStatusCode.OK, "/echo"), await GetAsync($"t/{key}/echo"));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("echo", UriKind.Relative));
        request.Headers.Authorization = new("Bearer", key);
        using HttpResponseMessage byHeader = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, byHeader.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("echo")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync($"t/{key}x/echo")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("t//echo")).Status);
        foreach (string path in (string[])[$"t/{key}//echo", $"/t/{key}/echo", $"//t//{key}//echo", $"T/{key}/echo"])
        {
            Assert.Equal((HttpStatusCode.OK, "/echo"), await GetAsync($"{_http.BaseAddress}{path}"));
        }

        Assert.DoesNotContain(_log.Lines, line => line.Contains(key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ARevokedKey_IsRefusedFromTheNextRequestOn()
    {
        string key = await MakeAsync(TenantScopes.Read);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"t/{key}/echo")).Status);
        Assert.True(await _keys.RevokeAsync("name", DateTimeOffset.UnixEpoch, CancellationToken.None));
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync($"t/{key}/echo")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("echo")).Status);
    }

    /// <summary>
    /// The keys' database is gone as a full disk or a server that is down are: it refuses every statement.
    /// </summary>
    [Fact]
    public async Task ADatabaseThatRefuses_RejectsNoRequest_AndUsageIsWrittenWhenItIsBack()
    {
        string key = await MakeAsync(TenantScopes.Read | TenantScopes.Write, new TenantQuota(100, 0, 8));
        await ExecuteAsync("ALTER TABLE tenant RENAME TO gone");
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"t/{key}/echo")).Status);
        Assert.Equal(HttpStatusCode.OK, await PostAsync(key, 60));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.TooManyRequests, await PostAsync(key, 41)); // what was used counts all the same
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("echo")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync($"t/{key}x/echo")).Status);

        await ExecuteAsync("ALTER TABLE gone RENAME TO tenant");
        Assert.Equal(new TenantUsage(2, 60), (await _keys.ListAsync(CancellationToken.None)).Single().Usage);
    }

    /// <summary>As <c>meeda keys</c> does it, in a process of its own.</summary>
    [Fact]
    public async Task AKeyRevokedByAnotherProcess_WorksForASecondAtMost_AndOneMadeThereWorksAtOnce()
    {
        string key = await MakeAsync(TenantScopes.Read);
        await using TenantKeys commandLine = await TenantKeys.OpenAsync(
            new StorageOptions { Folder = _folder.Path },
            CancellationToken.None
        );
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"t/{key}/echo")).Status);
        Assert.True(await commandLine.RevokeAsync("name", DateTimeOffset.UnixEpoch, CancellationToken.None));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync($"t/{key}/echo")).Status);

        (_, string other) = await commandLine.MakeAsync(
            "other",
            TenantScopes.Read,
            new TenantQuota(0, 0, 8),
            DateTimeOffset.UnixEpoch,
            CancellationToken.None
        );
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"t/{other}/echo")).Status);
    }

    [Theory]
    [InlineData(TenantScopes.Read, HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData(TenantScopes.Write, HttpStatusCode.Forbidden, HttpStatusCode.OK)]
    [InlineData(TenantScopes.Admin, HttpStatusCode.OK, HttpStatusCode.OK)]
    public async Task Scopes_SayWhatAKeyAllows(TenantScopes scopes, HttpStatusCode get, HttpStatusCode post)
    {
        string key = await MakeAsync(scopes);
        Assert.Equal(get, (await GetAsync($"t/{key}/echo")).Status);
        Assert.Equal(post, await PostAsync(key, 10));
    }

    [Theory]
    [InlineData(TenantScopes.Read, "read", "key: it lacks the scope write")]
    [InlineData(TenantScopes.Write, "key: it lacks the scope read", "write")]
    [InlineData(TenantScopes.Admin, "read", "write")]
    public async Task Scopes_OfARoute_AreTheOnesItNames_WhateverItsMethod(
        TenantScopes scopes,
        string read,
        string write
    )
    {
        string key = await MakeAsync(scopes);
        Assert.Contains(read, (await GetAsync($"t/{key}/read")).Body, StringComparison.Ordinal);
        Assert.Contains(write, (await GetAsync($"t/{key}/write")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnOpenRoute_WithTenants_NeedsNoKey_AndWhatIsNoRouteDoes()
    {
        await MakeAsync(TenantScopes.Read);
        Assert.Equal((HttpStatusCode.OK, "open"), await GetAsync("open"));
        Assert.Equal((HttpStatusCode.OK, "open"), await GetAsync("t/mk_unknown/open"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("nowhere")).Status);
    }

    [Fact]
    public async Task Quotas_OfBytes_AreExact_AndUsageIsCounted()
    {
        string key = await MakeAsync(TenantScopes.Write, new TenantQuota(100, 0, 8));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(key, 60));
        Assert.Equal(HttpStatusCode.TooManyRequests, await PostAsync(key, 41));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(key, 40));
        Assert.Equal(HttpStatusCode.TooManyRequests, await PostAsync(key, 1));
        Assert.Equal(new TenantUsage(2, 100), (await _keys.ListAsync(CancellationToken.None)).Single().Usage);
    }

    [Fact]
    public async Task Refusals_AreNotCounted_AndAMissingKeyIsAskedForInTheWayOfHttp()
    {
        string key = await MakeAsync(TenantScopes.Write, new TenantQuota(100, 0, 8));
        using var chunked = new HttpRequestMessage(HttpMethod.Post, new Uri($"t/{key}/echo", UriKind.Relative))
        {
            Content = new ByteArrayContent(new byte[10]),
        };
        chunked.Headers.TransferEncodingChunked = true;
        using HttpResponseMessage lengthless = await _http.SendAsync(chunked);
        Assert.Equal(HttpStatusCode.LengthRequired, lengthless.StatusCode);
        Assert.Equal(new TenantUsage(0, 0), (await _keys.ListAsync(CancellationToken.None)).Single().Usage);
        using HttpResponseMessage keyless = await _http.GetAsync(new Uri("echo", UriKind.Relative));
        Assert.Equal("Bearer", keyless.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task Quotas_OfRequestsInFlight_HoldForTheTenantAlone()
    {
        string key = await MakeAsync(TenantScopes.Read, new TenantQuota(0, 0, 2));
        (_, string other) = await _keys.MakeAsync(
            "other",
            TenantScopes.Read,
            new TenantQuota(0, 0, 2),
            DateTimeOffset.UnixEpoch,
            CancellationToken.None
        );
        Task<(HttpStatusCode Status, string Body)>[] asked =
        [
            .. Enumerable.Range(0, 3).Select(_ => GetAsync($"t/{key}/wait")),
        ];
        Task<(HttpStatusCode Status, string Body)> refused = await Task.WhenAny(asked);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await refused).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"t/{other}/echo")).Status);
        _release.Release(2);
        Assert.Equal(2, (await Task.WhenAll(asked)).Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"t/{key}/echo")).Status);
    }

    [Fact]
    public async Task Quotas_OfRequestsASecond_FillUpAgainWithTime()
    {
        string key = await MakeAsync(TenantScopes.Read, new TenantQuota(0, 2, 8));
        Assert.Equal((int[])[200, 200, 429], await AskAsync(3));
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal((int[])[200, 429], await AskAsync(2));
        _clock.Advance(TimeSpan.FromMinutes(1)); // No more than a second's requests are saved up.
        Assert.Equal((int[])[200, 200, 429], await AskAsync(3));
        using HttpResponseMessage refused = await _http.GetAsync(new Uri($"t/{key}/echo", UriKind.Relative));
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);

        async Task<int[]> AskAsync(int times)
        {
            var statuses = new int[times];
            for (int i = 0; i < times; i++)
            {
                statuses[i] = (int)(await GetAsync($"t/{key}/echo")).Status;
            }

            return statuses;
        }
    }

    /// <summary>The limiter asks for the quota at each request: nothing of an old one is kept.</summary>
    [Fact]
    public async Task Quotas_ChangedWhileTheServiceRuns_HoldFromThenOn()
    {
        string key = await MakeAsync(TenantScopes.Read, new TenantQuota(0, 1, 8));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"t/{key}/echo")).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await GetAsync($"t/{key}/echo")).Status);
        await ExecuteAsync("UPDATE tenant SET quota_rate = 3");
        _clock.Advance(TimeSpan.FromSeconds(2));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await GetAsync($"t/{key}/echo")).Status);
        }

        (HttpStatusCode status, string body) = await GetAsync($"t/{key}/echo");
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Contains("quota: more than 3 requests of this tenant in a second", body, StringComparison.Ordinal);
        Assert.Contains("\"quota_exceeded\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quotas_OfRequestsInFlight_AreGivenBackByARequestThatFails()
    {
        string key = await MakeAsync(TenantScopes.Read, new TenantQuota(0, 0, 1));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.InternalServerError, (await GetAsync($"t/{key}/fail")).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"t/{key}/echo")).Status);
    }

    /// <summary>Refusals of the middleware itself have the body and the header of all others.</summary>
    [Fact]
    public async Task Quotas_OfRequestsInFlight_RefusalsAreProblemsWithAPause()
    {
        string key = await MakeAsync(TenantScopes.Read, new TenantQuota(0, 0, 1));
        Task<HttpResponseMessage>[] asked =
        [
            .. Enumerable.Range(0, 2).Select(_ => _http.GetAsync(new Uri($"t/{key}/wait", UriKind.Relative))),
        ];
        using HttpResponseMessage refused = await await Task.WhenAny(asked);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        await ProblemTests.AssertProblemAsync(refused, 429, "quota_exceeded");
        _release.Release(1);
        foreach (Task<HttpResponseMessage> each in asked)
        {
            (await each).Dispose();
        }
    }

    [Fact]
    public async Task Keys_AreNowhere_NotInLogsNorErrorsNorTheFile()
    {
        string key = await MakeAsync(TenantScopes.Read);
        string answers = string.Concat(
            (await GetAsync($"t/{key}/echo")).Body,
            (await GetAsync($"t/{key}/fail")).Body,
            (await GetAsync($"t/{key}/nowhere")).Body,
            (await GetAsync($"t/{key}/echo?x={new string('y', 50)}")).Body,
            (await GetAsync($"t/{key}")).Body
        );
        // The log is really caught
        Assert.Contains(_log.Lines, line => line.Contains("/fail", StringComparison.Ordinal));
        Assert.DoesNotContain(key, answers, StringComparison.Ordinal);
        Assert.DoesNotContain(_log.Lines, line => line.Contains(key, StringComparison.Ordinal));
        foreach (string file in Directory.GetFiles(_folder.Path))
        {
            await using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
            Assert.DoesNotContain(key, await reader.ReadToEndAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Refusals_AreNotLogged_AndFailuresAre()
    {
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await GetAsync("refuse")).Status);
        Assert.Equal(HttpStatusCode.InternalServerError, (await GetAsync("fail")).Status);
        Assert.Contains(_log.Lines, line => line.Contains("on purpose", StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, line => line.Contains("too long", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rotate_OldKeyEndsAndUsageStays_AlsoAfterARevocation()
    {
        string old = await MakeAsync(TenantScopes.Read | TenantScopes.Write, new TenantQuota(5_000, 0, 8));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(old, 2_000));
        string second = (await _keys.RotateAsync("name", CancellationToken.None))!;
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(old, 2_000));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(second, 2_000));

        Assert.True(await _keys.RevokeAsync("name", DateTimeOffset.UnixEpoch, CancellationToken.None));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(second, 10));
        string third = (await _keys.RotateAsync("name", CancellationToken.None))!;
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(second, 10));
        // 4,000 of 5,000 bytes are used still
        Assert.Equal(HttpStatusCode.TooManyRequests, await PostAsync(third, 2_000));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(third, 1_000));
        Tenant tenant = Assert.Single(await _keys.ListAsync(CancellationToken.None));
        Assert.Equal((5_000, null), (tenant.Usage.Bytes, tenant.RevokedAt));
    }

    [Fact]
    public async Task Rotate_UnknownName_IsNull() =>
        Assert.Null(await _keys.RotateAsync("nobody", CancellationToken.None));

    [Fact]
    public async Task Make_ARevokedName_IsRefusedAndSaysWhatToDo()
    {
        await MakeAsync(TenantScopes.Read);
        await _keys.RevokeAsync("name", DateTimeOffset.UnixEpoch, CancellationToken.None);
        SetupException problem = await Assert.ThrowsAsync<SetupException>(() => MakeAsync(TenantScopes.Read));
        Assert.Contains("keys rotate name", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_OfOwnRoutes_SayTheirCode()
    {
        string key = await MakeAsync(TenantScopes.Write, new TenantQuota(10, 0, 8));
        await AssertAsync(_http.GetAsync(new Uri("echo", UriKind.Relative)), 401, "key_missing");
        await AssertAsync(_http.GetAsync(new Uri("t/mk_unknown/echo", UriKind.Relative)), 401, "key_invalid");
        await AssertAsync(_http.GetAsync(new Uri($"t/{key}/echo", UriKind.Relative)), 403, "scope_missing");
        using var content = new ByteArrayContent(new byte[11]);
        await AssertAsync(_http.PostAsync(new Uri($"t/{key}/echo", UriKind.Relative), content), 429, "quota_exceeded");

        static async Task AssertAsync(Task<HttpResponseMessage> asked, int status, string code)
        {
            using HttpResponseMessage answer = await asked;
            await Http.ProblemTests.AssertProblemAsync(answer, status, code);
        }
    }

    [Theory]
    [InlineData("get/0x00")]
    [InlineData("nitro")]
    [InlineData("da/getObject")]
    public async Task Refusals_OfRoutesOfProtocols_AreOneMessage(string path)
    {
        await MakeAsync(TenantScopes.Read);
        (HttpStatusCode status, string body) = await GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.StartsWith("""{"error":"key: """, body, StringComparison.Ordinal);
    }

    private async Task ExecuteAsync(string statement)
    {
        await using var connection = new SqliteConnection(
            $"Data Source={Path.Combine(_folder.Path, "tenants.sqlite")}"
        );
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are the test's own.
        command.CommandText = statement;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private async Task<string> MakeAsync(TenantScopes scopes, TenantQuota? quota = null) =>
        (
            await _keys.MakeAsync(
                "name",
                scopes,
                quota ?? new TenantQuota(0, 0, 8),
                DateTimeOffset.UnixEpoch,
                CancellationToken.None
            )
        ).Key;

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri(path, UriKind.RelativeOrAbsolute));
        return (response.StatusCode, (await response.Content.ReadAsStringAsync()).Trim('"'));
    }

    private async Task<HttpStatusCode> PostAsync(string key, int bytes)
    {
        using var content = new ByteArrayContent(new byte[bytes]);
        using HttpResponseMessage response = await _http.PostAsync(new Uri($"t/{key}/echo", UriKind.Relative), content);
        return response.StatusCode;
    }

    private sealed class CaughtLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Lines.Enqueue(Convert.ToString(state, CultureInfo.InvariantCulture) ?? "");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Enqueue(formatter(state, exception) + exception);

        public void Dispose() { }
    }
}
