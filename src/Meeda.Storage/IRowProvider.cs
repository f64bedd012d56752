using Meeda.Protocol.Batches;
using Meeda.Storage.Redundancy;

namespace Meeda.Storage;

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
    /// <summary>How much is asked of it at once, and how long it may take.</summary>
    ProviderLimits Limits => ProviderLimits.Default;

    /// <summary>
    /// Stores a row in the place of what was there before; it is durable after the next <see cref="FlushAsync"/>.
    /// </summary>
    /// <exception cref="IOException">It is not here.</exception>
    Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a row, and beside it the label of its batch, which says what the batch is to a ledger that was lost. The
    /// label is as durable as the row; where this place has no room for labels, it is left out.
    /// </summary>
    /// <param name="id">The batch.</param>
    /// <param name="row">The row's number.</param>
    /// <param name="blob">The row.</param>
    /// <param name="label">The label; empty where there is none.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="IOException">It is not here.</exception>
    Task WriteAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> blob,
        ReadOnlyMemory<byte> label,
        CancellationToken cancellationToken
    ) => WriteAsync(id, row, blob, cancellationToken);

    /// <summary>Makes everything durable that was written before: many rows share one wait for the disk.</summary>
    /// <exception cref="IOException">Some of it may not be durable.</exception>
    Task FlushAsync(CancellationToken cancellationToken);

    /// <summary>Deletes every row of a batch that is here, whichever policy wrote it.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="rows">The rows that it has by today's policy.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="IOException">Some may still be here.</exception>
    Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken);

    /// <summary>Asks whether it would take rows now, without keeping anything.</summary>
    /// <returns>Whether it would; false where only a write would tell.</returns>
    /// <exception cref="IOException">It would not.</exception>
    Task<bool> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult(false);
}
