using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Meeda.Light;
using Microsoft.Data.Sqlite;

namespace Meeda.Benchmarks;

/// <summary>
/// A light node that starts a year late: how long it takes to read and to check 2.6 million anchored blobs and a
/// proof a day, and with what memory. The L1 is
/// <see cref="SyntheticChain"/>, over real HTTP; the light node is the product's, in a process of its own.
/// </summary>
internal static class LightBenchmark
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs it; prints the figures and writes them to benchmarks/results.</summary>
    public static async Task<int> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("meeda-light-").FullName;
        try
        {
            await using SyntheticChain chain = await SyntheticChain.StartAsync();
            Console.WriteLine(
                $"a year: {SyntheticChain.AnchorCount:N0} anchors of {SyntheticChain.BlobsInAnchor} blobs, "
                    + $"{SyntheticChain.LastEpoch} proofs, {SyntheticChain.Head:N0} blocks"
            );
            long started = Stopwatch.GetTimestamp();
            string[] arguments =
            [
                typeof(Node.Cli.ExitCode).Assembly.Location,
                "light",
                "--rpc",
                chain.Url,
                "--contract",
                SyntheticChain.Contract.ToString(),
                "--folder",
                folder,
                "--listen",
                "",
            ];
            using Process light = Process.Start(
                new ProcessStartInfo("dotnet", arguments)
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
            light.OutputDataReceived += (_, _) => { };
            light.ErrorDataReceived += (_, _) => { };
            light.BeginOutputReadLine();
            light.BeginErrorReadLine();
            TimeSpan? read = null;
            TimeSpan? anchors = null;
            try
            {
                while (true)
                {
                    await Task.Delay(Look, TimeProvider.System);
                    (long tip, long openAnchors, long rightProofs, long wrong) = Progress(
                        Path.Combine(folder, "light.sqlite")
                    );
                    if (wrong > 0 || light.HasExited)
                    {
                        throw new InvalidOperationException($"{wrong} verdicts are wrong, or the light node ended");
                    }

                    read ??= tip == (long)SyntheticChain.Head ? Stopwatch.GetElapsedTime(started) : null;
                    anchors ??= read is not null && openAnchors == 0 ? Stopwatch.GetElapsedTime(started) : null;
                    if (anchors is not null && rightProofs == (long)SyntheticChain.LastEpoch)
                    {
                        break;
                    }
                }

                double total = Stopwatch.GetElapsedTime(started).TotalSeconds;
                light.Refresh();
                long memory = light.PeakWorkingSet64 / 1048576;
                long disk = Directory.EnumerateFiles(folder).Sum(file => new FileInfo(file).Length) / 1048576;
                var rows = new (string Name, double Value)[]
                {
                    ("read L1, s", read!.Value.TotalSeconds),
                    ("check every commitment, s", (anchors.Value - read!.Value).TotalSeconds),
                    ("check every proof, s", total - anchors.Value.TotalSeconds),
                    ("whole, s", total),
                    ("peak memory, MiB", memory),
                    ("ledger on disk, MiB", disk),
                };
                Results.Write(
                    "light",
                    "# A light node catches up a year: "
                        + $"{SyntheticChain.AnchorCount * SyntheticChain.BlobsInAnchor:N0} blobs, "
                        + $"{SyntheticChain.LastEpoch} proofs\n\n| part | |\n| --- | ---: |\n"
                        + string.Concat(
                            rows.Select(row =>
                                string.Create(CultureInfo.InvariantCulture, $"| {row.Name} | {row.Value:F0} |\n")
                            )
                        ),
                    JsonSerializer.Serialize(rows.ToDictionary(row => row.Name, row => Math.Round(row.Value, 1)))
                );
                return 0;
            }
            finally
            {
                light.Kill();
                await light.WaitForExitAsync();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (long Tip, long OpenAnchors, long RightProofs, long Wrong) Progress(string path)
    {
        try
        {
            using var connection = new SqliteConnection(
                new SqliteConnectionStringBuilder
                {
                    DataSource = path,
                    Mode = SqliteOpenMode.ReadOnly,
                    Pooling = false,
                }.ToString()
            );
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = $"""
                SELECT (SELECT COALESCE(MAX(number), 0) FROM followed_block), (SELECT COUNT(*) FROM anchor WHERE verdict = {(int)
                    Verdict.Pending}),
                       (SELECT COUNT(*) FROM proof WHERE verdict = {(int)Verdict.Valid}),
                       (SELECT COUNT(*) FROM anchor WHERE verdict = {(int)
                    Verdict.Invalid}) + (SELECT COUNT(*) FROM proof WHERE verdict = {(int)Verdict.Invalid})
                """;
            using SqliteDataReader reader = command.ExecuteReader();
            reader.Read();
            return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
        }
        catch (SqliteException)
        {
            return (0, 0, 0, 0); // not made yet
        }
    }
}
