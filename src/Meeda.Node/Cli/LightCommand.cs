using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Meeda.Hosting.Settings;
using Meeda.Light;
using Meeda.Node.Cli.Configuration;

namespace Meeda.Node.Cli;

/// <summary><c>light</c>: runs a light node, which needs only an L1 endpoint and the contract's address.</summary>
internal static partial class LightCommand
{
    private static readonly Option<string?> KeyFile = new("--key-file")
    {
        Description =
            "file with the private key that submits fraud proofs and receives the rewards; without it the light "
            + "node only watches (Meeda__Light__KeyFile)",
    };

    private static readonly Option<string?> Folder = new("--folder")
    {
        Description = "the folder of its ledger (Meeda__Light__Folder) [default: .meeda/light]",
    };

    private static readonly Option<string?> Budget = new("--budget")
    {
        Description = "maximum ether that it spends in total, on gas and bonds (Meeda__Light__Budget) [default: 0.5]",
    };

    private static readonly Option<string?> Poll = new("--poll")
    {
        Description = "seconds between polls of L1's head (Meeda__Light__PollInterval) [default: 6]",
    };

    private static readonly Option<string?> Listen = new("--listen")
    {
        Description =
            "URL of its API for verifiers; empty for none (Meeda__Light__Listen) [default: " + "http://127.0.0.1:3101]",
    };

    private static readonly Option<string[]> Operators = new("--operator")
    {
        Description =
            "an operator to sample, ADDRESS=URL of its API; may be given several times "
            + "(Meeda__Light__Operators__0)",
    };

    private static readonly Option<string?> SampleInterval = new("--sample-interval")
    {
        Description = "seconds between samplings of those operators (Meeda__Light__SampleInterval) [default: 60]",
    };

    private static readonly Option<string?> Config = ConfigOption.Build();

    /// <summary>Builds the command with its options. Each is a setting too (<c>Meeda__Section__Name</c>).</summary>
    public static Command Build()
    {
        var command = new Command("light", "Run a light node: re-verify every proof from L1 and challenge invalid ones")
        {
            L1CommandOptions.Rpc,
            L1CommandOptions.Contract,
            KeyFile,
            L1CommandOptions.FromBlock,
            Folder,
            Budget,
            Poll,
            Listen,
            Operators,
            SampleInterval,
            Config,
            LightClaimCommand.Build(),
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(new SettingsReader(SettingsOf(parsed), parsed.GetValue(Config)), cancellationToken)
        );
        return command;
    }

    private static Dictionary<string, string?> SettingsOf(ParseResult parsed)
    {
        var settings = new Dictionary<string, string?>(L1CommandOptions.SettingsOf(parsed))
        {
            ["Meeda:Light:KeyFile"] = parsed.GetValue(KeyFile),
            ["Meeda:Light:Folder"] = parsed.GetValue(Folder),
            ["Meeda:Light:Budget"] = parsed.GetValue(Budget),
            ["Meeda:Light:PollInterval"] = InSeconds(parsed.GetValue(Poll)),
            ["Meeda:Light:SampleInterval"] = InSeconds(parsed.GetValue(SampleInterval)),
            ["Meeda:Light:Listen"] = parsed.GetValue(Listen),
        };
        foreach ((int index, string each) in (parsed.GetValue(Operators) ?? []).Index())
        {
            settings[string.Create(CultureInfo.InvariantCulture, $"Meeda:Light:Operators:{index}")] = each;
        }

        return settings;
    }

    // These two options are documented in seconds, so a bare number is accepted here.
    private static string? InSeconds(string? text) =>
        text is not null && BareNumber().IsMatch(text.Trim()) ? text.Trim() + "s" : text;

    private static async Task<int> RunAsync(SettingsReader settings, CancellationToken cancellationToken)
    {
        OwnerOnly.Apply();
        await using LightRole role = await LightNodeApplication.BuildAsync(settings, quiet: false, cancellationToken);
        await role.StartAsync(cancellationToken);
        foreach (string url in role.Urls)
        {
            Console.WriteLine($"Verifier API listening on {url}");
        }

        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Meeda light node follows {role.Options.Contract} from block "
                    + $"{role.Options.FromBlock}{(role.Account is { } account ? $" as {account}" : ", watching only")}"
            )
        );
        try
        {
            await role.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how this command ends.
        }

        return ExitCode.Success;
    }

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+)?$")]
    private static partial Regex BareNumber();
}
