using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>The written rows of a batch, and the place of each.</summary>
/// <param name="id">The batch.</param>
/// <param name="count">Its data and parity rows.</param>
internal sealed class WrittenRows(BatchId id, int count)
{
    private readonly WriteTicket?[] _tickets = new WriteTicket?[count];

    /// <summary>The batch.</summary>
    public BatchId Id => id;

    /// <summary>The batch's label; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Label { get; init; }

    /// <summary>Its data and parity rows.</summary>
    public int Count => count;

    /// <summary>Whether every row has a place.</summary>
    public bool IsComplete => Array.TrueForAll(_tickets, ticket => ticket is not null);

    /// <summary>The place of a row; null where it has none, or did not become durable.</summary>
    public WriteTicket? this[int row]
    {
        get => _tickets[row];
        set => _tickets[row] = value;
    }

    /// <summary>
    /// Waits until the rows are durable: only for providers that have some of them, and no longer than their deadlines.
    /// Concurrent batches share flushes.
    /// </summary>
    /// <returns>Whether all rows are durable. If not, the caller writes the others again. They go elsewhere, because
    /// providers whose flush fails are skipped for a while.</returns>
    public async Task<bool> FlushAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, count)
                .Select(async row =>
                {
                    if (_tickets[row] is { } ticket && !await ticket.Lane.IsDurableAsync(ticket, cancellationToken))
                    {
                        _tickets[row] = null;
                    }
                })
        );
        return IsComplete;
    }
}
