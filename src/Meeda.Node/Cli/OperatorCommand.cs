using System.CommandLine;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.Node.Cli.Accounts;
using Meeda.Node.Cli.Configuration;
using Meeda.Operator;

namespace Meeda.Node.Cli;

/// <summary><c>operator</c>: runs the service, beside a rollup's batcher, against any L1.</summary>
internal static class OperatorCommand
{
    /// <summary>
    /// Builds the command with its options. Each is a setting too (<c>Meeda__Section__Name</c>), which is the place for
    /// a URL with credentials.
    /// </summary>
    public static Command Build()
    {
        var keyFile = new Option<string?>("--key-file")
        {
            Description = "file with the operator's private key, 64 hex digits (Meeda__L1__KeyFile)",
        };
        var folder = new Option<string?>("--folder")
        {
            Description = "the folder for batches and ledger (Meeda__Storage__Folder)",
        };
        var listen = new Option<string?>("--listen")
        {
            Description = "URL to listen on (Meeda__Http__Listen) [default: http://127.0.0.1:3100]",
        };
        Option<string?> config = ConfigOption.Build();
        var command = new Command("operator", "Run an operator: accept batches, then keep, anchor and prove them")
        {
            L1CommandOptions.Rpc,
            L1CommandOptions.Contract,
            keyFile,
            L1CommandOptions.FromBlock,
            folder,
            listen,
            config,
        };
        foreach (Command part in AccountCommands.Build())
        {
            command.Add(part);
        }

        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    new SettingsReader(
                        new Dictionary<string, string?>(L1CommandOptions.SettingsOf(parsed))
                        {
                            ["Meeda:L1:KeyFile"] = parsed.GetValue(keyFile),
                            ["Meeda:Storage:Folder"] = parsed.GetValue(folder),
                            ["Meeda:Http:Listen"] = parsed.GetValue(listen),
                        },
                        parsed.GetValue(config)
                    ),
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(SettingsReader settings, CancellationToken cancellationToken)
    {
        OwnerOnly.Apply();
        await using WebApplication app = await OperatorApplication.BuildAsync(
            settings,
            quiet: false,
            cancellationToken
        );
        await OperatorApplication.CheckL1Async(app, cancellationToken);
        try
        {
            await ServiceHost.StartAsync(app, cancellationToken);
        }
        catch (IOException taken)
        {
            throw new SetupException($"--listen: cannot listen on the address: {taken.Message.TrimEnd('.')}");
        }

        Console.WriteLine($"Meeda operator listens on {string.Join(" ", app.Urls)}");
        await app.WaitForShutdownAsync(cancellationToken);
        return ExitCode.Success;
    }
}
