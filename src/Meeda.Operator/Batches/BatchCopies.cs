using Meeda.Http;
using Meeda.Protocol.Batches;
using Meeda.Storage;

namespace Meeda.Operator.Batches;

/// <summary>
/// Bounds the memory of batches that are being served. Concurrent readers of a batch share one copy. A client gets at
/// most half of the memory, and the waiting client that holds least goes first. While readers wait, the copy with the
/// slowest readers is evicted.
/// </summary>
/// <param name="size">The maximum size of all copies in bytes, including those being loaded.</param>
/// <param name="maxWait">The maximum time that a reader waits for memory.</param>
/// <param name="time">The clock.</param>
internal sealed class BatchCopies(long size, TimeSpan maxWait, TimeProvider time)
{
    /// <summary>The time that a reader waits before a slower reader is disconnected for it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<BatchId, BatchCopy> _copies = [];
    private readonly Dictionary<string, long> _held = new(StringComparer.Ordinal);
    private readonly List<WaitingReader> _waiting = [];
    private long _used;
    private long _opened;

    /// <summary>The bytes in use.</summary>
    public long Used
    {
        get
        {
            lock (_gate)
            {
                return _used;
            }
        }
    }

    /// <summary>The number of copies in memory.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _copies.Count;
            }
        }
    }

    /// <summary>Opens a batch for a reader, and loads it if there is no copy. The caller disposes of the
    /// result.</summary>
    /// <param name="client">The client.</param>
    /// <param name="id">The batch.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="loading">The maximum bytes in memory while it is loaded.</param>
    /// <param name="load">Loads it; cancelled when the last waiting reader has left.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DaException">No memory became free in time (<see cref="DaError.Overloaded"/>), or
    /// <paramref name="load"/> failed.</exception>
    public async Task<BatchReading> OpenAsync(
        string client,
        BatchId id,
        long length,
        long loading,
        Func<CancellationToken, Task<byte[]>> load,
        CancellationToken cancellationToken
    )
    {
        var waiter = new WaitingReader(
            client,
            id,
            Math.Min(length, size / 2),
            Math.Min(loading, size / 2),
            load,
            _opened
        );
        lock (_gate)
        {
            _opened++;
            _waiting.Add(waiter);
            Pump();
        }

        BatchReading reading = await EnterAsync(waiter, cancellationToken);
        try
        {
            reading.Bytes = await reading.Copy.Loaded.Value.WaitAsync(cancellationToken);
            return reading;
        }
        catch
        {
            reading.Dispose();
            throw;
        }
    }

    /// <summary>Ends a reading.</summary>
    internal void Close(BatchReading reading)
    {
        BatchCopy copy = reading.Copy;
        lock (_gate)
        {
            if (copy.Leave(reading))
            {
                Hold(reading.Client, -copy.Taken);
            }

            if (copy.Readers.Count > 0)
            {
                Pump();
                return;
            }

            _used -= copy.IsLoading ? 0 : copy.Taken;
            if (_copies.TryGetValue(copy.Id, out BatchCopy? current) && current == copy)
            {
                _copies.Remove(copy.Id);
            }

            Pump();
        }

        copy.Stop.Cancel();
        if (copy.Length > Pace.LongLength)
        {
            LargeObjectCollector.Released(copy.Length);
        }
    }

    private async Task<BatchReading> EnterAsync(WaitingReader waiter, CancellationToken cancellationToken)
    {
        TimeSpan left = maxWait;
        try
        {
            while (true)
            {
                TimeSpan pause = left < Patience ? left : Patience;
                try
                {
                    return await waiter.Entered.Task.WaitAsync(pause, time, cancellationToken);
                }
                catch (TimeoutException)
                {
                    left -= pause;
                }

                if (left <= TimeSpan.Zero)
                {
                    HttpMetrics.Overloads.Add(1);
                    throw new DaException(
                        DaError.Overloaded,
                        $"service: {size} bytes of batches are being given out (MaxAnswerBytes), and no room came "
                            + $"free within {maxWait} (MaxWait); try again"
                    );
                }

                foreach (BatchReading reading in FindSlowestFor(waiter))
                {
                    reading.CutOff();
                }
            }
        }
        catch
        {
            lock (_gate)
            {
                _waiting.Remove(waiter);
                Pump(); // The next reader in the queue may fit.
            }

            if (waiter.Entered.Task.IsCompletedSuccessfully)
            {
                (await waiter.Entered.Task).Dispose(); // It was admitted at the last moment.
            }

            throw;
        }
    }

    private void Pump()
    {
        while (
            _waiting.Count > 0
            && _waiting
                .Where(Fits)
                .OrderBy(waiter => HeldBy(waiter.Client))
                .ThenBy(waiter => waiter.Order)
                .FirstOrDefault()
                is { } next
        )
        {
            if (!_copies.TryGetValue(next.Id, out BatchCopy? copy))
            {
                _copies[next.Id] = copy = new BatchCopy(next.Id, next.Length, next.Loading);
                _used += copy.Taken;
                copy.Loaded = new(() => LoadAsync(copy, next.Load));
            }

            var reading = new BatchReading(this, copy, next.Client, time);
            if (copy.Join(reading))
            {
                Hold(next.Client, copy.Taken);
            }

            _waiting.Remove(next);
            next.Entered.SetResult(reading);
        }
    }

    private async Task<byte[]> LoadAsync(BatchCopy copy, Func<CancellationToken, Task<byte[]>> load)
    {
        lock (_gate)
        {
            copy.IsLoading = true;
        }

        try
        {
            return await Task.Run(() => load(copy.Stop.Token), copy.Stop.Token);
        }
        finally
        {
            lock (_gate)
            {
                copy.IsLoading = false;
                _used -= copy.Readers.Count > 0 ? copy.Taken - copy.Length : copy.Taken;
                foreach (string client in copy.Clients.Keys)
                {
                    Hold(client, copy.Length - copy.Taken);
                }

                copy.Taken = copy.Length;
                Pump();
            }
        }
    }

    private void Hold(string client, long bytes)
    {
        if ((_held[client] = HeldBy(client) + bytes) == 0)
        {
            _held.Remove(client);
        }
    }

    private bool Fits(WaitingReader waiter)
    {
        // A copy that failed or was evicted ends with its readers; new readers get another copy.
        if (
            _copies.TryGetValue(waiter.Id, out BatchCopy? copy)
            && (copy.Stop.IsCancellationRequested || (copy.Loaded is { IsValueCreated: true, Value.IsFaulted: true }))
        )
        {
            _copies.Remove(waiter.Id);
            copy = null;
        }

        long held = HeldBy(waiter.Client);
        return copy is null
            ? _used + waiter.Loading <= size && held + waiter.Loading <= size / 2
            : copy.Clients.ContainsKey(waiter.Client) || held + copy.Taken <= size / 2;
    }

    /// <summary>The bytes of all copies that a client reads.</summary>
    private long HeldBy(string client) => _held.GetValueOrDefault(client);

    /// <summary>The readers of the copy to evict for a waiting reader: all of them slow, or of clients that hold
    /// more.</summary>
    private IReadOnlyList<BatchReading> FindSlowestFor(WaitingReader waiter)
    {
        lock (_gate)
        {
            if (_waiting.OrderBy(other => HeldBy(other.Client)).ThenBy(other => other.Order).FirstOrDefault() != waiter)
            {
                return [];
            }

            long own = HeldBy(waiter.Client);
            bool isBeyondItsPart = own + waiter.Loading > size / 2;
            BatchCopy[] candidates =
            [
                .. _copies.Values.Where(copy => !isBeyondItsPart || copy.Clients.ContainsKey(waiter.Client)),
            ];
            if (candidates.Any(copy => copy.Readers.Exists(reading => reading.IsCutOff)))
            {
                return []; // Another copy is being released.
            }

            BatchCopy? slowest = candidates
                .Where(copy => copy.Readers.TrueForAll(MayGo))
                .MinBy(copy => copy.Readers.Max(reading => reading.Speed!.Value));
            return slowest is null ? [] : [.. slowest.Readers];

            bool MayGo(BatchReading reading) =>
                reading.Speed is { } speed && (speed < Pace.LongBytesPerSecond || HeldBy(reading.Client) > own);
        }
    }
}
