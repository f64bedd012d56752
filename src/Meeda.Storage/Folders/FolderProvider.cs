using System.Globalization;
using System.Text.RegularExpressions;
using Meeda.Hosting;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Storage.Redundancy;
using Microsoft.Win32.SafeHandles;

namespace Meeda.Storage.Folders;

/// <summary>
/// Rows in a folder, best one on a disk of its own: a file a row, named by batch id and row number and spread over
/// 256 folders by the id's first byte. A flush syncs the
/// whole file system, which for many rows is much less work than to sync each file and its folder. Every call blocks
/// until the disk has answered: <see cref="ProviderLane"/> has the threads and the deadline for that.
/// </summary>
/// <param name="folder">The folder, opened by the first call that needs it.</param>
/// <param name="deadline">The maximum time that one call may take; by default <see
/// cref="StorageOptions.ProviderDeadline"/>'s default.</param>
internal sealed partial class FolderProvider(string folder, TimeSpan? deadline = null) : IRowProvider, IDisposable
{
    // Enough to keep a disk busy.
    private const int ReadsAtOnce = 4;
    private const int WritesAtOnce = 4;

    private static readonly TimeSpan StrayAge = TimeSpan.FromHours(1);
    private static readonly EnumerationOptions NoLinks = new()
    {
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = false,
        MatchType = MatchType.Simple,
    };

    private readonly Lock _opening = new();
    private volatile FileSystemSync? _sync;

    /// <inheritdoc/>
    public string Name => folder;

    /// <inheritdoc/>
    public ProviderLimits Limits { get; } = new(deadline ?? ProviderLimits.Default.Deadline, ReadsAtOnce, WritesAtOnce);

    /// <summary>Makes the folder if it is absent, and opens it.</summary>
    /// <exception cref="IOException">The folder cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not create the folder.</exception>
    public FolderProvider Open()
    {
        if (_sync is null)
        {
            lock (_opening)
            {
                if (_sync is null)
                {
                    DurableFile.CreateFolder(folder);
                    _sync = new FileSystemSync(folder);
                }
            }
        }

        return this;
    }

    /// <inheritdoc/>
    public Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken) =>
        Block(() =>
        {
            Open();
            string path = PathOf(id, row);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFile.WriteLazily(path, blob.Span);
            return true;
        });

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellationToken) =>
        Block(() =>
        {
            Open()._sync!.Sync();
            return true;
        });

    /// <inheritdoc/>
    public Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken) =>
        Block(() =>
        {
            try
            {
                using SafeFileHandle file = File.OpenHandle(
                    PathOf(id, row),
                    FileMode.Open,
                    FileAccess.Read,
                    FileShare.ReadWrite | FileShare.Delete
                );
                return RandomAccess.GetLength(file) == Blob.ByteLength && Read(file, blob.Span[..Blob.ByteLength]);
            }
            catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
            {
                return false;
            }
        });

    /// <inheritdoc/>
    /// <remarks>By listing: an earlier redundancy policy may have written other rows than today's.</remarks>
    public Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken) =>
        Block(() =>
        {
            string name = id.ToString()[2..];
            try
            {
                foreach (
                    string file in Directory
                        .EnumerateFiles(Path.Combine(folder, name[..2]), $"{name}.*.row")
                        .Where(file => RowName().IsMatch(Path.GetFileName(file)))
                        .Prepend(LabelPathOf(id)) // first, since a label without rows would look like a loss
                )
                {
                    File.Delete(file);
                }
            }
            catch (DirectoryNotFoundException)
            {
                // Then none is here.
            }

            return true;
        });

    /// <inheritdoc/>
    /// <remarks>Space for a row is allocated and released at once, without writing a byte.</remarks>
    public Task<bool> ProbeAsync(CancellationToken cancellationToken) =>
        Block(() =>
        {
            DurableFile.Probe(Open().Name, Blob.ByteLength);
            return true;
        });

    /// <summary>
    /// Deletes temporary files that interrupted writes left: those only that this class names so and that are where it
    /// puts them, regular ones, older than an hour. Nothing else is touched, and no link is followed. Blocks for as
    /// long as it takes to list the folder.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be listed.</exception>
    public int Sweep(DateTimeOffset now)
    {
        int swept = 0;
        var root = new DirectoryInfo(folder);
        foreach (FileInfo probe in root.EnumerateFiles("*", NoLinks).Where(file => DurableFile.IsProbe(file.Name)))
        {
            swept += DeleteOld(probe, now);
        }

        foreach (
            DirectoryInfo spread in root.EnumerateDirectories("??", NoLinks)
                .Where(inner => SpreadName().IsMatch(inner.Name))
        )
        {
            foreach (
                FileInfo file in spread
                    .EnumerateFiles("*.tmp", NoLinks)
                    .Where(file =>
                        TemporaryName().IsMatch(file.Name)
                        && file.Name.StartsWith(spread.Name, StringComparison.Ordinal)
                    )
            )
            {
                swept += DeleteOld(file, now);
            }
        }

        return swept;
    }

    /// <inheritdoc/>
    public void Dispose() => _sync?.Dispose();

    /// <summary>
    /// Does what blocks, here and now, and tells its outcome as one of the calls of an interface that waits.
    /// </summary>
    private static Task<T> Block<T>(Func<T> work)
    {
        try
        {
            return Task.FromResult(work());
        }
        catch (UnauthorizedAccessException refused)
        {
            return Task.FromException<T>(new IOException(refused.Message, refused));
        }
        catch (IOException failure)
        {
            return Task.FromException<T>(failure);
        }
    }

    private static int DeleteOld(FileInfo file, DateTimeOffset now)
    {
        if (now - file.LastWriteTimeUtc < StrayAge)
        {
            return 0; // Another operator on the same disk may be writing it.
        }

        file.Delete();
        return 1;
    }

    [GeneratedRegex("^[0-9a-f]{2}$")]
    private static partial Regex SpreadName();

    [GeneratedRegex("^[0-9a-f]{64}\\.[0-9]+\\.row$")]
    private static partial Regex RowName();

    [GeneratedRegex("^[0-9a-f]{64}\\.([0-9]+\\.row|label)\\.[0-9a-f]{32}\\.tmp$")]
    private static partial Regex TemporaryName();

    private static bool Read(SafeFileHandle file, Span<byte> destination)
    {
        long offset = 0;
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(file, destination, offset);
            if (count == 0)
            {
                return false;
            }

            offset += count;
            destination = destination[count..];
        }

        return true;
    }

    private string PathOf(BatchId id, int row)
    {
        string name = id.ToString()[2..];
        return Path.Combine(folder, name[..2], string.Create(CultureInfo.InvariantCulture, $"{name}.{row}.row"));
    }
}
