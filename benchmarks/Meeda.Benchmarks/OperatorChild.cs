using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Meeda.Kzg.Commitments;
using Meeda.Operator;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Meeda.Benchmarks;

/// <summary>
/// An operator in a process of its own, ledger and providers on local disk with fsync; its L1 does not answer.
/// </summary>
internal static class OperatorChild
{
    /// <summary>Starts this program as the child of a benchmark.</summary>
    public static Process Start(string benchmark, string folder)
    {
        ProcessStartInfo start = Child.Start(benchmark, "--child", folder);
        start.RedirectStandardOutput = true;
        start.RedirectStandardInput = true;
        return Process.Start(start)!;
    }

    /// <summary>The child's next line.</summary>
    public static async Task<string> LineAsync(Process child) =>
        await child.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the service ended");

    /// <summary>Ends the child, where it has not ended by itself.</summary>
    public static async Task EndAsync(Process child)
    {
        if (!child.HasExited)
        {
            child.Kill();
            await child.WaitForExitAsync();
        }
    }

    /// <summary>In the child: prints the operator's URL, and what it took once the input has ended.</summary>
    public static async Task<int> RunAsync(string folder)
    {
        Meeda.Node.Cli.OwnerOnly.Apply();
        string keyFile = Path.Combine(folder, "operator.key");
        await File.WriteAllTextAsync(keyFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        await using WebApplication app = await OperatorApplication.BuildAsync(
            new Dictionary<string, string?>
            {
                ["Meeda:Storage:Folder"] = Path.Combine(folder, "data"),
                ["Meeda:L1:Rpc"] = "http://127.0.0.1:1",
                ["Meeda:L1:PollInterval"] = "00:01:00",
                ["Meeda:L1:Contract"] = "0x00000000000000000000000000000000000000c0",
                ["Meeda:L1:KeyFile"] = keyFile,
            },
            "http://127.0.0.1:0",
            quiet: true,
            CancellationToken.None
        );
        _ = app.Services.GetRequiredService<CommitmentKey>();
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        await Console.In.ReadToEndAsync();
        using Process self = Process.GetCurrentProcess();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Of the service: peak memory {self.PeakWorkingSet64 >> 20} MiB, "
                    + $"{self.TotalProcessorTime.TotalSeconds:F0} s of processor time, {GC.CollectionCount(2)} "
                    + $"full collections, {GC.GetTotalPauseDuration().TotalMilliseconds:F0} ms of pauses."
            )
        );
        await app.StopAsync();
        return 0;
    }
}
