using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Meeda.Hosting;

namespace Meeda.DevNet;

/// <summary>
/// A local L1: anvil, a real EVM with the Osaka rules, as a child process on the loopback interface. Every chain it
/// makes is new and lives in
/// memory; it ends with this object, and with this process, however that ends.
/// </summary>
internal sealed class LocalL1 : IAsyncDisposable
{
    private const string ListeningPrefix = "Listening on ";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    private LocalL1(Process process, Uri rpc)
    {
        _process = process;
        Rpc = rpc;
    }

    /// <summary>The JSON-RPC endpoint.</summary>
    public Uri Rpc { get; }

    /// <summary>Starts the L1 and waits until it listens.</summary>
    /// <param name="port">A port of the loopback interface, or 0 for a free one.</param>
    /// <param name="blockTime">Time between blocks, whole seconds.</param>
    /// <param name="cancellationToken">Stops the start; nothing keeps running.</param>
    /// <exception cref="SetupException">anvil is missing, the port is taken, or it does not start.</exception>
    public static async Task<LocalL1> StartAsync(int port, TimeSpan blockTime, CancellationToken cancellationToken)
    {
        string binary = Environment.GetEnvironmentVariable("MEEDA_ANVIL") is { Length: > 0 } path
            ? path
            : throw new SetupException(
                "the local L1 (anvil) is not installed: start with ./meeda, which installs it, or set MEEDA_ANVIL "
                    + "to its binary"
            );
        ProcessStartInfo start = Supervised.StartInfo(binary);
        string[] arguments =
        [
            "--host",
            "127.0.0.1",
            "--port",
            port.ToString(CultureInfo.InvariantCulture),
            "--accounts",
            "1",
            "--hardfork",
            "osaka",
            "--enable-tx-gas-limit",
            "--no-request-size-limit",
            "--slots-in-an-epoch",
            "4",
            "--block-time",
            ((int)blockTime.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        Process process;
        try
        {
            process =
                Process.Start(start) ?? throw new SetupException($"the local L1 could not be started from {binary}");
        }
        catch (Win32Exception missing)
        {
            throw new SetupException($"the local L1 could not be started from {binary}: {missing.Message}");
        }

        try
        {
            return new LocalL1(process, await WaitUntilListeningAsync(process, port, cancellationToken));
        }
        catch
        {
            await StopAsync(process);
            throw;
        }
    }

    /// <summary>Ends the L1 and waits until its process is gone.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(_process);

    private static async Task<Uri> WaitUntilListeningAsync(
        Process process,
        int port,
        CancellationToken cancellationToken
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.StartsWith(ListeningPrefix, StringComparison.Ordinal))
                {
                    // The pipe must be read to its end or anvil stops at a full one.
                    _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                    return new Uri($"http://{line[ListeningPrefix.Length..].Trim()}");
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SetupException($"the local L1 did not listen within {StartLimit.TotalSeconds:0} s");
        }

        string reason = (await errors).Trim();
        throw new SetupException(
            reason.Contains("in use", StringComparison.OrdinalIgnoreCase)
                ? $"port {port} is in use by another process, so the local L1 cannot listen there: free it or "
                    + "choose another with --l1-port"
                : $"the local L1 ended at its start: {reason.ReplaceLineEndings(" ")}"
        );
    }

    private static async Task StopAsync(Process process)
    {
        await Supervised.StopAsync(process);
        process.Dispose();
    }
}
