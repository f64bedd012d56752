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
    /// <summary>Stores a row in the place of what was there before; it is durable after the next <see cref="FlushAsync"/>.</summary>
    /// <exception cref="IOException">It is not here.</exception>
    Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken);

    /// <summary>Makes everything durable that was written before: many rows share one wait for the disk.</summary>
    /// <exception cref="IOException">Some of it may not be durable.</exception>
    Task FlushAsync(CancellationToken cancellationToken);

    /// <summary>Deletes the first rows of a batch, those that are here.</summary>
    /// <exception cref="IOException">Some may still be here.</exception>
    Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken);
}
