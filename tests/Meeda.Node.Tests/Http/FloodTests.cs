using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Meeda.Node.Batches;
using Meeda.Node.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>Clients that mean ill, over sockets, and what others are answered beside them.</summary>
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
            await SendAsync($"POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: {OperatorFixture.MaxBatchBytes}\r\n\r\n{new string('a', 100)}");
            await SendAsync("POST /put HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\naaaa\r\n");
        }

        var budget = _node.Services.GetRequiredService<BodyBudget>();
        while (budget.Used == 0)
        {
            await Task.Delay(10);
        }

        foreach (int length in (int[])[1_000, 100_000, OperatorFixture.MaxBatchBytes])
        {
            Assert.Equal(HttpStatusCode.OK, (await _node.PostAsync("put", RandomNumberGenerator.GetBytes(length))).Status);
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
            await SendAsync($"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n", receiveBuffer: 1024);
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
