using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace Meeda.Testing;

/// <summary>
/// Third-party wallets: ethers, siwe and a Safe from npm, in a separate process (tests/peers/wallets).
/// </summary>
public sealed class Wallets : IAsyncDisposable
{
    /// <summary>The variable that names the folder into which the packages are installed.</summary>
    public const string Variable = "MEEDA_WALLETS_FOLDER";

    private readonly Process _process;

    private Wallets(Process process)
    {
        _process = process;
    }

    /// <summary>Starts them; skips the test if they are not installed.</summary>
    public static Wallets Start()
    {
        FastRun.SkipIfFast();
        string? folder = Environment.GetEnvironmentVariable(Variable);
        Skip.If(folder is null, $"the wallets are not installed: run ./meeda test, which installs them ({Variable})");
        string script = Path.Combine(Repository.Root, "tests", "peers", "wallets", "wallets.mjs");
        Process process = Process.Start(
            new ProcessStartInfo("node", [script, folder!])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        return new Wallets(process);
    }

    /// <summary>Runs one command.</summary>
    /// <param name="command">Its name in wallets.mjs.</param>
    /// <param name="arguments">Its arguments.</param>
    public async Task<JsonNode?> AskAsync(string command, JsonObject arguments)
    {
        arguments["command"] = command;
        await _process.StandardInput.WriteLineAsync(arguments.ToJsonString());
        string line =
            await _process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException("the wallets' process ended");
        JsonNode answer = JsonNode.Parse(line)!;
        return answer["error"] is { } error
            ? throw new InvalidOperationException($"{command}: {error}")
            : answer["result"]?.DeepClone();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
