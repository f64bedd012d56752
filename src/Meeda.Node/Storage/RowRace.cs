using System.Threading.Channels;
using Meeda.Kzg.Commitments;

namespace Meeda.Node.Storage;

/// <summary>
/// Reads enough rows of a batch as fast as the providers allow: first the cheapest sufficient set, the data rows; one parity row for each that fails; and as many as are still
/// out each time they take longer than their providers usually do (hedging; Dean and Barroso, "The tail at scale"). Whatever comes first counts; the rest is given up.
/// </summary>
internal static class RowRace
{
    // Below this a second request costs more than it wins.
    private static readonly TimeSpan LeastHedge = TimeSpan.FromMilliseconds(20);

    /// <summary>Reads any <paramref name="n"/> of <paramref name="rows"/> rows, unchecked.</summary>
    /// <param name="n">As many are enough, the first ones best.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="hedgeAfter">How long the first ones are waited for before others are asked for too.</param>
    /// <param name="read">Reads a row into a buffer of a blob's length; false where it is not there.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The rows that came, by number; fewer than <paramref name="n"/> where no more can be had.</returns>
    public static async Task<SortedDictionary<int, byte[]>> ReadAsync(
        int n, int rows, TimeSpan hedgeAfter, Func<int, Memory<byte>, CancellationToken, Task<bool>> read, TimeProvider time, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var finished = Channel.CreateUnbounded<(int Row, byte[]? Blob)>();
        var come = new SortedDictionary<int, byte[]>();
        int asked = 0, outstanding = 0;
        void Ask()
        {
            int row = asked++;
            outstanding++;
            _ = Task.Run(async () =>
            {
                var blob = new byte[Blob.ByteLength];
                bool isThere = false;
                try
                {
                    isThere = await read(row, blob, over.Token);
                }
                catch (OperationCanceledException)
                {
                    // Not needed any more.
                }

                finished.Writer.TryWrite((row, isThere ? blob : null));
            }, CancellationToken.None);
        }

        while (asked < n)
        {
            Ask();
        }

        if (hedgeAfter < LeastHedge)
        {
            hedgeAfter = LeastHedge;
        }

        while (come.Count < n && outstanding > 0)
        {
            Task<bool> next = finished.Reader.WaitToReadAsync(cancellationToken).AsTask();
            while (asked < rows && await Task.WhenAny(next, Task.Delay(hedgeAfter, time, over.Token)) != next)
            {
                for (int more = n - come.Count; more > 0 && asked < rows; more--)
                {
                    Ask();
                }
            }

            await next;
            while (come.Count < n && finished.Reader.TryRead(out (int Row, byte[]? Blob) one))
            {
                outstanding--;
                if (one.Blob is not null)
                {
                    come[one.Row] = one.Blob;
                }
                else if (asked < rows)
                {
                    Ask();
                }
            }
        }

        await over.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return come;
    }
}
