using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>
/// Finds the rows of a batch that match their commitments at any place, and computes the data rows from them.
/// </summary>
/// <param name="layout">The assignment of rows to providers.</param>
/// <param name="key">The ceremony's commitment key.</param>
/// <param name="logger">The log.</param>
/// <param name="held">Data rows of payloads that are held here; null for none.</param>
/// <param name="time">The clock.</param>
internal sealed class RowSearch(
    RowLayout layout,
    CommitmentKey key,
    ILogger logger,
    IRowSource? held,
    TimeProvider time
)
{
    /// <summary>
    /// The limit for a single row is longer than for one of many, because the alternative may be reading its whole
    /// batch.
    /// </summary>
    public static readonly TimeSpan RowHedge = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Reads a row from one place, unchecked; false where it is not there, or the place does not answer.
    /// </summary>
    public async Task<bool> ReadFromAsync(
        IRowSource provider,
        BatchId id,
        int row,
        Memory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await provider.ReadAsync(id, row, blob, cancellationToken);
        }
        catch (IOException failure)
        {
            logger.ProviderRefused(provider, failure);
            return false;
        }
    }

    /// <summary>The commitments of all rows, data and parity.</summary>
    public async Task<byte[]> AllCommitmentsAsync(ReadOnlyMemory<byte> commitments, CancellationToken cancellationToken)
    {
        int m = layout.ParityOf(commitments.Length / KzgCommitment.Length);
        byte[] parity = await Task.Run(() => ParityRows.Commitments(commitments.Span, m), cancellationToken);
        return [.. commitments.Span, .. parity];
    }

    /// <summary>Reads a valid row from any place, and records the places where it is missing or corrupt.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="row">The row.</param>
    /// <param name="commitments">The commitments of all rows.</param>
    /// <param name="blob">Receives the row.</param>
    /// <param name="set">Receives the result.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<bool> FindGoodRowAsync(
        BatchId id,
        int row,
        byte[] commitments,
        Memory<byte> blob,
        RowSet set,
        CancellationToken cancellationToken
    )
    {
        int wrong = 0;
        IRowSource[] sources = Sources(id, row);
        SortedDictionary<int, byte[]> come = await HedgedRowReader.ReadAsync(
            1,
            sources.Length,
            RowHedge,
            async (i, found, stop) =>
            {
                if (!await ReadFromAsync(sources[i], id, row, found, stop))
                {
                    return false;
                }

                if (
                    await Task.Run(
                        () =>
                            RowVerification.Matches(
                                key,
                                found.Span,
                                commitments.AsSpan(row * KzgCommitment.Length, KzgCommitment.Length)
                            ),
                        stop
                    )
                )
                {
                    return true;
                }

                Interlocked.Increment(ref wrong);
                return false;
            },
            time,
            cancellationToken
        );
        if (come.Count == 0)
        {
            set.NotFound(isThere: wrong > 0);
            return false;
        }

        (int source, byte[] good) = come.First();
        good.CopyTo(blob);
        set.Found(row, isHome: source == 0);
        return true;
    }

    /// <summary>
    /// The data rows from any <c>n</c> rows; null where there are fewer, or the result does not match the commitments.
    /// </summary>
    public async Task<byte[]?> RecoverAsync(
        IReadOnlyDictionary<int, byte[]> good,
        int n,
        ReadOnlyMemory<byte> commitments,
        CancellationToken cancellationToken
    )
    {
        if (good.Count < n)
        {
            return null;
        }

        int[] present = [.. good.Keys.Order().Take(n)];
        int[] missing = [.. Enumerable.Range(0, n).Except(present)];
        var blobs = new byte[(long)n * Blob.ByteLength];
        foreach (int row in present.Where(row => row < n))
        {
            good[row].CopyTo(RowLayout.Row(blobs, row));
        }

        return await Task.Run(
            () =>
            {
                if (Array.Exists(present, row => !Blob.IsCanonical(good[row])))
                {
                    return null;
                }

                ParityRows.Recover(
                    present,
                    [.. present.Select(row => (ReadOnlyMemory<byte>)good[row])],
                    missing,
                    [.. missing.Select(row => RowLayout.Row(blobs, row))]
                );
                return RowVerification.Matches(key, blobs, commitments.Span) ? blobs : null;
            },
            cancellationToken
        );
    }

    /// <summary>The places of a row: its assigned provider, then the next ones, then the ledger.</summary>
    private IRowSource[] Sources(BatchId id, int row) =>
        held is null ? [.. layout.LanesFor(id, row)] : [.. layout.LanesFor(id, row), held];
}
