using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>The rows of a batch that were written, and where each went.</summary>
/// <param name="id">The batch.</param>
/// <param name="count">Its data and parity rows.</param>
internal sealed class WrittenRows(BatchId id, int count)
{
    private readonly WriteTicket?[] _tickets = new WriteTicket?[count];

    /// <summary>The batch.</summary>
    public BatchId Id => id;

    /// <summary>Its data and parity rows.</summary>
    public int Count => count;

    /// <summary>Whether every row is somewhere.</summary>
    public bool IsComplete => Array.TrueForAll(_tickets, ticket => ticket is not null);

    /// <summary>Where a row is; null where it is nowhere, or did not become durable.</summary>
    public WriteTicket? this[int row]
    {
        get => _tickets[row];
        set => _tickets[row] = value;
    }

    /// <summary>
    /// Waits until the rows are durable: for those providers only that have some of them, and no longer than their
    /// deadlines. Batches that are waited for at once share flushes.
    /// </summary>
    /// <returns>Whether all are. Where not, the others are to be written again: they go elsewhere, since providers
    /// whose flush fails are left alone for a while.</returns>
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
