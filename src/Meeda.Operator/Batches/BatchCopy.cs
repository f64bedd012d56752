using Meeda.Protocol.Batches;

namespace Meeda.Operator.Batches;

/// <summary>A batch in memory, which all who read it at the same time share.</summary>
/// <param name="id">The batch.</param>
/// <param name="length">Its bytes.</param>
/// <param name="loading">The most bytes in memory while it is put together.</param>
internal sealed class BatchCopy(BatchId id, long length, long loading)
{
    /// <summary>The batch.</summary>
    public BatchId Id => id;

    /// <summary>Its bytes.</summary>
    public long Length => length;

    /// <summary>The bytes that are taken now: more than its own while it is put together.</summary>
    public long Taken { get; set; } = loading;

    /// <summary>Whether it is being put together.</summary>
    public bool IsLoading { get; set; }

    /// <summary>How many of the readers are whose.</summary>
    public Dictionary<string, int> Clients { get; } = new(StringComparer.Ordinal);

    /// <summary>Those who read it.</summary>
    public List<BatchReading> Readers { get; } = [];

    /// <summary>Ends the loading.</summary>
    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Its bytes, once it is put together.</summary>
    public Lazy<Task<byte[]>> Loaded { get; set; } = null!;

    /// <summary>Adds a reader.</summary>
    /// <returns>Whether it is the first one of its client.</returns>
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

    /// <summary>Takes a reader away.</summary>
    /// <returns>Whether it was the last one of its client.</returns>
    public bool Leave(BatchReading reading)
    {
        Readers.Remove(reading);
        return --Clients[reading.Client] == 0 && Clients.Remove(reading.Client);
    }
}
