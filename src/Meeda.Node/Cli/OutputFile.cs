using Meeda.Hosting;

namespace Meeda.Node.Cli;

/// <summary>Writes a file that the user names, atomically and without following links.</summary>
internal static class OutputFile
{
    /// <summary>
    /// Writes a temporary file beside it, syncs it and renames it: a reader finds either the old content or all of the
    /// new. A replaced file keeps its permissions.
    /// </summary>
    /// <exception cref="SetupException">It cannot be written, or is a link or a device.</exception>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        string? temporary = null;
        try
        {
            string whole = Path.GetFullPath(path);
            var existing = new FileInfo(whole);
            if (existing.LinkTarget is not null)
            {
                throw new SetupException(
                    $"--output: {path} is a symbolic link, which is not followed; name the file itself"
                );
            }

            if (Directory.Exists(whole) || path.EndsWith(Path.DirectorySeparatorChar) || IsDevice(whole))
            {
                throw new SetupException(
                    $"--output: {path} is not a regular file; without --output the bytes go to standard output"
                );
            }

            temporary = $"{whole}.{Guid.NewGuid():N}.tmp";
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                if (existing.Exists && !OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(file.SafeFileHandle, existing.UnixFileMode);
                }

                await file.WriteAsync(content, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, whole, overwrite: true);
        }
        catch (Exception failure)
        {
            Delete(temporary);
            if (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                throw new SetupException($"--output: {path} cannot be written: {failure.Message.TrimEnd('.')}");
            }

            throw;
        }
    }

    private static bool IsDevice(string path) =>
        !OperatingSystem.IsWindows()
        && (path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/proc/", StringComparison.Ordinal));

    private static void Delete(string? file)
    {
        try
        {
            if (file is not null)
            {
                File.Delete(file);
            }
        }
        catch (Exception kept) when (kept is IOException or UnauthorizedAccessException)
        {
            // The write's own failure is the one to report.
        }
    }
}
