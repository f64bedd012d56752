using System.Globalization;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Node.Cli.Spending;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;

namespace Meeda.Node.Cli.Backups;

/// <summary>Restores backups, and marks ledgers as older than the last use of their keys.</summary>
/// <param name="settings">The locations to restore to.</param>
/// <param name="time">The clock.</param>
internal sealed class Restoring(BackupSettings settings, TimeProvider time)
{
    private const string Start =
        "start the operator with the same key: it follows L1, uses up the nonces that the earlier machine may have "
        + "signed for, and searches the providers for what was placed since; then it accepts puts and sends";

    /// <summary>Restores a backup into an empty data folder, and marks the ledger.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="cancellationToken">Stops the work; then nothing is restored.</param>
    /// <exception cref="SetupException">
    /// The backup is damaged or another operator's, or the folder is not empty.
    /// </exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public async Task<RestoreOutput> RestoreAsync(string backup, CancellationToken cancellationToken)
    {
        string folder = Path.GetFullPath(settings.Storage.Folder);
        EnsureEmpty(folder);
        string room = Path.GetDirectoryName(folder) ?? folder;
        using BackupReader reader = await BackupReader.OpenAsync(backup, room, cancellationToken);
        BackupManifest manifest = reader.Manifest;
        var next = new List<string>();
        if (manifest.Account is not null)
        {
            await EnsureOursAsync(manifest, next, cancellationToken);
        }

        DurableFile.CreateFolder(folder);
        using FolderLock folderLock = TryLock(folder) ?? throw Running();

        // The ledger last: without it a partly restored operator cannot start.
        foreach (BackedUpFile file in manifest.Files.OrderBy(file => file.Name == BackupManifest.Ledger))
        {
            await PutBackAsync(reader.PathOf(file), file, manifest, cancellationToken);
        }

        next.AddRange(NextAfter(manifest));
        return new RestoreOutput(folder, manifest.MadeAt, [.. manifest.Files.Select(file => file.Name)], next);
    }

    /// <summary>Marks the configured ledger, on which no operator may run.</summary>
    /// <exception cref="SetupException">
    /// There is none, an operator runs on it, or its schema has another version.
    /// </exception>
    public async Task<RestoreOutput> MarkAsync(CancellationToken cancellationToken)
    {
        string folder = Path.GetFullPath(settings.Storage.Folder);
        if (settings.Storage.Database is null && !File.Exists(settings.LedgerFile))
        {
            throw new SetupException($"--folder: {folder} holds no operator's ledger");
        }

        using FolderLock? folderLock = settings.Storage.Database is null ? TryLock(folder) ?? throw Running() : null;
        await using Database database = settings.Storage.Database is { } connection
            ? new PostgresDatabase(connection)
            : new SqliteDatabase(settings.LedgerFile);
        long schema = await database.VersionAsync(Ledger.SchemaName, cancellationToken);
        Database.CheckVersion(Ledger.SchemaName, schema, Ledger.Migrations.Length);
        if (schema == 0)
        {
            throw new SetupException("database: it holds no operator's ledger");
        }

        await using Ledger ledger = await OpenFreeAsync(database, cancellationToken);
        await ledger.MarkRestoredAsync("it was marked by meeda restore --mark", time.GetUtcNow(), cancellationToken);
        return new RestoreOutput(folder, MadeAt: null, [], [Start, .. Lost]);
    }

    private static string[] Lost =>
        [
            "batches that were acknowledged but at no provider when the earlier machine was lost are lost: their "
                + "clients must put them again (with AckLevel placed there are none)",
            "renewals since the backup are unknown: renew those batches again",
            "tenants' keys are as of the backup: repeat what was created, rotated or revoked since",
        ];

    private static SetupException Running() =>
        new("--folder: an operator runs on it, or its operator.lock cannot be written; stop it first");

    private async Task<Ledger> OpenFreeAsync(Database database, CancellationToken cancellationToken)
    {
        var lease = new Lease(database, settings.Storage.LeaseTerm);
        Ledger ledger = await Ledger.OpenAsync(database, lease, cancellationToken);
        if (await lease.TryHoldAsync(cancellationToken))
        {
            await lease.ReleaseAsync(cancellationToken);
            return ledger;
        }

        await ledger.DisposeAsync();
        throw new SetupException(
            "database: an operator leads on it, or did until seconds ago; stop all operators first"
        );
    }

