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
        if (hedgeAfter < MinHedge)
        {
            hedgeAfter = MinHedge;
        }

        using var race = new Race(n, rows, read, cancellationToken);
        race.AskFor(n);
        while (!race.IsWon && race.IsAnyOut)
        {
            Task<bool> next = race.NextAsync();
            while (race.IsAnyLeft && await Task.WhenAny(next, Task.Delay(hedgeAfter, time, race.Stop)) != next)
            {
                race.AskFor(race.Lacking);
            }

            await next;
            race.TakeFinished();
        }

        return await race.EndAsync();
    }

    /// <summary>The rows that were asked for, and those that came.</summary>
    private sealed class Race(
        int n,
        int rows,
        Func<int, Memory<byte>, CancellationToken, Task<bool>> read,
        CancellationToken cancellationToken
    ) : IDisposable
    {
        private readonly CancellationTokenSource _over = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken
        );
        private readonly Channel<(int Row, byte[]? Blob, Exception? Failure)> _finished = Channel.CreateUnbounded<(
            int Row,
            byte[]? Blob,
            Exception? Failure
        )>();
        private readonly SortedDictionary<int, byte[]> _come = [];
        private Exception? _firstFailure;
        private int _asked;
        private int _outstanding;

        public CancellationToken Stop => _over.Token;

        public bool IsWon => _come.Count >= n;

        public bool IsAnyOut => _outstanding > 0;

        public bool IsAnyLeft => _asked < rows;

        public int Lacking => n - _come.Count;

        public Task<bool> NextAsync() => _finished.Reader.WaitToReadAsync(cancellationToken).AsTask();

        /// <summary>Asks for so many more rows, or for those that are left.</summary>
        public void AskFor(int count)
        {
            for (; count > 0 && IsAnyLeft; count--)
            {
                Ask();
            }
        }

        /// <summary>Takes what is there, and asks for another row instead of each that did not come.</summary>
        public void TakeFinished()
        {
            while (!IsWon && _finished.Reader.TryRead(out (int Row, byte[]? Blob, Exception? Failure) one))
            {
                _outstanding--;
                _firstFailure ??= one.Failure;
                if (one.Blob is not null)
                {
                    _come[one.Row] = one.Blob;
                }
                else
                {
                    AskFor(1);
                }
            }
        }

        /// <summary>Gives up what is still out.</summary>
        /// <returns>The rows that came.</returns>
        public async Task<SortedDictionary<int, byte[]>> EndAsync()
        {
            await _over.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (!IsWon && _firstFailure is not null)
            {
                ExceptionDispatchInfo.Throw(_firstFailure);
            }

            return _come;
        }

        public void Dispose() => _over.Dispose();

        private void Ask()
        {
            int row = _asked++;
            _outstanding++;

            // Of a source that is disposed of, a reader that is still to begin could not ask for it.
            CancellationToken stop = Stop;
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
                        _finished.Writer.TryWrite((row, come, failure)); // Whatever happens: the race waits for it.
                    }
                },
                CancellationToken.None
            );
        }
    }
}
