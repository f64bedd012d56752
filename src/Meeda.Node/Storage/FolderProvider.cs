using System.Globalization;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Microsoft.Win32.SafeHandles;

namespace Meeda.Node.Storage;

/// <summary>
/// Rows in a folder, best one on a disk of its own: a file a row, named by batch id and row number and spread over 256 folders by the id's first byte. A flush syncs the
/// whole file system, which for many rows is much less work than to sync each file and its folder.
/// </summary>
internal sealed class FolderProvider : IRowProvider, IDisposable
{
    private readonly string _root;
    private readonly FileSystemSync _sync;

    /// <summary>Opens the folder, makes it if it is absent and sweeps what an interrupted write left.</summary>
    public FolderProvider(string folder)
    {
        Name = folder;
        _root = folder;
        DurableFile.CreateFolder(_root);
        _sync = new FileSystemSync(_root);
        foreach (string stray in Directory.EnumerateFiles(_root, "*.tmp", SearchOption.AllDirectories))
        {
            File.Delete(stray);
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public async Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken)
    {
        string path = PathOf(id, row);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await DurableFile.WriteLazilyAsync(path, blob, cancellationToken);
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new IOException(refused.Message, refused);
        }
    }

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellationToken) => Task.Run(_sync.Sync, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _sync.Dispose();

    /// <inheritdoc/>
    public async Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(
                PathOf(id, row), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
            return RandomAccess.GetLength(file) == Blob.ByteLength && await ReadAsync(file, blob[..Blob.ByteLength], cancellationToken);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new IOException(refused.Message, refused);
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            try
            {
                for (int row = 0; row < rows; row++)
                {
                    File.Delete(PathOf(id, row));
                }
            }
            catch (DirectoryNotFoundException)
            {
                // Then none is here.
            }
            catch (UnauthorizedAccessException refused)
            {
                throw new IOException(refused.Message, refused);
            }
        },
        cancellationToken);

    private static async Task<bool> ReadAsync(SafeFileHandle file, Memory<byte> destination, CancellationToken cancellationToken)
    {
        for (long offset = 0; !destination.IsEmpty;)
        {
            int count = await RandomAccess.ReadAsync(file, destination, offset, cancellationToken);
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
        return Path.Combine(_root, name[..2], string.Create(CultureInfo.InvariantCulture, $"{name}.{row}.row"));
    }
}
