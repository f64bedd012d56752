using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Meeda.Hosting.Settings;
using Meeda.Light;

namespace Meeda.Node.Cli;

/// <summary>
/// <c>light</c>: a light node, which needs an L1 endpoint and the contract's address and nothing else.
/// </summary>
internal static partial class LightCommand
{
    /// <summary>The command with its options. Each is a setting too (<c>Meeda__Section__Name</c>).</summary>
    public static Command Build()
    {
        var rpc = new Option<string?>("--rpc")
        {
            Description =
                "L1 JSON-RPC endpoint, or several with commas between; one that holds credentials belongs in the "
                + "environment (Meeda__L1__Rpc)",
        };
        var contract = new Option<string?>("--contract")
        {
            Description = "address of the MeedaVerifier contract (Meeda__L1__Contract)",
        };
        var keyFile = new Option<string?>("--key-file")
        {
            Description =
                "file with the private key that submits fraud proofs and receives the rewards; without it the light "
                + "node only watches (Meeda__Light__KeyFile)",
        };
        var fromBlock = new Option<string?>("--from-block")
        {
            Description = "L1 block of the contract's deployment (Meeda__L1__FromBlock)",
        };
        var folder = new Option<string?>("--folder")
        {
            Description = "where its ledger is kept (Meeda__Light__Folder) [default: .meeda/light]",
        };
        var budget = new Option<string?>("--budget")
        {
            Description =
                "maximum ether that it ever spends, on gas and on bonds (Meeda__Light__Budget) [default: 0.5]",
        };
        var poll = new Option<string?>("--poll")
        {
            Description = "seconds between two polls at L1's head (Meeda__Light__PollInterval) [default: 6]",
        };
        var listen = new Option<string?>("--listen")
        {
            Description =
                "URL under which verifiers may ask it; empty for none (Meeda__Light__Listen) [default: "
                + "http://127.0.0.1:3101]",
        };
        var operators = new Option<string[]>("--operator")
        {
            Description =
                "an operator to sample, ADDRESS=URL of its API; may be given several times "
                + "(Meeda__Light__Operators__0)",
        };
        var sampleInterval = new Option<string?>("--sample-interval")
        {
            Description = "seconds between two polls at those operators (Meeda__Light__SampleInterval) [default: 60]",
        };
        Option<string?> config = ConfigOption.Build();
        var command = new Command(
            "light",
            "Run a light node: verify every proof again from L1 and challenge invalid ones"
        )
        {
            rpc,
            contract,
            keyFile,
            fromBlock,
            folder,
            budget,
            poll,
            listen,
            operators,
            sampleInterval,
            config,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
            {
                var options = new Dictionary<string, string?>
                {
                    ["Meeda:L1:Rpc"] = parsed.GetValue(rpc),
                    ["Meeda:L1:Contract"] = parsed.GetValue(contract),
                    ["Meeda:L1:FromBlock"] = parsed.GetValue(fromBlock),
                    ["Meeda:Light:KeyFile"] = parsed.GetValue(keyFile),
                    ["Meeda:Light:Folder"] = parsed.GetValue(folder),
                    ["Meeda:Light:Budget"] = parsed.GetValue(budget),
                    ["Meeda:Light:PollInterval"] = InSeconds(parsed.GetValue(poll)),
                    ["Meeda:Light:SampleInterval"] = InSeconds(parsed.GetValue(sampleInterval)),
                    ["Meeda:Light:Listen"] = parsed.GetValue(listen),
                };
                foreach ((int index, string each) in (parsed.GetValue(operators) ?? []).Index())
                {
                    options[string.Create(CultureInfo.InvariantCulture, $"Meeda:Light:Operators:{index}")] = each;
                }

                return RunAsync(new SettingsReader(options, parsed.GetValue(config)), cancellationToken);
            }
        );
        return command;
    }

    // These two options say that they are in seconds, so here a bare number has a unit.
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
