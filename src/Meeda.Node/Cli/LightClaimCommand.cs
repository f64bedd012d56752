using System.CommandLine;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Signing;
using Meeda.Light;
using Meeda.Node.Cli.Configuration;
using Meeda.Node.Cli.Spending;

namespace Meeda.Node.Cli;

/// <summary><c>light claim</c>: pays out what the contracts owe a light node.</summary>
internal static class LightClaimCommand
{
    /// <summary>The command with its options.</summary>
    public static Command Build()
    {
        var keyFile = new Option<string?>("--key-file")
        {
            Description = "file with the light node's private key (Meeda__Light__KeyFile)",
        };
        var folder = new Option<string?>("--folder")
        {
            Description = "the light node's folder (Meeda__Light__Folder) [default: .meeda/light]",
        };
        Option<string?> config = ConfigOption.Build();
        var spending = new SpendingOptions();
        var command = new Command("claim", "Pay out rewards and returned bonds to the light node's account")
        {
            L1CommandOptions.Rpc,
            L1CommandOptions.Contract,
            keyFile,
            folder,
            config,
        };
        spending.AddTo(command);
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    new SettingsReader(
                        new Dictionary<string, string?>(L1CommandOptions.SettingsOf(parsed))
                        {
                            ["Meeda:Light:KeyFile"] = parsed.GetValue(keyFile),
                            ["Meeda:Light:Folder"] = parsed.GetValue(folder),
                        },
                        parsed.GetValue(config)
                    ),
                    spending.Read(parsed),
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        SettingsReader settings,
        SpendingChoices choices,
        CancellationToken cancellationToken
    )
    {
        SpendingSettings read = SpendingSettings.Read(settings, needsKey: false);
        var light = settings.Get<LightSettings>();
        PrivateKeySigner signer = light.KeyFile is { } file
            ? SignerOptions.ReadKeyFile(file, read.Signing.Password, read.Signing.PasswordFile)
            : throw new SetupException("key file: the light node's key is needed (--key-file, Meeda__Light__KeyFile)");
        using FolderLock? folderLock = choices.IsDryRun ? null : Lock(light);
        using L1Session l1 = await L1Session.OpenAsync(read.L1, cancellationToken);
        SystemContract system = await l1.SystemAsync(Address.Parse(read.L1.Contract), cancellationToken);
        IReadOnlyList<PlannedTransaction> plan = await Claims.PlanAsync(system, signer.Address, cancellationToken);
        return await new Spender(l1, choices.From ?? signer.Address, choices).RunAsync(
            plan,
            $"Nothing to claim: no contract owes {signer.Address} anything",
            (planned, stop) => TransactionRoute.SendAloneAsync(l1.Client, signer, read.SenderOptions, planned, stop),
            cancellationToken
        );
    }

    // A running light node sends from the same key and claims automatically.
    private static FolderLock? Lock(LightSettings light)
    {
        try
        {
            return Directory.Exists(light.Folder) ? LightLedger.Lock(light.Folder) : null;
        }
        catch (IOException)
        {
            throw new SetupException(
                $"--folder: the light node in {Path.GetFullPath(light.Folder)} is running and claims from "
                    + $"{light.ClaimAbove} ether on automatically (Meeda__Light__ClaimAbove)"
            );
        }
    }
}
