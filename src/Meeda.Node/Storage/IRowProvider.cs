using Meeda.Protocol.Batches;

namespace Meeda.Node.Storage;

/// <summary>A place that keeps rows. It is not trusted: whatever comes from it is checked.</summary>
internal interface IRowProvider
{
    /// <summary>What operators call it, in logs.</summary>
    string Name { get; }

    /// <summary>Stores a row durably, in the place of what was there before.</summary>
    /// <exception cref="IOException">It is not durable here.</exception>
    Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken);

    /// <summary>Reads a row; false where it is not here or not whole.</summary>
    /// <exception cref="IOException">Whether it is here cannot be told now.</exception>
    Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken);
}
