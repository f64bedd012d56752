using Meeda.Protocol.Batches;

namespace Meeda.Node.Storage;

/// <summary>A place that rows come from. It is not trusted: whatever comes from it is checked.</summary>
internal interface IRowSource
{
    /// <summary>What operators call it, in logs.</summary>
    string Name { get; }

    /// <summary>Reads a row; false where it is not here or not whole.</summary>
    /// <exception cref="IOException">Whether it is here cannot be told now.</exception>
    Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken);
}

/// <summary>A place that keeps rows.</summary>
internal interface IRowProvider : IRowSource
{
    /// <summary>Stores a row durably, in the place of what was there before.</summary>
    /// <exception cref="IOException">It is not durable here.</exception>
    Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken);

    /// <summary>Deletes a row, where it is here.</summary>
    /// <exception cref="IOException">It may still be here.</exception>
    Task DeleteAsync(BatchId id, int row, CancellationToken cancellationToken);
}
