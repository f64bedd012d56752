using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Client;
using Meeda.Operator;
using Meeda.Operator.Batches;
using Meeda.Operator.Http;
using Meeda.Operator.Nitro;
using Meeda.Operator.Persistence;
using Meeda.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>The responses of an operator whose providers or disk accept nothing, and its automatic recovery.</summary>
public sealed class BackPressureTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private WebApplication? _app;
    private HttpClient _http = new();

    private string Providers => Path.Combine(_folder.Path, "data", "providers");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _http.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task Put_ProvidersTakeNothing_IsStoredAndServed_AndPlacedWhenTheyAreBack()
    {
        await StartAsync();
        BreakProviders();
        byte[] payload = RandomNumberGenerator.GetBytes(300_000);
        byte[] commitment = await PutAsync(payload, HttpStatusCode.OK);
        Assert.Equal("stored", await StateAsync(commitment));
        Assert.Equal(
            payload,
            await _http.GetByteArrayAsync(new Uri($"get/{Convert.ToHexStringLower(commitment)}", UriKind.Relative))
        );

        MendProviders();
        await UntilAsync(async () => await StateAsync(commitment) == "placed");
        await _app!.Services.GetRequiredService<Ledger>().TrimPayloadsAsync(0, CancellationToken.None);
        Assert.Equal(
            payload,
            await _http.GetByteArrayAsync(new Uri($"get/{Convert.ToHexStringLower(commitment)}", UriKind.Relative))
        );
    }

    [Fact]
    public async Task Put_BacklogBeyondItsLimit_Is429WithRetryAfter_AndTakenAgainAfterwards()
    {
        await StartAsync(("Meeda:Intake:MaxBacklogBytes", "400000"), ("Meeda:Batches:MaxBatchBytes", "300000"));
        BreakProviders();
        await PutAsync(RandomNumberGenerator.GetBytes(300_000), HttpStatusCode.OK);
        await PutAsync(RandomNumberGenerator.GetBytes(300_000), HttpStatusCode.OK);
        await UntilAsync(async () => await StatusOfPutAsync() == HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusOfPutObjectAsync());
        MendProviders();
        await UntilAsync(async () => await StatusOfPutAsync() == HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("00:00:00", HttpStatusCode.TooManyRequests)]
    [InlineData("00:10:00", HttpStatusCode.ServiceUnavailable)]
    public async Task Put_WhileTooManyBatchesWaitForTheirAnchor_IsRefused_ByTheFailoverPolicyWith503(
        string failoverAfter,
        HttpStatusCode refusal
    )
    {
        // There is no L1 to accept an anchor.
        await StartAsync(("Meeda:Intake:MaxUnanchoredBatches", "2"), ("Meeda:Intake:FailoverAfter", failoverAfter));
        await PutAsync(RandomNumberGenerator.GetBytes(100), HttpStatusCode.OK);
        await PutAsync(RandomNumberGenerator.GetBytes(100), HttpStatusCode.OK);
        await UntilAsync(async () => await StatusOfPutAsync() == refusal);
    }

    private async Task<HttpStatusCode> StatusOfPutObjectAsync()
    {
        string data = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(100));
        using HttpResponseMessage answer = await _http.PostAsJsonAsync(
            new Uri("putObject", UriKind.Relative),
            new { data }
        );
        return answer.StatusCode;
    }

    [Fact]
    public async Task Put_ProvidersDownLongerThanThePolicy_Is503_CountedAndOverByItself()
    {
        await StartAsync(("Meeda:Intake:FailoverAfter", "00:00:00.3"));
        BreakProviders();
        await PutAsync(RandomNumberGenerator.GetBytes(100), HttpStatusCode.OK);
        await UntilAsync(async () => await StatusOfPutAsync() == HttpStatusCode.ServiceUnavailable);
        var pressure = _app!.Services.GetRequiredService<IntakePressure>();
        PressureReport report = await pressure.ReportAsync(CancellationToken.None);
        Assert.True(report.IsFailingOver);
        Assert.True(report.Failovers > 0);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusOfPutObjectAsync());
        MendProviders();
        await UntilAsync(async () => await StatusOfPutAsync() == HttpStatusCode.OK);
        Assert.False((await pressure.ReportAsync(CancellationToken.None)).IsFailingOver);
    }

    /// <summary>Batchers that were sent to L1 may stay away for long: the report must not wait for them.</summary>
    [Fact]
    public async Task Report_ProvidersTakeBatchesAgain_IsNoLongerFailingOver_WithoutAPut()
    {
        await StartAsync(("Meeda:Intake:FailoverAfter", "00:00:00.3"));
        BreakProviders();
        await PutAsync(RandomNumberGenerator.GetBytes(100), HttpStatusCode.OK);
        await UntilAsync(async () => await StatusOfPutAsync() == HttpStatusCode.ServiceUnavailable);
        Assert.True(await IsFailingOverAsync());
        MendProviders();
        await UntilAsync(async () => !await IsFailingOverAsync());
    }

    [Fact]
    public async Task Report_TheLedgerTakesBatchesAgain_IsNoLongerFailingOver_WithoutAPut()
    {
        await StartAsync(("Meeda:Intake:FailoverAfter", "00:00:00.3"));
        await ExecuteAsync("ALTER TABLE payload RENAME TO gone");
        await UntilAsync(async () => await StatusOfPutAsync() == HttpStatusCode.ServiceUnavailable);
        Assert.True(await IsFailingOverAsync());
        await ExecuteAsync("ALTER TABLE gone RENAME TO payload");
        await UntilAsync(async () => !await IsFailingOverAsync());
    }

    [Fact]
    public async Task Put_BacklogBeyondThePolicy_Is503()
    {
        await StartAsync(("Meeda:Intake:FailoverBacklogBytes", "1"));
        BreakProviders();
        await PutAsync(RandomNumberGenerator.GetBytes(100), HttpStatusCode.OK);
        await UntilAsync(async () => await StatusOfPutAsync() == HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Put_WithoutAPolicy_IsNever503()
    {
        await StartAsync();
        BreakProviders();
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusOfPutAsync());
        }
    }

    [Fact]
    public async Task Put_WaitsForPlaced_AnswersWhenItsRowsAreThere()
    {
        await StartAsync(("Meeda:Batches:AckLevel", "Placed"), ("Meeda:Batches:AckTimeout", "00:00:01"));
        Assert.Equal(
            "placed",
            await StateAsync(await PutAsync(RandomNumberGenerator.GetBytes(300_000), HttpStatusCode.OK))
        );
        BreakProviders();
        byte[] payload = RandomNumberGenerator.GetBytes(300_000);
        byte[] answer = await PutAsync(payload, HttpStatusCode.InternalServerError);
        Assert.Contains(
            "is stored, but not placed",
            JsonSerializer.Deserialize<ErrorBody>(answer, JsonSerializerOptions.Web)!.Error,
            StringComparison.Ordinal
        );
        MendProviders();
        await UntilAsync(async () =>
        {
            using var body = new ByteArrayContent(payload);
            using HttpResponseMessage again = await _http.PostAsync(new Uri("put", UriKind.Relative), body);
            return again.StatusCode == HttpStatusCode.OK
                && await StateAsync(await again.Content.ReadAsByteArrayAsync()) == "placed";
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_ThatWaitsForItsAnchor_HoldsNoRoomForItsBody(bool isNitro)
    {
        await StartAsync(("Meeda:Batches:AckLevel", "Anchored"), ("Meeda:Batches:AckTimeout", "00:04:00"));
        var budget = _app!.Services.GetRequiredService<BodyBudget>();
        byte[] payload = RandomNumberGenerator.GetBytes(200_001);
        using var stop = new CancellationTokenSource();
        using HttpContent body = isNitro
            ? JsonContent.Create(
                new
                {
                    jsonrpc = "2.0",
                    id = 1,
                    method = "daprovider_store",
                    @params = (object[])[$"0x{Convert.ToHexStringLower(payload)}", "0x7fffffff"],
                }
            )
            : new ByteArrayContent(payload);
        Task<HttpResponseMessage> put = _http.PostAsync(
            new Uri(isNitro ? "nitro" : "put", UriKind.Relative),
            body,
            stop.Token
        );
        var ledger = _app.Services.GetRequiredService<Ledger>();
        await UntilAsync(async () => (await ledger.CountUnanchoredAsync(0, CancellationToken.None)).Count == 1);
        await UntilAsync(() => Task.FromResult(budget.Used == 0));
        Assert.False(put.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
    }

    [Fact]
    public async Task Nitro_ByTheFailoverPolicy_HearsItsFallbackWords_InOnePieceAndInChunks_AndNothingElseDoes()
    {
        const string Words = "DA provider requests fallback to next writer";
        await StartAsync(("Meeda:Intake:FailoverAfter", "00:00:00.3"));
        byte[] payload = RandomNumberGenerator.GetBytes(100);
        string hex = $"0x{Convert.ToHexStringLower(payload)}";
        ulong now = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        string id = (
            await NitroAsync(
                "startChunkedStore",
                Quantity(now),
                "0x1",
                "0x64",
                "0x64",
                "0x7fffffff",
                CheckOf([], now, 1, 100, 100, 0x7fffffff)
            )
        )
            .GetProperty("result")
            .GetProperty("BatchId")
            .GetString()!;
        ulong number = Convert.ToUInt64(id[2..], 16);
        Assert.True(
            (await NitroAsync("sendChunk", id, "0x0", hex, CheckOf(payload, number, 0))).TryGetProperty("result", out _)
        );

        BreakProviders();
        await PutAsync(RandomNumberGenerator.GetBytes(100), HttpStatusCode.OK);
        await UntilAsync(async () =>
            (
                await NitroAsync(
                    "store",
                    $"0x{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(100))}",
                    "0x7fffffff"
                )
            ).TryGetProperty("error", out JsonElement error)
            && error.GetProperty("message").GetString()!.Contains(Words, StringComparison.Ordinal)
        );
        Assert.Contains(
            Words,
            (await NitroAsync("commitChunkedStore", id, CheckOf([], number)))
                .GetProperty("error")
                .GetProperty("message")
                .GetString(),
            StringComparison.Ordinal
        );

        // A caller's own error must not cause a fallback to the next writer.
        Assert.DoesNotContain(
            Words,
            (await NitroAsync("commitChunkedStore", "0x99", CheckOf([], 0x99)))
                .GetProperty("error")
                .GetProperty("message")
                .GetString(),
            StringComparison.Ordinal
        );
        MendProviders();
        await UntilAsync(async () => (await NitroAsync("store", hex, "0x7fffffff")).TryGetProperty("result", out _));

        static string Quantity(ulong value) => $"0x{value:x}";
        static string CheckOf(byte[] data, params ulong[] numbers) =>
            ChunkedStores.CheckValue(data, numbers).ToString();
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private async Task<bool> IsFailingOverAsync() =>
        (await _http.GetFromJsonAsync<JsonElement>(new Uri("status", UriKind.Relative)))
            .GetProperty("intake")
            .GetProperty("failingOver")
            .GetBoolean();

    private async Task ExecuteAsync(string statement)
    {
        await using var connection = new SqliteConnection(
            $"Data Source={Path.Combine(_folder.Path, "data", "ledger.sqlite")}"
        );
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are the test's own.
        command.CommandText = statement;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private async Task<JsonElement> NitroAsync(string method, params object[] parameters)
    {
        using HttpResponseMessage response = await _http.PostAsJsonAsync(
            new Uri("nitro", UriKind.Relative),
            new
            {
                jsonrpc = "2.0",
                id = 1,
                method = $"daprovider_{method}",
                @params = parameters,
            }
        );
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<HttpStatusCode> StatusOfPutAsync()
    {
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(100));
        using HttpResponseMessage answer = await _http.PostAsync(new Uri("put", UriKind.Relative), body);
        Assert.Equal(
            answer.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError,
            answer.Headers.RetryAfter is not null
        );
        return answer.StatusCode;
    }

    private async Task<byte[]> PutAsync(byte[] payload, HttpStatusCode expected)
    {
        using var body = new ByteArrayContent(payload);
        using HttpResponseMessage answer = await _http.PostAsync(new Uri("put", UriKind.Relative), body);
        Assert.Equal(expected, answer.StatusCode);
        return await answer.Content.ReadAsByteArrayAsync();
    }

    private async Task<string> StateAsync(byte[] commitment) =>
        JsonSerializer
            .Deserialize<BatchBody>(
                await _http.GetByteArrayAsync(
                    new Uri($"batches/{Convert.ToHexStringLower(commitment[3..])}", UriKind.Relative)
                ),
                JsonSerializerOptions.Web
            )!
            .State;

    private async Task StartAsync(params (string Name, string Value)[] settings)
    {
        string keyFile = Path.Combine(_folder.Path, "operator.key");
        await File.WriteAllTextAsync(keyFile, new string('1', 64));
        var all = new Dictionary<string, string?>
        {
            ["Meeda:Storage:Folder"] = Path.Combine(_folder.Path, "data"),
            ["Meeda:L1:Rpc"] = "http://127.0.0.1:1",
            ["Meeda:L1:Contract"] = "0x00000000000000000000000000000000000000c0",
            ["Meeda:L1:KeyFile"] = keyFile,
            ["Meeda:Nitro:Validator"] = $"{OperatorFixture.Nitro.Validator}",
            ["Meeda:Nitro:ValidatorChainId"] = $"{OperatorFixture.Nitro.ChainId}",
        };
        foreach ((string name, string value) in settings)
        {
            all[name] = value;
        }

        _app = await OperatorApplication.BuildAsync(all, "http://127.0.0.1:0", quiet: true, CancellationToken.None);
        await _app.StartAsync();
        _http.Dispose();
        _http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    /// <summary>Replaces each provider's folder by a file, so that nothing can be written below it.</summary>
    private void BreakProviders()
    {
        foreach (string provider in Directory.GetDirectories(Providers))
        {
            Directory.Delete(provider, recursive: true);
            File.WriteAllText(provider, "");
        }
    }

    private void MendProviders()
    {
        foreach (string provider in Directory.GetFiles(Providers))
        {
            File.Delete(provider);
            Directory.CreateDirectory(provider);
        }
    }
}
