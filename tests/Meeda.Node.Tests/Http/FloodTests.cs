using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Http;
using Meeda.Operator.L1;
using Meeda.Operator.Nitro;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>Malicious clients, over sockets, and the responses that other clients get meanwhile.</summary>
public sealed class FloodTests : IAsyncLifetime
{
    private readonly OperatorFixture _node = new();
    private readonly List<TcpClient> _hostile = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _hostile.ForEach(client => client.Dispose());
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Puts_BesideSlowBodiesThatAnnounceMuch_AreTaken()
    {
        _node.Settings["Meeda:Intake:MaxBytesInFlight"] = $"{8 << 20}";
        _node.Settings["Meeda:Intake:MaxWait"] = "00:00:01";
        await _node.InitializeAsync();
        for (int i = 0; i < 64; i++)
        {
            await SendAsync(
                "POST /put HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + $"{OperatorFixture.MaxBatchBytes}\r\n\r\n{new string('a', 100)}"
            );
            await SendAsync("POST /put HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\naaaa\r\n");
        }

        var budget = _node.Services.GetRequiredService<BodyBudget>();
        await Patience.UntilAsync(() => budget.Used != 0, TimeSpan.FromSeconds(60));

        foreach (int length in (int[])[1_000, 100_000, OperatorFixture.MaxBatchBytes])
        {
            Assert.Equal(
                HttpStatusCode.OK,
                (await _node.PostAsync("put", RandomNumberGenerator.GetBytes(length))).Status
            );
        }

        Assert.Equal(HttpStatusCode.OK, (await _node.GetAsync("health/live")).Status);
        Assert.InRange(budget.Used, 0, 128 * 4096);
    }

    [Fact]
    public async Task Gets_BesideReadersThatTakeNothing_AreAnswered_AndTheReadersShareOneCopy()
    {
        await _node.InitializeAsync();
        byte[] payload = RandomNumberGenerator.GetBytes(OperatorFixture.MaxBatchBytes);
        (_, byte[] commitment) = await _node.PostAsync("put", payload);
        await _node.PlacedAsync();
        string path = $"get/{Convert.ToHexStringLower(commitment)}";
        for (int i = 0; i < 60; i++)
        {
            await SendAsync($"GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n", receiveBuffer: 1024);
        }

        var copies = _node.Services.GetRequiredService<BatchCopies>();
        for (int i = 0; i < 10; i++)
        {
            (HttpStatusCode status, byte[] body) = await _node.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal(payload, body);
            Assert.InRange(copies.Count, 0, 1);
        }

        Assert.Equal(HttpStatusCode.OK, (await _node.PostAsync("put", payload)).Status);
    }

