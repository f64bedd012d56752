using Meeda.Protocol.Batches;

namespace Meeda.Operator.Batches;

/// <summary>A batch in memory, shared by its concurrent readers.</summary>
/// <param name="id">The batch.</param>
/// <param name="length">Its bytes.</param>
/// <param name="loading">The maximum bytes in memory while it is loaded.</param>
internal sealed class BatchCopy(BatchId id, long length, long loading)
{
    /// <summary>The batch.</summary>
    public BatchId Id => id;

    /// <summary>Its bytes.</summary>
    public long Length => length;

    /// <summary>The bytes in use: more than its length while it is loaded.</summary>
    public long Taken { get; set; } = loading;

    /// <summary>Whether it is being loaded.</summary>
    public bool IsLoading { get; set; }

    /// <summary>The number of readers of each client.</summary>
    public Dictionary<string, int> Clients { get; } = new(StringComparer.Ordinal);

    /// <summary>Its readers.</summary>
    public List<BatchReading> Readers { get; } = [];

    /// <summary>Cancels the loading.</summary>
    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Its bytes, once it is loaded.</summary>
    public Lazy<Task<byte[]>> Loaded { get; set; } = null!;

    /// <summary>Adds a reader.</summary>
    /// <returns>Whether it is its client's first.</returns>
    public bool Join(BatchReading reading)
    {
        Readers.Add(reading);
        if (Clients.TryAdd(reading.Client, 1))
        {
            return true;
        }

        Clients[reading.Client]++;
        return false;
    }

    /// <summary>Removes a reader.</summary>
    /// <returns>Whether it was its client's last.</returns>
    public bool Leave(BatchReading reading)
    {
        Readers.Remove(reading);
        return --Clients[reading.Client] == 0 && Clients.Remove(reading.Client);
    }
}
