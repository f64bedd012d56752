using System.CommandLine;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.Node.Cli.Configuration;
using Meeda.Node.Cli.Spending;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Cli;

/// <summary>
/// <c>verify</c>: reports what L1 proves about a batch and what it does not, for a verifier that trusts no operator.
/// </summary>
internal static class VerifyCommand
{
    // The maximum that operators accept (MaxBatchBytes); the contract would allow more.
    private const int MaxBytes = 1 << 28;

    /// <summary>The command with its arguments.</summary>
    public static Command Build()
    {
        var batch = new Argument<string>("BATCH")
        {
            Description = "a batch id (64 hex digits), or an OP Stack commitment, generic or keccak",
        };
        var from = new Option<string[]>("--from")
        {
            Description = "an untrusted source of the data; may be given several times",
            AllowMultipleArgumentsPerToken = true,
        };
        var operatorAddress = new Option<string?>("--operator")
        {
            Description = "the operator whose promise is checked [default: the one whose promise lasts longest]",
        };
        var json = new Option<bool>("--json") { Description = "print the report as one line of JSON" };
        Option<string?> config = ConfigOption.Build();
        var command = new Command(
            "verify",
            "Check a batch against L1 from any untrusted source, and report what is proven and what is not"
        )
        {
            batch,
            L1CommandOptions.Rpc,
            L1CommandOptions.Contract,
            from,
            operatorAddress,
            L1CommandOptions.FromBlock,
            json,
            config,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    Parse(parsed.GetValue(batch)!),
                    ReadSettings(L1CommandOptions.SettingsOf(parsed), parsed.GetValue(config)),
                    [.. (parsed.GetValue(from) ?? []).Select(source => ParseUrl("--from", source.TrimEnd('/') + "/"))],
                    parsed.GetValue(operatorAddress) is { } named
                        ? SpendingOptions.ParseAddress("--operator", named)
                        : null,
                    parsed.GetValue(json),
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        AltDaCommitment batch,
        L1Options settings,
        IReadOnlyList<Uri> sources,
        Address? operatorAddress,
        bool json,
        CancellationToken cancellationToken
    )
    {
        using HttpClient http = OutgoingHttp.Client();
        http.MaxResponseContentBufferSize = MaxBytes;
        using L1Session l1 = await L1Session.OpenAsync(settings, cancellationToken);
        EthereumClient client = l1.Client;
        SystemContract system = await l1.SystemAsync(Address.Parse(settings.Contract), cancellationToken);
        var payloads = new List<(string, byte[]?)>();
        foreach (Uri source in sources)
        {
            payloads.Add((source.Authority, await GetAsync(http, source, batch, cancellationToken)));
        }

        var inspection = new BatchInspection(
            client,
            system,
            new CommitmentKey(TrustedSetup.Ethereum),
            new VerificationKey(TrustedSetup.Ethereum),
            settings.FromBlock
        );
        BatchReport report;
        try
        {
            report = await inspection.ReportAsync(batch, operatorAddress, payloads, cancellationToken);
        }
        catch (Exception failure)
            when (failure is L1UnreachableException or JsonRpcException or LogsRefusedException or InvalidDataException)
        {
            throw L1Session.Unreachable(failure);
        }

        Show(report, json);
        return report.Holds ? ExitCode.Success : ExitCode.Failure;
    }

    private static void Show(BatchReport report, bool json)
    {
        if (json)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new VerifyOutput(
                        report.BatchId?.ToString(),
                        report.Operator?.ToString(),
                        report.Holds,
                        report.Checks,
                        report.Unproven
                    ),
                    CliJson.Default.VerifyOutput
                )
            );
            return;
        }

        Console.WriteLine($"batch {report.BatchId?.ToString() ?? "unknown"}");
        foreach (Check check in report.Checks)
        {
            Console.WriteLine($"  {(check.Holds ? "proven" : "FAILS"), -8} {check.What}");
        }

        foreach (string unproven in report.Unproven)
        {
            Console.WriteLine($"  {"open", -8} not proven: {unproven}");
        }
    }

    private static L1Options ReadSettings(Dictionary<string, string?> options, string? file)
    {
        var settings = new SettingsReader(options, file);
        using ServiceProvider all = new ServiceCollection()
            .AddSettings(settings, new L1OptionsValidator())
            .AddSettings(settings, new ProxyOptionsValidator())
            .Validate();
        OutgoingHttp.UseProxy(all.Options<ProxyOptions>());
        return all.Options<L1Options>();
    }

    private static async Task<byte[]?> GetAsync(
        HttpClient http,
        Uri source,
        AltDaCommitment batch,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await http.GetByteArrayAsync(
                new Uri(source, $"get/0x{Convert.ToHexStringLower(batch.Encode())}"),
                cancellationToken
            );
        }
        catch (Exception failure)
            when (failure is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested
            )
        {
            return null;
        }
    }

    /// <summary>Parses a batch id or a commitment.</summary>
    /// <exception cref="SetupException">It is neither.</exception>
    internal static AltDaCommitment Parse(string text)
    {
        if (BatchId.TryParse(text, null, out BatchId id))
        {
            return AltDaCommitment.Of(id);
        }

        byte[] encoded;
        try
        {
            encoded = Convert.FromHexString(
                text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text
            );
        }
        catch (FormatException)
        {
            throw new SetupException("BATCH: a batch id or a commitment in hex is needed");
        }

        // The layer byte tells DA layers apart for a rollup; a verifier accepts any.
        return AltDaCommitment.TryDecode(
            encoded,
            encoded.Length > 1 ? encoded[1] : AltDaCommitment.DefaultDaLayerByte,
            out AltDaCommitment commitment,
            out string? error
        )
            ? commitment
            : throw new SetupException($"BATCH: {error}");
    }

    private static Uri ParseUrl(string option, string? text) =>
        HttpUrl.TryParse(text, out Uri? uri)
            ? uri
            : throw new SetupException($"{option}: an absolute http or https URL is needed");
}
