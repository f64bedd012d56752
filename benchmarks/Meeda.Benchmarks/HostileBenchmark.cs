using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Meeda.Benchmarks;

/// <summary>
/// Good clients among hostile ones: 500 connections that read a batch over and over, alone and beside 500 that
/// dribble heads, dribble bodies, announce too much or send no
/// HTTP. Service, good clients and hostile ones are a process each; with and without attack in turns.
/// </summary>
internal static class HostileBenchmark
{
    private const int Good = 500;
    private const int Hostile = 500;
    private const int BatchBytes = 1000;
    private const int Rounds = 5;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(4);

    private static readonly string[] Kinds =
    [
        "heads that never end",
        "bodies that never come",
        "announcements of 2 GB",
        "bytes that are no HTTP",
    ];

    /// <summary>Runs the load, prints the table and writes it to benchmarks/results.</summary>
    public static async Task<int> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("meeda-hostile-").FullName;
        using Process service = OperatorChild.Start("hostile", folder);
        try
        {
            var url = new Uri(await OperatorChild.LineAsync(service));
            byte[] request = await StoreAsync(url);
            await RateAsync(url.Port, request); // warm up
            var rounds = new List<(double Alone, double Beside, double Latency, double AttackedLatency)>();
            for (int i = 0; i < Rounds; i++)
            {
                (double alone, double latency) = await RateAsync(url.Port, request);
                using Process attackers = OperatorChild.Start(
                    "hostile-clients",
                    url.Port.ToString(CultureInfo.InvariantCulture)
                );
                await OperatorChild.LineAsync(attackers); // All have connected once.
                (double beside, double attackedLatency) = await RateAsync(url.Port, request);
                await OperatorChild.EndAsync(attackers);
                rounds.Add((alone, beside, latency, attackedLatency));
            }

            service.StandardInput.Close();
            string last = await OperatorChild.LineAsync(service);
            await service.WaitForExitAsync();
            var result = new Result(
                Median(rounds.Select(round => round.Alone)),
                Median(rounds.Select(round => round.Beside)),
                Median(rounds.Select(round => round.Beside / round.Alone)),
                Median(rounds.Select(round => round.Latency)),
                Median(rounds.Select(round => round.AttackedLatency))
            );
            string table = string.Create(
                CultureInfo.InvariantCulture,
                $"# {Good} good clients that read a batch of {BatchBytes} bytes, alone and beside {Hostile} "
                    + $"hostile ones; {Environment.ProcessorCount} processors for all\n\n"
                    + $"A quarter each: {string.Join(", ", Kinds)}. Medians of {Rounds} rounds; nobody good was "
                    + $"cut off.\n\n"
                    + $"| | reads/s | p99 ms |\n| --- | ---: | ---: |\n| alone | {result.Alone:F0} | "
                    + $"{result.LatencyAlone:F1} |\n| beside the hostile ones | {result.Beside:F0} | "
                    + $"{result.LatencyBeside:F1} |\n\n"
                    + $"Kept: {result.Kept:P0}.\n\n{last}\n"
            );
            Results.Write("hostile", table, JsonSerializer.Serialize(result));
            return 0;
        }
        finally
        {
            await OperatorChild.EndAsync(service);
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>In a child: the hostile clients, until they are killed.</summary>
    public static async Task<int> AttackAsync(int port)
    {
        using var connected = new CountdownEvent(Hostile);
        Task all = Task.WhenAll(Enumerable.Range(0, Hostile).Select(i => AttackAsync(i, port, connected)));
        await Task.Run(connected.Wait);
        Console.WriteLine("attacking");
        await all;
        return 0;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    /// <summary>Stores a batch.</summary>
    /// <returns>The request that reads it.</returns>
    private static async Task<byte[]> StoreAsync(Uri url)
    {
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = url };
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(BatchBytes))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") },
        };
        using HttpResponseMessage answer = await http.PostAsync(new Uri("put", UriKind.Relative), body);
        byte[] commitment = await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
        return Encoding.ASCII.GetBytes(
            $"GET /get/0x{Convert.ToHexStringLower(commitment)} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        );
    }

    private static async Task<(double Rate, double P99)> RateAsync(int port, byte[] request)
    {
        using var end = new CancellationTokenSource();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<List<double>>[] clients =
        [
            .. Enumerable.Range(0, Good).Select(_ => ReadAsync(port, request, ready.Task, end.Token)),
        ];
        long started = Stopwatch.GetTimestamp();
        ready.SetResult();
        await Task.Delay(Window);
        await end.CancelAsync();
        double[] latencies = [.. (await Task.WhenAll(clients)).SelectMany(each => each).Order()];
        return (
            latencies.Length / Stopwatch.GetElapsedTime(started).TotalSeconds,
            latencies[(int)(0.99 * (latencies.Length - 1))]
        );
    }

    private static async Task<List<double>> ReadAsync(int port, byte[] request, Task ready, CancellationToken end)
    {
        using TcpClient client = await ConnectAsync(port);
        NetworkStream stream = client.GetStream();
        await ready;
        var latencies = new List<double>();
        var buffer = new byte[8192];
        while (!end.IsCancellationRequested)
        {
            long asked = Stopwatch.GetTimestamp();
            await stream.WriteAsync(request, CancellationToken.None);
            await ReadAnswerAsync(stream, buffer);
            latencies.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }

        return latencies;
    }

    /// <summary>Reads a head and a body of known length.</summary>
    private static async Task ReadAnswerAsync(NetworkStream stream, byte[] buffer)
    {
        int filled = 0;
        while (true)
        {
            int count = await stream.ReadAsync(buffer.AsMemory(filled));
            if (count == 0)
            {
                throw new InvalidOperationException("a good client was cut off");
            }

            filled += count;
            int head = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (head >= 0 && filled >= head + 4 + BatchBytes)
            {
                if (!buffer.AsSpan().StartsWith("HTTP/1.1 200"u8))
                {
                    throw new InvalidOperationException(
                        $"a good client was refused: {Encoding.ASCII.GetString(buffer, 0, filled)}"
                    );
                }

                return;
            }
        }
    }

    private static async Task AttackAsync(int number, int port, CountdownEvent connected)
    {
        bool isFirst = true;
        while (true)
        {
            try
            {
                using TcpClient client = await ConnectAsync(port);
                if (isFirst)
                {
                    connected.Signal();
                    isFirst = false;
                }

                NetworkStream stream = client.GetStream();
                await (
                    (number % Kinds.Length) switch
                    {
                        0 => DribbleAsync(stream, "GET /get/0x"),
                        1 => DribbleAsync(stream, "POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"),
                        2 => AskAsync(stream, "POST /put HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000000\r\n\r\n"),
                        _ => AskAsync(stream, "\0\r\n\r\nnonsense\r\n\r\n"),
                    }
                );
            }
            catch (Exception cutOff) when (cutOff is IOException or SocketException)
            {
                // What the server is to do with it.
            }
        }
    }

    private static async Task DribbleAsync(NetworkStream stream, string start)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(start));
        while (true)
        {
            await stream.WriteAsync("a"u8.ToArray());
            await Task.Delay(500);
        }
    }

    private static async Task AskAsync(NetworkStream stream, string text)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        await stream.ReadAtLeastAsync(new byte[256], 1, throwOnEndOfStream: false);
        await Task.Delay(100);
    }

    private static async Task<TcpClient> ConnectAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        return client;
    }

    private sealed record Result(double Alone, double Beside, double Kept, double LatencyAlone, double LatencyBeside);
}
