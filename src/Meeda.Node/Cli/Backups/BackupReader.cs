using System.Formats.Tar;
using System.Text.Json;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Light;
using Meeda.Operator.Persistence;

namespace Meeda.Node.Cli.Backups;

/// <summary>
/// Reads and checks a backup. An archive is unpacked into a temporary folder, which is deleted on disposal.
/// </summary>
internal sealed class BackupReader : IDisposable
{
    private readonly string _folder;
    private readonly bool _isUnpacked;

    private BackupReader(string folder, bool isUnpacked, BackupManifest manifest) =>
        (_folder, _isUnpacked, Manifest) = (folder, isUnpacked, manifest);

    /// <summary>The backup's manifest.</summary>
    public BackupManifest Manifest { get; }

    /// <summary>Opens a backup and checks that every file is intact.</summary>
    /// <param name="backup">The folder, or the archive.</param>
    /// <param name="room">A folder in which an archive may be unpacked.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="SetupException">It is not a backup, is damaged, or comes from a newer version.</exception>
    public static async Task<BackupReader> OpenAsync(string backup, string room, CancellationToken cancellationToken)
    {
        if (Directory.Exists(backup))
        {
            return new BackupReader(backup, isUnpacked: false, await CheckAsync(backup, cancellationToken));
        }

        if (!File.Exists(backup))
        {
            throw new SetupException($"backup: {backup} does not exist");
        }

        DurableFile.CreateFolder(room);
        string folder = Path.Combine(room, $"backup.{Guid.NewGuid():N}.tmp");
        Directory.CreateDirectory(folder);
        try
        {
            await TarFile.ExtractToDirectoryAsync(backup, folder, overwriteFiles: false, cancellationToken);
            return new BackupReader(folder, isUnpacked: true, await CheckAsync(folder, cancellationToken));
        }
        catch (Exception failure)
        {
            Directory.Delete(folder, recursive: true);
            throw failure is IOException or InvalidDataException or ArgumentException or UnauthorizedAccessException
                ? new SetupException($"backup: {backup} cannot be unpacked: {failure.Message.TrimEnd('.')}")
                : failure;
        }
    }

    /// <summary>The path of a file of the backup.</summary>
    public string PathOf(BackedUpFile file) => Path.Combine(_folder, file.Name);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isUnpacked)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static async Task<BackupManifest> CheckAsync(string folder, CancellationToken cancellationToken)
    {
        BackupManifest manifest = await ReadManifestAsync(folder, cancellationToken);
        if (manifest.Format != BackupManifest.Known)
        {
            throw new SetupException(
                $"backup: its format is version {manifest.Format}, this program knows {BackupManifest.Known}: restore "
                    + "it with the version of Meeda that made it"
            );
        }

        foreach (BackedUpFile file in manifest.Files)
        {
            await CheckAsync(folder, file, cancellationToken);
        }

        return manifest;
    }

    private static async Task CheckAsync(string folder, BackedUpFile file, CancellationToken cancellationToken)
    {
        if (!BackupManifest.Names.Contains(file.Name))
        {
            throw new SetupException($"backup: its manifest names a file that no backup contains: {file.Name}");
        }

        string path = Path.Combine(folder, file.Name);
        if (
            !File.Exists(path)
            || new FileInfo(path).Length != file.Bytes
            || await BackupWriter.HashAsync(path, cancellationToken) != file.Sha256
        )
        {
            throw new SetupException($"backup: {file.Name} is missing, or its SHA-256 differs from the manifest's");
        }

        try
        {
            await SqliteCopy.CheckAsync(path, cancellationToken);
            (string schema, int known) = file.Name switch
            {
                BackupManifest.Ledger => (Ledger.SchemaName, Ledger.Migrations.Length),
                BackupManifest.LightNode => (LightLedger.SchemaName, LightLedger.Migrations.Length),
                _ => ("tenants", int.MaxValue), // compared when they are opened
            };
            Database.CheckVersion(schema, file.Schema, known);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw new SetupException($"backup: {failure.Message.TrimEnd('.')}");
        }
    }

    private static async Task<BackupManifest> ReadManifestAsync(string folder, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, BackupManifest.FileName);
        try
        {
            await using FileStream file = File.OpenRead(path);
            return
                await JsonSerializer.DeserializeAsync(file, CliJson.Default.BackupManifest, cancellationToken)
                    is { Files.Count: > 0 } manifest
                ? manifest
                : throw new SetupException($"backup: {BackupManifest.FileName} names no files");
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new SetupException(
                $"backup: {BackupManifest.FileName} is missing or malformed, so the backup is incomplete: "
                    + unusable.Message.TrimEnd('.')
            );
        }
    }
}
