using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace Meeda.Hosting;

/// <summary>
/// Writes files so that a reader finds the old content or the new, and makes folders. What is written survives a power
/// cut after the next sync of its file system; a folder as soon as it is made.
/// </summary>
internal static partial class DurableFile
{
    private const int OpenReadOnly = 0;

    /// <summary>
    /// Writes a file under a temporary name and renames it: a reader finds the old content or the new. It is durable
    /// after a sync of its file system; a crash before may
    /// leave anything.
    /// </summary>
    /// <exception cref="IOException">The disk refused; nothing is left under <paramref name="path"/> that was not
    /// there before.</exception>
    public static void WriteLazily(string path, ReadOnlySpan<byte> content)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (
                SafeFileHandle file = File.OpenHandle(
                    temporary,
                    FileMode.CreateNew,
                    FileAccess.Write,
                    FileShare.None,
                    FileOptions.None,
                    content.Length
                )
            )
            {
                RandomAccess.Write(file, content, fileOffset: 0);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary>
    /// Whether a file of some length could be written to a folder now: its room is taken and given back, no byte of it
    /// is written.
    /// </summary>
    /// <exception cref="IOException">It could not: the disk is full, or takes no writes, or the folder is
    /// gone.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written to.</exception>
    public static void Probe(string folder, long length)
    {
        string path = Path.Combine(folder, $"probe.{Guid.NewGuid():N}.tmp");
        using SafeFileHandle file = File.OpenHandle(
            path,
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None,
            FileOptions.DeleteOnClose,
            length
        );
    }

    /// <summary>Whether <see cref="Probe"/> gives files such names.</summary>
    public static bool IsProbe(string name) => ProbeName().IsMatch(name);

    [GeneratedRegex("^probe\\.[0-9a-f]{32}\\.tmp$")]
    private static partial Regex ProbeName();

    /// <summary>
    /// Gives a file that was written whole its name: its content is on the disk before, and the name when this
    /// returns. What had the name is replaced.
    /// </summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Publish(string temporary, string path)
    {
        Sync(temporary);
        File.Move(temporary, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>
    /// Gives a folder of files that were written whole its name, durably; nothing may have the name yet.
    /// </summary>
    /// <exception cref="IOException">The disk refused, or something has the name.</exception>
    public static void PublishFolder(string temporary, string path)
    {
        foreach (string file in Directory.EnumerateFiles(temporary))
        {
            Sync(file);
        }

        SyncFolder(temporary);
        Directory.Move(temporary, path);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>fsync of a file.</summary>
    private static void Sync(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Makes a folder, and every missing one above it, durable.</summary>
    public static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        string? parent = Path.GetDirectoryName(Path.GetFullPath(folder));
        if (parent is not null)
        {
            CreateFolder(parent);
        }

        Directory.CreateDirectory(folder);
        if (parent is not null)
        {
            SyncFolder(parent);
        }
    }

    /// <summary>
    /// fsync of a folder: makes the names in it durable. .NET opens no folders, so this asks libc; on Windows there
    /// is nothing to do.
    /// </summary>
    private static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(folder, OpenReadOnly);
        if (descriptor < 0)
        {
            throw new IOException(
                $"cannot open the folder {folder} to sync it (errno {Marshal.GetLastPInvokeError()})"
            );
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw new IOException($"cannot sync the folder {folder} (errno {Marshal.GetLastPInvokeError()})");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // The write's own error is the one to report; a stray *.tmp is swept at start-up.
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
