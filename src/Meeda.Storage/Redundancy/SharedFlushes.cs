namespace Meeda.Storage.Redundancy;

/// <summary>
/// The flushes of a provider. Concurrent writers share a flush, and each of them gets its failure.
/// </summary>
/// <param name="provider">The provider.</param>
/// <param name="calls">Makes the calls to the provider.</param>
/// <param name="logger">The log.</param>
internal sealed class SharedFlushes(IRowProvider provider, ProviderCalls calls, ILogger logger) : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private PendingFlush _next = new();
    private bool _isUnflushed;
    private Task _flushing = Task.CompletedTask;
    private int _failedFlushes;

    /// <summary>The number of failed flushes; to be read before a write.</summary>
    public int Failed
    {
        get
        {
            lock (_gate)
            {
                return _failedFlushes;
            }
        }
    }

    /// <summary>Records a write, which the next flush covers.</summary>
    /// <param name="lane">The provider.</param>
    /// <param name="failed"><see cref="Failed"/> before the write.</param>
    public WriteTicket Cover(ProviderLane lane, int failed)
    {
        lock (_gate)
        {
            _isUnflushed = true;
            return new WriteTicket(lane, _next, failed);
        }
    }

    /// <summary>
    /// Waits until a row is durable; concurrent callers share a flush. False where it may not be: its flush failed, or
    /// another one failed between its write and its flush, because the system reports a failure only once, for all
    /// writes in progress.
    /// </summary>
    public async Task<bool> IsDurableAsync(WriteTicket ticket, CancellationToken cancellationToken)
    {
        Start(ticket.Covered);
        try
        {
            return await ticket.Covered.Outcome.Task.WaitAsync(cancellationToken) == ticket.Failures;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Makes all earlier writes durable.</summary>
    /// <exception cref="IOException">Some of it may not be durable.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        PendingFlush flush;
        lock (_gate)
        {
            if (!_isUnflushed)
            {
                return;
            }

            flush = _next;
        }

        Start(flush);
        await flush.Outcome.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Cancel();
        _over.Dispose();
    }

    private void Start(PendingFlush flush)
    {
        lock (_gate)
        {
            if (flush != _next)
            {
                return; // The flush is running or complete.
            }

            Task earlier = _flushing;
            CancellationToken over = _over.Token;
            _next = new PendingFlush();
            _isUnflushed = false;
            _flushing = Task.Run(() => FlushAsync(flush, earlier, over), CancellationToken.None);
        }
    }

    private async Task FlushAsync(PendingFlush flush, Task earlier, CancellationToken over)
    {
        await earlier;
        try
        {
            await calls.EnterAsync(calls.Writes, over);
            await calls.CallAsync(
                calls.Writes,
                "flush",
                async stop =>
                {
                    await provider.FlushAsync(stop);
                    return true;
                },
                over
            );
            int failures = Failed;
            calls.Record.FlushWorked();
            flush.Outcome.SetResult(failures);
        }
        catch (Exception failure)
        {
            lock (_gate)
            {
                _failedFlushes++;
            }

            if (failure is IOException and not ProviderOutException)
            {
                logger.ProviderRefused(provider.Name, failure.Message);
                calls.Record.FlushFailed();
            }

            flush.Outcome.SetException(failure);
            _ = flush.Outcome.Task.Exception; // Observed here, because no caller may be waiting any more.
        }
    }
}
