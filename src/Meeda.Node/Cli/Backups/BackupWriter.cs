using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Operator.Persistence;
using Meeda.Storage;

namespace Meeda.Node.Cli.Backups;

/// <summary>Makes backups.</summary>
/// <param name="settings">What is backed up.</param>
/// <param name="time">The clock.</param>
internal sealed class BackupWriter(BackupSettings settings, TimeProvider time)
{
    private const string Keys =
        "the private key and key files, which are never in a backup; keep the key elsewhere too, since without it "
        + "this backup is useless";

    /// <summary>Makes a backup. It appears under its name only once it is complete and durable.</summary>
    /// <param name="destination">The folder to create, or a file that ends with .tar.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="SetupException">There is nothing to back up, or the destination exists.</exception>
    /// <exception cref="IOException">It cannot be written, or a copy is incomplete.</exception>
    public async Task<BackupManifest> WriteAsync(string destination, CancellationToken cancellationToken)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));
        if (Path.Exists(path))
        {
            throw new SetupException($"backup: {destination} exists and is not overwritten; name another one");
        }

        (string Source, string Name, string Holds)[] sources = [.. Sources().Where(each => File.Exists(each.Source))];
        if (sources.Length == 0)
        {
            throw new SetupException(
                $"--folder: {Path.GetFullPath(settings.Storage.Folder)} holds no operator's ledger, and "
                    + $"{Path.GetFullPath(settings.LightFolder)} no light node's; name the operator's data folder "
                    + "(--folder, Meeda__Storage__Folder or --config)"
            );
        }

        DurableFile.CreateFolder(Path.GetDirectoryName(path)!);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        Directory.CreateDirectory(temporary);
        try
        {
            BackupManifest manifest = await CopyAsync(temporary, sources, cancellationToken);
            await File.WriteAllBytesAsync(
                Path.Combine(temporary, BackupManifest.FileName),
                JsonSerializer.SerializeToUtf8Bytes(manifest, CliJson.Default.BackupManifest),
                cancellationToken
            );
            await PublishAsync(temporary, path, cancellationToken);
            return manifest;
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    /// <summary>The SHA-256 of a file, 64 hex digits.</summary>
    internal static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }

    // The tenants after the ledger, so that the tenant of every batch in the ledger is included.
    private IEnumerable<(string Source, string Name, string Holds)> Sources() =>
        [
            (
                settings.LedgerFile,
                BackupManifest.Ledger,
                "the operator's ledger: batches, payloads that are not at providers, transactions that were sent"
            ),
            (
                Path.Combine(settings.Storage.Folder, BackupManifest.Tenants),
                BackupManifest.Tenants,
                "the tenants: hashes of their keys, quotas, usage"
            ),
            (
                Path.Combine(settings.LightFolder, BackupManifest.LightNode),
                BackupManifest.LightNode,
                "the light node's database: what it has spent, and what it read from L1"
            ),
        ];

    private async Task<BackupManifest> CopyAsync(
        string folder,
        IEnumerable<(string Source, string Name, string Holds)> sources,
        CancellationToken cancellationToken
    )
    {
        DateTimeOffset madeAt = time.GetUtcNow();
        LedgerBinding? bound = null;
        var files = new List<BackedUpFile>();
        foreach ((string source, string name, string holds) in sources)
        {
            string copy = Path.Combine(folder, name);
            await SqliteCopy.MakeAsync(source, copy, cancellationToken);
            long schema;
            await using (var database = new SqliteDatabase(copy))
            {
                schema = await database.VersionAsync(name, cancellationToken);
                if (name == BackupManifest.Ledger)
                {
                    bound = await BindingOfAsync(database, schema, cancellationToken);
                }
            }

            files.Add(
                new BackedUpFile(
                    name,
                    new FileInfo(copy).Length,
                    await HashAsync(copy, cancellationToken),
                    schema,
                    holds
                )
            );
        }

        return new BackupManifest(
            BackupManifest.Known,
            madeAt,
            bound?.ChainId,
            bound?.Contract.ToString(),
            bound?.Account.ToString(),
            files,
            [
                Keys,
                "settings, and the files that they name",
                $"the rows of batches, which are at the providers: {string.Join(", ", Shown(settings.Storage.Places))}",
                "what happens from now on: the first start after a restore finds it on L1 and at the providers",
            ],
            [.. Warnings()]
        );
    }

    private static async Task<LedgerBinding> BindingOfAsync(
        SqliteDatabase ledger,
        long schema,
        CancellationToken cancellationToken
    )
    {
        Database.CheckVersion(Ledger.SchemaName, schema, Ledger.Migrations.Length);
        if (schema < Ledger.Migrations.Length)
        {
            throw new SetupException(
                $"ledger: an older version of Meeda wrote it (schema version {schema}, this program's is "
                    + $"{Ledger.Migrations.Length}): back it up with that version, or start the operator with this one "
                    + "once before"
            );
        }

        return await Ledger.FindBindingAsync(ledger, cancellationToken)
            ?? throw new SetupException("ledger: no operator has started on it yet, so there is nothing to back up");
    }

    private static IEnumerable<string> Shown(IEnumerable<string> places) => places.Select(StorageOptions.Redact);

    private IEnumerable<string> Warnings()
    {
        string data = Path.GetFullPath(settings.Storage.Folder) + Path.DirectorySeparatorChar;
        string[] inside =
        [
            .. settings.Storage.Folders.Where(folder =>
                Path.GetFullPath(folder).StartsWith(data, StringComparison.Ordinal)
            ),
        ];
        if (inside.Length > settings.Storage.ToleratedLosses)
        {
            yield return $"providers: {inside.Length} of them are in the data folder itself ({inside[0]}), and are "
                + "lost with it: batches cannot be read and proven without their rows; name folders on other disks, or "
                + "buckets (Meeda__Storage__Providers)";
        }
    }

    private static async Task PublishAsync(string temporary, string path, CancellationToken cancellationToken)
    {
        if (!path.EndsWith(BackupManifest.ArchiveSuffix, StringComparison.Ordinal))
        {
            DurableFile.PublishFolder(temporary, path);
            return;
        }

        string archive = $"{temporary}{BackupManifest.ArchiveSuffix}";
        try
        {
            await TarFile.CreateFromDirectoryAsync(temporary, archive, includeBaseDirectory: false, cancellationToken);
            DurableFile.Publish(archive, path);
        }
        finally
        {
            File.Delete(archive);
        }
    }
}
