using System.CommandLine;
using System.Text.Json;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Node.Cli.Configuration;

namespace Meeda.Node.Cli.Backups;

/// <summary><c>backup</c>: copies the data that only this machine has, also while the operator runs.</summary>
internal static class BackupCommand
{
    /// <summary>The option that names the operator's data folder.</summary>
    internal static Option<string?> FolderOption() =>
        new("--folder")
        {
            Description = "the operator's data folder (Meeda__Storage__Folder) [default: .meeda/operator]",
        };

    /// <summary>The command with its options.</summary>
    public static Command Build()
    {
        var destination = new Argument<string>("backup")
        {
            Description = "the folder to create, or a file that ends with .tar; it must not exist yet",
        };
        Option<string?> folder = FolderOption();
        Option<string?> config = ConfigOption.Build();
        var json = new Option<bool>("--json") { Description = "print the manifest as one line of JSON" };
        var command = new Command("backup", "Back up ledger, tenants and light node; no keys and no rows")
        {
            destination,
            folder,
            config,
            json,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed.GetValue(destination)!,
                    BackupSettings.Read(
                        new SettingsReader(
                            new Dictionary<string, string?> { ["Meeda:Storage:Folder"] = parsed.GetValue(folder) },
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
        string destination,
        BackupSettings settings,
        bool json,
        CancellationToken cancellationToken
    )
    {
        if (settings.Storage.Database is not null)
        {
            await Console.Error.WriteLineAsync(
                "meeda: database: the ledger is in PostgreSQL, which pg_dump --format=custom --file=FILE DATABASE "
                    + "backs up; docs/guides/backup.md describes how to restore it"
            );
            return ExitCode.Elsewhere;
        }

        OwnerOnly.Apply();
        BackupManifest manifest;
        try
        {
            manifest = await new BackupWriter(settings, TimeProvider.System).WriteAsync(destination, cancellationToken);
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
            throw new SetupException($"backup: {destination} was not made: {failure.Message.TrimEnd('.')}");
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(manifest, CliJson.Default.BackupManifest));
            return ExitCode.Success;
        }

        Console.WriteLine($"Backed up to {destination}:");
        foreach (BackedUpFile file in manifest.Files)
        {
            Console.WriteLine($"  {file.Name}  {file.Bytes} bytes  {file.Holds}");
        }

        Console.WriteLine("Not in it:");
        foreach (string other in manifest.NotIncluded)
        {
            Console.WriteLine($"  {other}");
        }

        foreach (string warning in manifest.Warnings)
        {
            await Console.Error.WriteLineAsync($"meeda: {warning}");
        }

        return ExitCode.Success;
    }
}
