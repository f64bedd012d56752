using System.Diagnostics;
using Meeda.DevNet;
using Xunit;

namespace Meeda.Testing;

/// <summary>
/// A real EVM for a test: anvil with the Osaka rules on a free loopback port, a new chain in memory, one funded
/// account.
/// </summary>
public sealed class Anvil : IAsyncDisposable
{
    private const string ListeningPrefix = "Listening on ";

    private readonly Process _process;

    private Anvil(Process process, Uri rpc)
    {
        _process = process;
        Rpc = rpc;
    }

    /// <summary>
    /// The private key of anvil's first account, which is the same everywhere and funded with 10,000 ether.
    /// </summary>
    public static string FundedKey => "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    /// <summary>
    /// The binary: MEEDA_ANVIL, or the one that npm installed in contracts/; null if there is neither.
    /// </summary>
    public static string? Binary { get; } = Find();

    /// <summary>The JSON-RPC endpoint.</summary>
    public Uri Rpc { get; }

    /// <summary>Starts it; skips the test if it is not installed.</summary>
    /// <param name="arguments">More arguments, for example <c>--no-mining</c>.</param>
    public static Task<Anvil> StartAsync(params string[] arguments) => StartAtAsync(0, arguments);

    /// <summary>As <see cref="StartAsync"/>, on a given port: an earlier one's.</summary>
    /// <param name="port">The port, 0 for a free one.</param>
    /// <param name="arguments">More arguments.</param>
    public static async Task<Anvil> StartAtAsync(int port, params string[] arguments)
    {
        FastRun.SkipIfFast();
        Skip.If(Binary is null, "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL");
        ProcessStartInfo start = Supervised.StartInfo(Binary!);
        foreach (
            string argument in (string[])
                [
                    "--port",
                    $"{port}",
                    "--hardfork",
                    "osaka",
                    "--enable-tx-gas-limit",
                    "--no-request-size-limit",
                    .. arguments,
                ]
        )
        {
            start.ArgumentList.Add(argument);
        }

        Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(ListeningPrefix, StringComparison.Ordinal))
            {
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return new Anvil(process, new Uri($"http://{line[ListeningPrefix.Length..].Trim()}"));
            }
        }

        // Its output ended, so it has ended.
        await Supervised.StopAsync(process);
        process.Dispose();
        throw new InvalidOperationException($"anvil did not start: {await errors}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Supervised.StopAsync(_process);
        _process.Dispose();
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("MEEDA_ANVIL") is { Length: > 0 } named)
        {
            return named;
        }

        string modules = Path.Combine(Repository.Root, "contracts", "node_modules", "@foundry-rs");
        return Directory.Exists(modules)
            ? Directory.EnumerateFiles(modules, "anvil", SearchOption.AllDirectories).FirstOrDefault()
            : null;
    }
}
