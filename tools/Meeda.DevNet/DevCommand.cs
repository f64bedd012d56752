using System.CommandLine;
using System.Net;
using System.Text.Json;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Node.Cli;

namespace Meeda.DevNet;

/// <summary><c>dev</c>: a local network that keeps running, for a person or a script to play with.</summary>
internal static class DevCommand
{
    private const string Marker = "local-network";

    /// <summary>The command with its options.</summary>
    public static Command Build()
    {
        var folder = new Option<string>("--folder")
        {
            Description = "where the operator keeps its data; emptied at each start, since the L1 is new each time",
            DefaultValueFactory = _ => Path.Combine(".meeda", "dev"),
        };
        var port = new Option<string>("--port")
        {
            Description = "the operator's port, 0 for a free one",
            DefaultValueFactory = _ => "3100",
        };
        var l1Port = new Option<string>("--l1-port")
        {
            Description = "the L1's port, 0 for a free one",
            DefaultValueFactory = _ => "18545",
        };
        var json = new Option<bool>("--json")
        {
            Description = "print one line of JSON with the URLs once everything answers, and nothing else",
        };
        var command = new Command("dev", "Keep a local L1, the contract and an operator running until Ctrl-C")
        {
            folder,
            port,
            l1Port,
            json,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed.GetValue(folder)!,
                    Port(l1Port, parsed),
                    Port(port, parsed),
                    parsed.GetValue(json),
                    cancellationToken
                )
        );
        return command;
    }

    private static int Port(Option<string> option, ParseResult parsed) =>
        SettingValue.Whole(parsed.GetValue(option)!.Trim(), 0, IPEndPoint.MaxPort, inBytes: false) is { } port
            ? (int)port
            : throw new SetupException(
                $"{option.Name}: '{parsed.GetValue(option)}' is no port, a whole number from 0 to {IPEndPoint.MaxPort}"
            );

    private static async Task<int> RunAsync(
        string folder,
        int l1Port,
        int port,
        bool json,
        CancellationToken cancellationToken
    )
    {
        OwnerOnly.Apply();
        Empty(folder);
        await using LocalNetwork network = await LocalNetwork.StartAsync(
            new LocalNetworkSettings(folder, l1Port, port, Quiet: json),
            cancellationToken
        );
        Console.WriteLine(
            json
                ? JsonSerializer.Serialize(
                    new
                    {
                        l1 = network.L1.ToString(),
                        contract = network.System.Address.ToString(),
                        @operator = network.OperatorUrl.ToString(),
                    }
                )
                : Welcome(network, folder)
        );
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how this command ends: nothing failed.
        }

        return ExitCode.Success;
    }

    private static string Welcome(LocalNetwork network, string folder) =>
        $"""

            L1        {network.L1}  (anvil, a block each second)
            contract  {network.System.Address}
            operator  {network.OperatorUrl}
            data      {Path.GetFullPath(folder)}

            Try it:
              curl -s --data-binary @README.md {network.OperatorUrl}put | xxd -p -c 40
              curl -s {network.OperatorUrl}get/0x<the 70 digits that this printed>
            Ctrl-C stops everything.

            """;

    /// <summary>
    /// Empties a folder that an earlier run made; one with any other content is rejected, because it may be a user's
    /// data.
    /// </summary>
    private static void Empty(string folder)
    {
        try
        {
            if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            {
                if (!File.Exists(Path.Combine(folder, Marker)))
                {
                    throw new SetupException(
                        $"--folder: {Path.GetFullPath(folder)} holds files that are not of a local network; "
                            + "choose an empty or absent one"
                    );
                }

                Directory.Delete(folder, recursive: true);
            }

            Directory.CreateDirectory(folder);
            File.WriteAllText(
                Path.Combine(folder, Marker),
                "Made by `meeda dev`, which empties this folder at each start.\n"
            );
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException(
                $"--folder: {Path.GetFullPath(folder)} cannot be used: {unusable.Message.TrimEnd('.')}"
            );
        }
    }
}
