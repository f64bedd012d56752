using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Benchmarks;

/// <summary>
/// Parity rows on one core, once for each instruction set: megabytes of data rows a second, for encoding and for
/// decoding with as many rows lost as may be.
/// </summary>
internal static class ParityBenchmark
{
    private const int Samples = 31;

    // Data rows and parity rows.
    private static readonly (int N, int M)[] Shapes = [(1, 2), (4, 2), (8, 4), (8, 8), (32, 16), (133, 68)];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Runs a child for each instruction set; prints the table and writes it to benchmarks/results.</summary>
    public static int Run()
    {
        var results = new Dictionary<string, List<Measurement>>();
        var table = new StringBuilder(
            "# Parity rows on one core: MB of data rows a second, medians\n\n| instructions | data + parity rows "
                + "| encode | decode, as many data rows lost as may be |\n| --- | --- | ---: | ---: |\n"
        );
        foreach ((string name, string? variable) in Child.InstructionSets)
        {
            ProcessStartInfo start = Child.Start("parity", "--child");
            start.Environment["DOTNET_PROCESSOR_COUNT"] = "1"; // Work is split among processors: one core is asked for.
            results[name] = JsonSerializer.Deserialize<List<Measurement>>(Child.Result(start, variable))!;
            foreach (Measurement m in results[name])
            {
                table.Append(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {m.DataRows} + {m.ParityRows} | {m.Encode:F0} | {m.Decode:F0} |\n"
                );
            }
        }

        Results.Write("parity", table.ToString(), JsonSerializer.Serialize(results, Indented));
        return 0;
    }

    /// <summary>Measures in this process and prints the result as one line of JSON.</summary>
    public static int RunChild()
    {
        var measurements = new List<Measurement>();
        foreach ((int n, int m) in Shapes)
        {
            byte[] data = RandomNumberGenerator.GetBytes(n * Blob.ByteLength);
            for (int i = 0; i < data.Length; i += Blob.ElementLength)
            {
                data[i] &= 0x3f;
            }

            var parity = new byte[m * Blob.ByteLength];
            double encode = Median(() => ParityRows.Encode(data, parity));
            int lost = Math.Min(n, m);
            int[] present = [.. Enumerable.Range(lost, n)];
            ReadOnlyMemory<byte>[] rows =
            [
                .. present.Select(row =>
                    row < n
                        ? data.AsMemory(row * Blob.ByteLength, Blob.ByteLength)
                        : parity.AsMemory((row - n) * Blob.ByteLength, Blob.ByteLength)
                ),
            ];
            int[] missing = [.. Enumerable.Range(0, lost)];
            var recovered = new byte[lost * Blob.ByteLength];
            Memory<byte>[] places =
            [
                .. missing.Select(row => recovered.AsMemory(row * Blob.ByteLength, Blob.ByteLength)),
            ];
            double decode = Median(() => ParityRows.Recover(present, rows, missing, places));
            if (!recovered.AsSpan().SequenceEqual(data.AsSpan(0, recovered.Length)))
            {
                throw new InvalidOperationException("what was recovered is not what was lost");
            }

            measurements.Add(new(n, m, data.Length / encode / 1000, data.Length / decode / 1000));
        }

        Child.Report(JsonSerializer.Serialize(measurements));
        return 0;
    }

    /// <summary>The median of milliseconds, once the JIT has settled.</summary>
    private static double Median(Action action)
    {
        long warm = Stopwatch.GetTimestamp();
        for (int i = 0; i < 200 && Stopwatch.GetElapsedTime(warm).TotalMilliseconds < 1000; i++)
        {
            action();
        }

        var times = new List<double>();
        for (int i = 0; i < Samples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        return times[Samples / 2];
    }

    private sealed record Measurement(int DataRows, int ParityRows, double Encode, double Decode);
}
