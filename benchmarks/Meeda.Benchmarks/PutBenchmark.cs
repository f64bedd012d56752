using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Benchmarks;

/// <summary>
/// <c>POST /put</c> of 128 kB batches: an operator in a process of its own, its ledger on local disk with fsync, its
/// six folder providers too, and the clients in this
/// process. Beside it, what the KZG engine alone commits to with a thread for each processor.
/// </summary>
internal static class PutBenchmark
{
    private const int BatchBytes = 128_000;
    private static readonly int[] Concurrencies = [1, 8, 64];
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);

    /// <summary>Runs the load, prints the table and writes it to benchmarks/results.</summary>
    public static async Task<int> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("meeda-put-").FullName;
        using Process child = OperatorChild.Start("put", folder);
        try
        {
            double engine = double.Parse(await OperatorChild.LineAsync(child), CultureInfo.InvariantCulture);
            var url = new Uri(await OperatorChild.LineAsync(child));
            using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 })
            {
                BaseAddress = url,
            };
            await LoadAsync(http, 8, Warmup);
            var rows = new List<Row>();
            foreach (int concurrency in Concurrencies)
            {
                rows.Add(Row.Of(concurrency, await LoadAsync(http, concurrency, Duration), engine));
            }

            child.StandardInput.Close();
            string last = await OperatorChild.LineAsync(child);
            await child.WaitForExitAsync();
            string table =
                $"# POST /put of {BatchBytes:N0}-byte batches, SQLite and six folders with fsync, "
                + $"{Environment.ProcessorCount} processors for service and clients together\n\n"
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $"The KZG engine alone, a thread for each processor: {engine:F0} batches a second.\n\n"
                )
                + "| clients | batches/s | MB/s | of the engine alone | median ms | p90 | p99 | longest |\n| ---: "
                + "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
                + string.Concat(rows.Select(row => row.ToMarkdown()))
                + $"\n{last}\n";
            Results.Write("put", table, JsonSerializer.Serialize(new { engine, rows }));
            return 0;
        }
        finally
        {
            await OperatorChild.EndAsync(child);
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The service: says what the engine alone does, then its URL, and runs until its input ends.</summary>
    public static async Task<int> RunChildAsync(string folder)
    {
        Console.WriteLine(EngineAlone().ToString(CultureInfo.InvariantCulture));
        return await OperatorChild.RunAsync(folder);
    }

    /// <summary>Batches a second that the engine commits to, encoding included.</summary>
    private static double EngineAlone()
    {
        var key = new CommitmentKey(TrustedSetup.Ethereum);
        byte[] payload = RandomNumberGenerator.GetBytes(BatchBytes);
        int blobs = BlobEncoding.BlobCount(BatchBytes);
        long end = 0,
            done = 0;
        void Work()
        {
            var blob = new byte[Blob.ByteLength];
            while (Stopwatch.GetTimestamp() < Volatile.Read(ref end))
            {
                for (int i = 0; i < blobs; i++)
                {
                    BlobEncoding.EncodeBlob(payload, i, blob);
                    key.Commit(blob);
                }

                Interlocked.Increment(ref done);
            }
        }

        foreach (TimeSpan span in (TimeSpan[])[TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)])
        {
            done = 0;
            end = Stopwatch.GetTimestamp() + (long)(span.TotalSeconds * Stopwatch.Frequency);
            Parallel.For(
                0,
                Environment.ProcessorCount,
                new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
                _ => Work()
            );
        }

        return done / 4.0;
    }

    private static async Task<List<double>> LoadAsync(HttpClient http, int concurrency, TimeSpan duration)
    {
        long end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        List<double>[] latencies = await Task.WhenAll(
            Enumerable
                .Range(0, concurrency)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        var mine = new List<double>();
                        byte[] payload = RandomNumberGenerator.GetBytes(BatchBytes);
                        for (ulong i = 0; Stopwatch.GetTimestamp() < end; i++)
                        {
                            BinaryPrimitives.WriteUInt64LittleEndian(payload, i);
                            using var body = new ByteArrayContent(payload);
                            long started = Stopwatch.GetTimestamp();
                            using HttpResponseMessage answer = await http.PostAsync(
                                new Uri("put", UriKind.Relative),
                                body
                            );
                            answer.EnsureSuccessStatusCode();
                            mine.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                        }

                        return mine;
                    })
                )
        );
        return [.. latencies.SelectMany(each => each)];
    }

    private sealed record Row(
        int Clients,
        double BatchesPerSecond,
        double OfTheEngine,
        double Median,
        double P90,
        double P99,
        double Longest
    )
    {
        public static Row Of(int clients, List<double> latencies, double engine)
        {
            latencies.Sort();
            double rate = latencies.Count / Duration.TotalSeconds;
            return new Row(
                clients,
                rate,
                rate / engine,
                At(latencies, 0.5),
                At(latencies, 0.9),
                At(latencies, 0.99),
                latencies[^1]
            );
        }

        public string ToMarkdown() =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {Clients} | {BatchesPerSecond:F0} | {BatchesPerSecond * BatchBytes / 1e6:F1} | "
                    + $"{OfTheEngine:P0} | {Median:F1} | {P90:F1} | {P99:F1} | {Longest:F0} |\n"
            );

        private static double At(List<double> sorted, double quantile) => sorted[(int)((sorted.Count - 1) * quantile)];
    }
}