    /// <summary>Rejects a folder that contains anything other than the providers' folders.</summary>
    private void EnsureEmpty(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        string[] providers = [.. settings.Storage.Folders.Select(Path.GetFullPath)];
        if (
            Array.Find(
                Directory.GetFileSystemEntries(folder),
                entry =>
                    !Array.Exists(
                        providers,
                        provider => $"{provider}/".StartsWith($"{entry}/", StringComparison.Ordinal)
                    )
                    && Path.GetFileName(entry) != "operator.lock"
            ) is
            { } found
        )
        {
            throw new SetupException(
                $"--folder: {folder} is not empty ({Path.GetFileName(found)} is in it), and nothing is overwritten; "
                    + "name an empty folder, or move its contents away"
            );
        }
    }

    /// <summary>Rejects another operator's backup.</summary>
    private async Task EnsureOursAsync(BackupManifest manifest, List<string> next, CancellationToken cancellationToken)
    {
        var backed = new LedgerBinding(
            manifest.ChainId ?? 0,
            Address.Parse(manifest.Contract!),
            Address.Parse(manifest.Account!)
        );
        ulong chainId = backed.ChainId;
        if (settings.L1.Rpc.Length == 0)
        {
            next.Add("no L1 is configured (Meeda__L1__Rpc): the chain was not compared, the operator's start does");
        }
        else
        {
            try
            {
                using L1Session session = await L1Session.OpenAsync(settings.L1, cancellationToken);
                chainId = session.ChainId;
            }
            catch (SetupException away)
            {
                next.Add($"the chain was not compared ({away.Message}); the operator's start does");
            }
        }

        if (settings.Account is null)
        {
            next.Add("no key and no account are configured: the account was not compared, the operator's start does");
        }

        var mine = new LedgerBinding(chainId, settings.Contract ?? backed.Contract, settings.Account ?? backed.Account);
        if (backed.DifferenceFrom(mine) is { } difference)
        {
            throw LedgerOwner.Refusal("backup", difference);
        }
    }

    private async Task PutBackAsync(
        string source,
        BackedUpFile file,
        BackupManifest manifest,
        CancellationToken cancellationToken
    )
    {
        string folder = settings.FolderOf(file.Name);
        string path = Path.Combine(folder, file.Name);
        if (File.Exists(path))
        {
            throw new SetupException($"restore: {Path.GetFullPath(path)} exists and is not overwritten");
        }

        DurableFile.CreateFolder(folder);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.Copy(source, temporary);
            if (file.Name == BackupManifest.Ledger)
            {
                await using var ledger = new SqliteDatabase(temporary);
                await EnsureSameAsync(ledger, manifest, cancellationToken);
                await Ledger.MarkRestoredAsync(
                    ledger,
                    string.Create(CultureInfo.InvariantCulture, $"it comes from the backup of {manifest.MadeAt:u}"),
                    time.GetUtcNow(),
                    cancellationToken
                );
            }

            DurableFile.Publish(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Checks the manifest against the ledger itself, since a manifest may have been edited.</summary>
    private static async Task EnsureSameAsync(
        SqliteDatabase ledger,
        BackupManifest manifest,
        CancellationToken cancellationToken
    )
    {
        LedgerBinding? bound = await Ledger.FindBindingAsync(ledger, cancellationToken);
        if (
            bound is null
            || bound.ChainId != manifest.ChainId
            || bound.Contract.ToString() != manifest.Contract
            || bound.Account.ToString() != manifest.Account
        )
        {
            throw new SetupException("backup: its ledger is not the one that its manifest describes");
        }
    }

    private static IEnumerable<string> NextAfter(BackupManifest manifest)
    {
        if (manifest.Account is not null)
        {
            yield return "make sure that the earlier machine never starts again with this key";
            yield return Start;
            foreach (string lost in Lost)
            {
                yield return lost;
            }
        }

        if (manifest.Files.Any(file => file.Name == BackupManifest.LightNode))
        {
            yield return "what the light node has spent since the backup is unknown: lower Meeda__Light__Budget "
                + "by it";
        }
    }

    private static FolderLock? TryLock(string folder)
    {
        try
        {
            return new FolderLock(folder, "operator");
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
