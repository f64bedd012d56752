using System.CommandLine;
using System.Globalization;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Signing;
using Meeda.Node.Cli.Configuration;
using Meeda.Node.Cli.Spending;

namespace Meeda.Node.Cli.Deployment;

/// <summary><c>deploy</c>: deploys the contracts on any L1, by CREATE2, with a self-test.</summary>
internal static class DeployCommand
{
    private static readonly Option<string?> KeyFile = new("--key-file")
    {
        Description = "file with the private key that pays for the deployment (Meeda__L1__KeyFile)",
    };

    private static readonly Option<string?> Parameters = new("--parameters")
    {
        Description = "JSON file with the parameters that differ from the defaults, which assume blocks of 12 s",
    };

    private static readonly Option<string?> Salt = new("--salt")
    {
        Description = "CREATE2 salt, 32 bytes hex, for another address with the same parameters [default: 0]",
    };

    private static readonly Option<ulong?> Chain = new("--chain")
    {
        Description = "the chain id that L1 must have, so that no other chain is paid for; optional for 31337",
    };

    private static readonly Option<string?> Out = new("--out")
    {
        Description = "the file to write the addresses to [default: deployments/<chain id>.json]",
    };

    private static readonly Option<string?> Config = ConfigOption.Build();

    /// <summary>Builds the command with its options.</summary>
    public static Command Build()
    {
        var spending = new SpendingOptions();
        var command = new Command(
            "deploy",
            "Deploy the contracts on an L1; existing ones are tested, and only missing ones are deployed"
        )
        {
            L1CommandOptions.Rpc,
            KeyFile,
            Chain,
            Parameters,
            Salt,
            Out,
            Config,
        };
        spending.AddTo(command);
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(ReadSettings(parsed), parsed, spending.Read(parsed), cancellationToken)
        );
        return command;
    }

    private static SpendingSettings ReadSettings(ParseResult parsed) =>
        SpendingSettings.Read(
            new SettingsReader(
                new Dictionary<string, string?>
                {
                    ["Meeda:L1:Rpc"] = parsed.GetValue(L1CommandOptions.Rpc),
                    ["Meeda:L1:KeyFile"] = parsed.GetValue(KeyFile),
                },
                parsed.GetValue(Config)
            ),
            needsKey: true,
            needsContract: false
        );

    private static async Task<int> RunAsync(
        SpendingSettings settings,
        ParseResult parsed,
        SpendingChoices choices,
        CancellationToken cancellationToken
    )
    {
        using L1Session l1 = await L1Session.OpenAsync(settings.L1, cancellationToken);
        EnsureChain(parsed.GetValue(Chain), l1.ChainId);
        Bytes32 salt = ParseSalt(parsed.GetValue(Salt));
        SystemParameters parameters = parsed.GetValue(Parameters) is { } file
            ? ParametersFile.Read(file)
            : SystemParameters.Default;
        var deployment = new SystemDeployment(l1.Client, parameters, salt);
        if (!await deployment.HasProxyAsync(cancellationToken))
        {
            throw new SetupException(
                $"chain {l1.ChainId}: the deterministic deployment proxy is not at {DeploymentProxy.Address}; its "
                    + "transaction is the same on every chain (github.com/Arachnid/deterministic-deployment-proxy)"
            );
        }

        ulong block = await l1.Client.GetBlockNumberAsync(cancellationToken);
        ITransactionSigner signer = settings.Signing.Open(settings.L1);
        var plan = await deployment.PlanAsync(cancellationToken);
        if (plan.Count > 0 && !choices.IsJson)
        {
            Console.WriteLine(
                "Parameters, permanent: "
                    + string.Join(", ", ParametersFile.Describe(parameters).Select(each => $"{each.Name} {each.Value}"))
            );
        }

        if (plan.Count == 0)
        {
            block = (
                await ContractDeployment.FindAsync(l1.Client, deployment.System.Address, 0, cancellationToken)
            ).Block;
        }

        int exitCode = await new Spender(l1, choices.From ?? signer.Address, choices).RunAsync(
            plan,
            $"Nothing to deploy: everything is deployed already, at {deployment.System.Address}",
            (planned, stop) =>
                TransactionRoute.SendAloneAsync(l1.Client, signer, settings.SenderOptions, planned, stop),
            cancellationToken
        );
        if (exitCode == ExitCode.Success && !choices.IsDryRun)
        {
            await FinishAsync(deployment, l1.ChainId, salt, block, parsed.GetValue(Out), cancellationToken);
        }

        return exitCode;
    }

    private static async Task FinishAsync(
        SystemDeployment deployment,
        ulong chainId,
        Bytes32 salt,
        ulong block,
        string? path,
        CancellationToken cancellationToken
    )
    {
        if (await deployment.FaultAsync(cancellationToken) is { } fault)
        {
            throw new SetupException($"self-test: the deployment at {deployment.System.Address} is invalid: {fault}");
        }

        path ??= Path.Combine("deployments", $"{chainId.ToString(CultureInfo.InvariantCulture)}.json");
        DeploymentFile.Of(chainId, salt, block, deployment.System).Write(path);
        await Console.Error.WriteLineAsync($"meeda: the deployment passed its self-test and is described in {path}");
    }

    private static void EnsureChain(ulong? named, ulong actual)
    {
        if (named is null && actual != 31_337)
        {
            throw new SetupException($"--chain: L1 is chain {actual}; confirm it with --chain {actual}");
        }

        if (named is { } expected && expected != actual)
        {
            throw new SetupException($"--chain: L1 is chain {actual}, not {expected}");
        }
    }

    private static Bytes32 ParseSalt(string? text) =>
        text is null ? default
        : Bytes32.TryParse(text, null, out Bytes32 salt) ? salt
        : throw new SetupException("--salt: 32 bytes in hex are needed");
}
