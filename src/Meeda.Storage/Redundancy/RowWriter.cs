using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>
/// Writes the rows of batches to their assigned providers, or to the next provider if the assigned one rejects them.
/// </summary>
/// <param name="layout">The assignment of rows to providers.</param>
/// <param name="logger">The log.</param>
internal sealed class RowWriter(RowLayout layout, ILogger logger)
{
    /// <summary>Stores the rows of a batch again that did not become durable.</summary>
    /// <param name="written">The batch's rows.</param>
    /// <param name="blobs">Its data rows, concatenated.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="IOException">A row is at no provider.</exception>
    public async Task WriteAsync(WrittenRows written, ReadOnlyMemory<byte> blobs, CancellationToken cancellationToken)
    {
        int n = blobs.Length / Blob.ByteLength;
        int rows = written.Count;
        using var parity = new RowBuffer((rows - n) * Blob.ByteLength);
        await Task.Run(() => ParityRows.Encode(blobs, parity.Memory), cancellationToken);

        // One task per provider: providers work concurrently, each writes its rows one after the other.
        await Task.WhenAll(
            Enumerable
                .Range(0, Math.Min(layout.Lanes.Count, rows))
                .Select(async first =>
                {
                    for (int row = first; row < rows; row += layout.Lanes.Count)
                    {
                        if (written[row] is null)
                        {
                            written[row] = await WriteRowAsync(
                                written,
                                row,
                                row < n ? RowLayout.Row(blobs, row) : RowLayout.Row(parity.Memory, row - n),
                                cancellationToken
                            );
                        }
                    }
                })
        );
    }

    /// <summary>Makes all earlier writes durable.</summary>
    /// <exception cref="IOException">A provider failed. It is skipped for a while, so that rewritten rows go
    /// elsewhere.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(layout.Lanes.Select(lane => lane.FlushAsync(cancellationToken)));
        }
        catch (IOException failure)
        {
            throw new IOException("a provider cannot make its rows durable", failure);
        }
    }

    private async Task<WriteTicket> WriteRowAsync(
        WrittenRows written,
        int row,
        ReadOnlyMemory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        // Up to the tolerated number of providers may reject the row or still be backing off. The row then goes to the
        // next provider; the scrubber moves it back later.
        ProviderLane[] order =
        [
            .. layout
                .LanesFor(written.Id, row)
                .Take(layout.Lost + 1)
                .OrderBy(lane => lane.IsOut || lane.Record.IsBackingOff),
        ];
        for (int i = 0; ; i++)
        {
            try
            {
                return await order[i].WriteAsync(written.Id, row, blob, written.Label, cancellationToken);
            }
            catch (IOException refused) when (i < layout.Lost)
            {
                logger.ProviderRefused(order[i], refused);
            }
        }
    }
}
