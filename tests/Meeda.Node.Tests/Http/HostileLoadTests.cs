using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;
using Xunit.Abstractions;

namespace Meeda.Node.Tests.Http;

/// <summary>
/// Honest clients among hostile ones: 500 connections that read a batch repeatedly, measured alone and beside 500 that
/// send heads slowly, send bodies slowly, announce too much or send no HTTP. Both rates are from one process and one
/// run, in alternation; hostile clients share the machine with the server.
/// </summary>
public sealed class HostileLoadTests(OperatorFixture node, ITestOutputHelper output) : IClassFixture<OperatorFixture>
{
    private const int Good = 500;
    private const int Hostile = 500;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    [Fact]
    [Trait("Category", "Load")]
    public async Task GoodClients_BesideAsManyHostileOnes_AreAllAnswered()
    {
        var payload = new byte[1000];
        new Random(1).NextBytes(payload);
        (_, byte[] commitment) = await node.PostAsync("put", payload);
        byte[] request = Encoding.ASCII.GetBytes(
            $"GET /get/0x{Convert.ToHexStringLower(commitment)} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        );
        await RateAsync(request); // warm up
        var alone = new List<double>();
        var beside = new List<double>();
        for (int round = 0; round < 3; round++)
        {
            alone.Add(await RateAsync(request));
            using var stop = new CancellationTokenSource();
            Task[] attackers = [.. Enumerable.Range(0, Hostile).Select(i => AttackAsync(i, stop.Token))];
            beside.Add(await RateAsync(request));
            await stop.CancelAsync();
            await Task.WhenAll(attackers);
        }

        double kept = beside.Order().ElementAt(1) / alone.Order().ElementAt(1);
        output.WriteLine(
            $"{Good} good clients alone: {alone.Order().ElementAt(1):F0} reads/s; beside {Hostile} hostile ones: "
                + $"{beside.Order().ElementAt(1):F0} reads/s; kept {kept:P0}"
        );
        Console.WriteLine($"hostile load: good clients kept {kept:P0} of {alone.Order().ElementAt(1):F0} reads/s");
    }

    private async Task<double> RateAsync(byte[] request)
    {
        using var end = new CancellationTokenSource();
        long answers = 0;
        var ready = new TaskCompletionSource();
        Task[] clients =
        [
            .. Enumerable
                .Range(0, Good)
                .Select(async _ =>
                {
                    using TcpClient client = await ConnectAsync();
                    NetworkStream stream = client.GetStream();
                    await ready.Task;
                    var buffer = new byte[8192];
                    while (!end.IsCancellationRequested)
                    {
                        await stream.WriteAsync(request);
                        await ReadAnswerAsync(stream, buffer);
                        Interlocked.Increment(ref answers);
                    }
                }),
        ];
        long started = Stopwatch.GetTimestamp();
        ready.SetResult();
        await Task.Delay(Window);
        double rate = Interlocked.Read(ref answers) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        await end.CancelAsync();
        await Task.WhenAll(clients);
        return rate;
    }

    /// <summary>Reads a head and a body of known length.</summary>
    private static async Task ReadAnswerAsync(NetworkStream stream, byte[] buffer)
    {
        int filled = 0;
        while (true)
        {
            int count = await stream.ReadAsync(buffer.AsMemory(filled));
            Assert.True(count > 0, "a good client was cut off");
            filled += count;
            int end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (end >= 0 && filled >= end + 4 + 1000)
            {
                Assert.True(buffer.AsSpan(0, 12).SequenceEqual("HTTP/1.1 200"u8));
                return;
            }
        }
    }

    private async Task AttackAsync(int kind, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = await ConnectAsync();
                NetworkStream stream = client.GetStream();
                switch (kind % 4)
                {
                    case 0: // a head that never ends
                        await DribbleAsync(stream, "GET /get/0x", stop);
                        break;
                    case 1: // a body that never comes
                        await DribbleAsync(
                            stream,
                            "POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: " + "200000\r\n\r\n",
                            stop
                        );
                        break;
                    case 2: // more than is taken
                        await stream.WriteAsync(
                            "POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000000\r\n\r\n"u8.ToArray(),
                            stop
                        );
                        await stream.ReadAtLeastAsync(new byte[256], 1, throwOnEndOfStream: false, stop);
                        await Task.Delay(100, stop);
                        break;
                    default: // no HTTP
                        await stream.WriteAsync("\0\r\n\r\nnonsense\r\n\r\n"u8.ToArray(), stop);
                        await stream.ReadAtLeastAsync(new byte[256], 1, throwOnEndOfStream: false, stop);
                        await Task.Delay(100, stop);
                        break;
                }
            }
            catch (Exception cutOff) when (cutOff is IOException or SocketException or OperationCanceledException)
            {
                // The server may cut hostile clients off.
            }
        }
    }

    private static async Task DribbleAsync(NetworkStream stream, string start, CancellationToken stop)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(start), stop);
        while (true)
        {
            await stream.WriteAsync("a"u8.ToArray(), stop);
            await Task.Delay(500, stop);
        }
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, node.Address.Port);
        return client;
    }
}
