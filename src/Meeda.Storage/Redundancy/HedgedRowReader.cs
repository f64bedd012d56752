using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Meeda.Kzg.Commitments;

namespace Meeda.Storage.Redundancy;

/// <summary>
/// Reads enough rows of a batch as fast as the providers allow: first the cheapest sufficient set, the data rows; one
/// parity row for each that fails; and as many as are still
/// out each time they take longer than their providers usually do (hedging; Dean and Barroso, "The tail at scale").
/// Whatever comes first counts; the rest is given up.
/// </summary>
internal static class HedgedRowReader
{
    // Below this a second request costs more than it wins.
    private static readonly TimeSpan MinHedge = TimeSpan.FromMilliseconds(20);

    /// <summary>Reads any <paramref name="n"/> of <paramref name="rows"/> rows, unchecked.</summary>
    /// <param name="n">As many are enough, the first ones best.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="hedgeAfter">How long the first ones are waited for before others are asked for too.</param>
    /// <param name="read">Reads a row into a buffer of a blob's length; false where it is not there.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The rows that came, by number; fewer than <paramref name="n"/> where no more can be had.</returns>
    /// <remarks>Where fewer came and a reader threw, the first exception is thrown: it may be why.</remarks>
    public static async Task<SortedDictionary<int, byte[]>> ReadAsync(
        int n,
        int rows,
        TimeSpan hedgeAfter,
        Func<int, Memory<byte>, CancellationToken, Task<bool>> read,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Of a source that is disposed of, a reader that is still to begin could not ask for it.
        CancellationToken stop = over.Token;
        var finished = Channel.CreateUnbounded<(int Row, byte[]? Blob, Exception? Failure)>();
        Exception? firstFailure = null;
        var come = new SortedDictionary<int, byte[]>();
        int asked = 0,
            outstanding = 0;
        void Ask()
        {
            int row = asked++;
            outstanding++;
            _ = Task.Run(
                async () =>
                {
                    byte[]? come = null;
                    Exception? failure = null;
                    try
                    {
                        var blob = new byte[Blob.ByteLength];
                        come = await read(row, blob, stop) ? blob : null;
                    }
                    catch (Exception thrown)
                    {
                        failure = thrown is OperationCanceledException && stop.IsCancellationRequested ? null : thrown;
                    }
                    finally
                    {
                        finished.Writer.TryWrite((row, come, failure)); // Whatever happens: the race waits for it.
                    }
                },
                CancellationToken.None
            );
        }

        while (asked < n)
        {
            Ask();
        }

        if (hedgeAfter < MinHedge)
        {
            hedgeAfter = MinHedge;
        }

        while (come.Count < n && outstanding > 0)
        {
            Task<bool> next = finished.Reader.WaitToReadAsync(cancellationToken).AsTask();
            while (asked < rows && await Task.WhenAny(next, Task.Delay(hedgeAfter, time, stop)) != next)
            {
                for (int more = n - come.Count; more > 0 && asked < rows; more--)
                {
                    Ask();
                }
            }

            await next;
            while (come.Count < n && finished.Reader.TryRead(out (int Row, byte[]? Blob, Exception? Failure) one))
            {
                outstanding--;
                firstFailure ??= one.Failure;
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
        if (come.Count < n && firstFailure is not null)
        {
            ExceptionDispatchInfo.Throw(firstFailure);
        }

        return come;
    }
}
