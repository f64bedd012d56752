using System.CommandLine;
using System.Text.Json;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Node.Cli.Configuration;

namespace Meeda.Node.Cli.Backups;

/// <summary>
/// <c>restore</c>: restores a backup into an empty data folder, or marks a ledger that was restored by other means.
/// </summary>
internal static class RestoreCommand
{
    /// <summary>The command with its options.</summary>
    public static Command Build()
    {
        var backup = new Argument<string?>("backup")
        {
            Description = "the folder or .tar file that meeda backup made",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var mark = new Option<bool>("--mark")
        {
            Description =
                "restore nothing: mark a ledger that came back from pg_restore, a snapshot or a copy, or "
                + "that another machine competed with, so that its next start completes it before it sends anything",
        };
        Option<string?> folder = BackupCommand.FolderOption();
        Option<string?> config = ConfigOption.Build();
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var command = new Command("restore", "Restore a backup into an empty data folder")
        {
            backup,
            L1CommandOptions.Rpc,
            L1CommandOptions.Contract,
            mark,
            folder,
            config,
            json,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed.GetValue(backup),
                    parsed.GetValue(mark),
                    BackupSettings.Read(
                        new SettingsReader(
                            new Dictionary<string, string?>(L1CommandOptions.SettingsOf(parsed))
                            {
                                ["Meeda:Storage:Folder"] = parsed.GetValue(folder),
                            },
                            parsed.GetValue(config)
                        )
                    ),
                    parsed.GetValue(json),
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        string? backup,
        bool mark,
        BackupSettings settings,
        bool json,
        CancellationToken cancellationToken
    )
    {
        if (mark == backup is not null)
        {
            throw new SetupException("backup: name a backup, or --mark for a ledger that was restored by other means");
        }

        if (!mark && settings.Storage.Database is not null)
        {
            await Console.Error.WriteLineAsync(
                "meeda: database: the ledger is in PostgreSQL: restore it with pg_restore, then run meeda restore "
                    + "--mark; docs/guides/backup.md has the steps"
            );
            return ExitCode.Elsewhere;
        }

        OwnerOnly.Apply();
        var restoring = new Restoring(settings, TimeProvider.System);
        RestoreOutput output;
        try
        {
            output = mark
                ? await restoring.MarkAsync(cancellationToken)
                : await restoring.RestoreAsync(backup!, cancellationToken);
        }
        catch (Exception failure)
            when (failure
                    is IOException
                        or UnauthorizedAccessException
                        or ArgumentException
                        or InvalidDataException
                        or System.Data.Common.DbException
            )
        {
            throw new SetupException($"restore: it failed: {failure.Message.TrimEnd('.')}");
        }

        Print(output, mark, json);
        return ExitCode.Success;
    }

    private static void Print(RestoreOutput output, bool mark, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(output, CliJson.Default.RestoreOutput));
            return;
        }

        Console.WriteLine(
            mark
                ? "Marked: the next start completes the ledger before anything is sent"
                : $"Restored {string.Join(", ", output.Files)} of {output.MadeAt:u}"
        );
        foreach (string next in output.Next)
        {
            Console.WriteLine($"  {next}");
        }
    }
}
