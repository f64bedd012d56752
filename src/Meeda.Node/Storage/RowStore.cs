using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Microsoft.Win32.SafeHandles;

namespace Meeda.Node.Storage;

/// <summary>
/// The rows (blobs) of batches on the local disk: one file a batch, its blobs one behind the other, named by the batch id and spread over 256
/// folders by the id's first byte. What is written is durable before <see cref="WriteAsync"/> returns.
/// </summary>
internal sealed class RowStore
{
    private readonly string _root;

    /// <summary>Opens the store, makes its folders and sweeps what an interrupted write left.</summary>
    public RowStore(string folder)
    {
        _root = Path.Combine(folder, "rows");
        DurableFile.CreateFolder(_root);
        foreach (string stray in Directory.EnumerateFiles(_root, "*.tmp", SearchOption.AllDirectories))
        {
            File.Delete(stray);
        }
    }

    /// <summary>Stores a batch's blobs durably. Writing the same batch again replaces the file by equal bytes.</summary>
    public Task WriteAsync(BatchId id, ReadOnlyMemory<byte> blobs, CancellationToken cancellationToken)
    {
        string path = PathOf(id);
        DurableFile.CreateFolder(Path.GetDirectoryName(path)!);
        return DurableFile.WriteAsync(path, blobs, cancellationToken);
    }

    /// <summary>All blobs of a batch, or null where the file is missing or not of the expected length.</summary>
    public async Task<byte[]?> ReadAsync(BatchId id, int blobCount, CancellationToken cancellationToken)
    {
        var blobs = new byte[(long)blobCount * Blob.ByteLength];
        return await ReadAsync(id, firstBlob: 0, blobs, cancellationToken) ? blobs : null;
    }

    /// <summary>One blob of a batch into <paramref name="blob"/>; false where it is missing.</summary>
    public Task<bool> ReadRowAsync(BatchId id, int index, Memory<byte> blob, CancellationToken cancellationToken) =>
        ReadAsync(id, index, blob[..Blob.ByteLength], cancellationToken);

    private async Task<bool> ReadAsync(BatchId id, int firstBlob, Memory<byte> destination, CancellationToken cancellationToken)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(
                PathOf(id), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
            long offset = (long)firstBlob * Blob.ByteLength;
            while (!destination.IsEmpty)
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
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private string PathOf(BatchId id)
    {
        string name = id.ToString()[2..];
        return Path.Combine(_root, name[..2], $"{name}.blobs");
    }
}
