using System.Diagnostics;
using System.Text.Json;

namespace Meeda.Benchmarks;

/// <summary>rust-eth-kzg from its npm package, in a process of node's that reports its own medians.</summary>
internal static class RustPeer
{
    private const string Package = "@crate-crypto/node-eth-kzg";
    private const string Version = "0.10.0";

    /// <summary>Medians in milliseconds by operation, on one thread.</summary>
    /// <param name="cache">Where the package is installed.</param>
    /// <param name="inputs">The inputs by the names that rust-peer.mjs reads.</param>
    public static Dictionary<string, double> Measure(string cache, IReadOnlyDictionary<string, byte[]> inputs)
    {
        string folder = Path.Combine(cache, "rust");
        Directory.CreateDirectory(folder);
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "@crate-crypto", "node-eth-kzg")))
        {
            Execute(
                new(
                    "npm",
                    ["install", $"{Package}@{Version}", "--no-audit", "--no-fund", "--silent", "--prefix", folder]
                )
            );
        }

        foreach ((string name, byte[] bytes) in inputs)
        {
            File.WriteAllBytes(Path.Combine(folder, name), bytes);
        }

        string script = Path.Combine(Results.Root(), "benchmarks", "Meeda.Benchmarks", "rust-peer.mjs");
        ProcessStartInfo start = new("node", [script, folder]) { WorkingDirectory = folder };
        start.Environment["RAYON_NUM_THREADS"] = "1";
        return JsonSerializer.Deserialize<Dictionary<string, double>>(Execute(start))!;
    }

    private static string Execute(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{start.FileName} failed with code {process.ExitCode}");
    }
}