    [Fact]
    public async Task Puts_BesideAFloodOfRequestsForCells_AreTaken_AndWhatIsTooMuchIs429()
    {
        await _node.InitializeAsync();
        byte[] payload = RandomNumberGenerator.GetBytes(OperatorFixture.MaxBatchBytes);
        (_, byte[] commitment) = await _node.PostAsync("put", payload);
        await AnchorAsync(new BatchId(Bytes32.FromBytes(commitment.AsSpan(3))));
        await Task.WhenAll(
            Enumerable
                .Range(0, 200)
                .Select(async i =>
                {
                    using HttpResponseMessage answer = await _node.Http.GetAsync(
                        new Uri($"blobs/{i % 2}/cells/{i % 128}", UriKind.Relative)
                    );
                    Assert.True(
                        answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests,
                        $"{answer.StatusCode}"
                    );
                    Assert.Equal(
                        answer.StatusCode == HttpStatusCode.TooManyRequests,
                        answer.Headers.RetryAfter is not null
                    );
                })
                .Append(PutAsync())
        );

        // A cached result is not computed again, so it is never rejected.
        var work = _node.Services.GetRequiredService<ProofWork>();
        await Patience.UntilAsync(
            async () => (await _node.GetAsync("blobs/0/cells/0")).Status == HttpStatusCode.OK,
            TimeSpan.FromSeconds(60)
        );

        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => _node.GetAsync("blobs/0/cells/0"))),
            answer => Assert.Equal(HttpStatusCode.OK, answer.Status)
        );
        Assert.Equal(0, work.Waiting);

        async Task PutAsync()
        {
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(
                    HttpStatusCode.OK,
                    (await _node.PostAsync("put", RandomNumberGenerator.GetBytes(1_000))).Status
                );
                Assert.Equal(HttpStatusCode.OK, (await _node.GetAsync("health/live")).Status);
            }
        }
    }

    [Fact]
    public async Task Nitro_ReadsByManyAtOnce_HoldNoMoreThanTheMemoryForThem()
    {
        const int Most = 4 << 20;
        _node.Settings["Meeda:Http:MaxAnswerBytes"] = $"{Most}";
        await _node.InitializeAsync();
        string store = await NitroAsync(
            "store",
            $"\"0x{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(OperatorFixture.MaxBatchBytes - 1))}\",\"0xffffffff\""
        );
        string certificate = JsonDocument
            .Parse(store)
            .RootElement.GetProperty("result")
            .GetProperty("serialized-da-cert")
            .GetString()!;
        string message = $"0x{new string('0', 80)}{certificate[2..]}";
        var answers = _node.Services.GetRequiredKeyedService<BatchCopies>(nameof(DaProvider));
        long most = 0;
        Task<string>[] reads =
        [
            .. Enumerable
                .Range(0, 40)
                .Select(_ => NitroAsync("recoverPayloadAndPreimages", $"\"0x1\",\"{Bytes32.Zero}\",\"{message}\"")),
        ];
        Task all = Task.WhenAll(reads);
        while (!all.IsCompleted)
        {
            most = Math.Max(most, answers.Used);
            await Task.Delay(1);
        }

        Assert.Contains(await Task.WhenAll(reads), answer => answer.Contains("\"Payload\"", StringComparison.Ordinal));
        Assert.InRange(most, 0, Most);
        await Patience.UntilAsync(() => answers.Used == 0, TimeSpan.FromSeconds(60));

        Assert.Equal(HttpStatusCode.OK, (await _node.PostAsync("put", [1])).Status);

        async Task<string> NitroAsync(string method, string parameters)
        {
            using var body = new StringContent(
                $$"""{"jsonrpc":"2.0","id":1,"method":"daprovider_{{method}}","params":[{{parameters}}]}""",
                Encoding.UTF8,
                "application/json"
            );
            using HttpResponseMessage answer = await _node.Http.PostAsync(new Uri("nitro", UriKind.Relative), body);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task TheApiDocument_WhateverHostIsAskedFor_IsTheSame()
    {
        await _node.InitializeAsync();
        string first = await DocumentAsync("localhost:1234");
        Assert.Equal(first, await DocumentAsync("127.0.0.1"));
        Assert.DoesNotContain("1234", first, StringComparison.Ordinal);
        Assert.Contains("/blobs/{position}/cells/{index}", first, StringComparison.Ordinal);

        async Task<string> DocumentAsync(string host)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("openapi/v1.json", UriKind.Relative));
            request.Headers.Host = host;
            using HttpResponseMessage answer = await _node.Http.SendAsync(request);
            Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task Connections_BeyondTheLimitThatAreIdle_MakeRoomForNewOnes()
    {
        _node.Settings["Meeda:Http:MaxConnections"] = "16";
        _node.Settings["Meeda:Http:MaxConnectionsPerAddress"] = "8";
        await _node.InitializeAsync();
        for (int i = 0; i < 300; i++)
        {
            NetworkStream stream = await SendAsync("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200", await ReadHeadAsync(stream), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, (await _node.PostAsync("put", [1])).Status);
        Assert.Equal(HttpStatusCode.OK, (await _node.GetAsync("health/live")).Status);
        Assert.InRange(_node.Services.GetRequiredService<ConnectionLimits>().Count, 1, 9);
    }

    [Fact]
    public async Task Health_WhereEveryConnectionIsInUse_IsAnswered_AndNothingElse()
    {
        _node.Settings["Meeda:Http:MaxConnections"] = "8";
        await _node.InitializeAsync();
        var budget = _node.Services.GetRequiredService<BodyBudget>();
        var limits = _node.Services.GetRequiredService<ConnectionLimits>();
        for (int i = 0; i < 8; i++)
        {
            await SendAsync(
                "POST /put HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + $"{OperatorFixture.MaxBatchBytes}\r\n\r\n{new string('a', 5_000)}"
            );
        }

        await Patience.UntilAsync(() => budget.Used >= 8 * 4096, TimeSpan.FromSeconds(60));

        for (int i = 0; i < 2 * ConnectionLimits.Spare; i++)
        {
            NetworkStream health = await SendAsync("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200", await ReadHeadAsync(health), StringComparison.Ordinal);
            NetworkStream other = await SendAsync("GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 429", await ReadHeadAsync(other), StringComparison.Ordinal);
        }

        Assert.InRange(limits.Count, 8, 8 + ConnectionLimits.Spare);
    }

    [Fact]
    public async Task Connections_AreGivenUp_WhenTheyAreIdleOrTheirHeadDoesNotCome()
    {
        await _node.InitializeAsync();
        KestrelServerLimits limits = _node.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.Equal(TimeSpan.FromSeconds(15), limits.KeepAliveTimeout);
        Assert.Equal(TimeSpan.FromSeconds(10), limits.RequestHeadersTimeout);
        Assert.Equal(2_000 + (2 * ConnectionLimits.Spare), limits.MaxConcurrentConnections);
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        return await reader.ReadLineAsync() ?? "";
    }

    /// <summary>Writes a batch's anchor to the ledger, as if it had been read from L1.</summary>
    private async Task AnchorAsync(BatchId id)
    {
        var ledger = _node.Services.GetRequiredService<Ledger>();
        StoredBatch batch = (await ledger.FindBatchAsync(id, default))!;
        var anchor = new Anchor(
            0,
            AnchorRoots.Of(batch.Commitments, [batch.Id]).Root,
            0,
            (uint)batch.BlobCount,
            5,
            1_000_000
        );
        await ledger.AdvanceAsync(
            new BlockPoint(10, Bytes32.Zero),
            [
                new AnchorEvent(
                    anchor,
                    Bytes32.Zero,
                    batch.Commitments,
                    [new AnchoredBatch(id, 0, 0, (uint)batch.BlobCount)]
                ),
            ],
            [],
            default,
            _node.Services.GetRequiredService<OperatorAccount>().Address
        );
    }

    private async Task<TcpClient> ConnectAsync(int? receiveBuffer = null)
    {
        var client = new TcpClient { NoDelay = true };
        if (receiveBuffer is { } bytes)
        {
            client.ReceiveBufferSize = bytes;
        }

        _hostile.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, _node.Address.Port);
        return client;
    }

    private async Task<NetworkStream> SendAsync(string request, int? receiveBuffer = null)
    {
        NetworkStream stream = (await ConnectAsync(receiveBuffer)).GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        return stream;
    }
}
