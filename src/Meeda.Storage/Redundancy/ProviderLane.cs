using System.Data.Common;
using System.Globalization;
using Meeda.Hosting;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>How much is asked of a provider at once, and how long it may take.</summary>
/// <param name="Deadline">The maximum time that one call may take.</param>
/// <param name="Reads">Reads in flight at most; others wait for them.</param>
/// <param name="Writes">Writes, flushes, deletions and probes in flight at most; others wait for them.</param>
internal sealed record ProviderLimits(TimeSpan Deadline, int Reads, int Writes)
{
    /// <summary>What a provider bears that says nothing else.</summary>
    public static ProviderLimits Default { get; } = new(TimeSpan.FromSeconds(10), 4, 4);
}

/// <summary>Nothing was asked of a provider, because earlier calls have not returned.</summary>
internal sealed class ProviderOutException(string message) : IOException(message);

/// <summary>
/// A row that a provider took; whether it is durable tells <see cref="ProviderLane.IsDurableAsync"/>.
/// </summary>
/// <param name="Lane">The provider.</param>
/// <param name="Covered">The first flush that covers the write.</param>
/// <param name="Failures">The provider's failed flushes when the write began.</param>
internal readonly record struct WriteTicket(ProviderLane Lane, PendingFlush Covered, int Failures);

/// <summary>
/// A flush that is still to come, or was done. Its outcome is the number of flushes that had failed when it ended.
/// </summary>
internal sealed class PendingFlush
{
    /// <summary>How it went; an exception where it failed.</summary>
    public TaskCompletionSource<int> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// The only way to a provider: calls go through threads of its own, a bounded number at once, and each has a deadline.
/// A call over its deadline is a failure for whoever waits for it; until it returns, everything else asked of this
/// provider fails at once, so that a provider that hangs costs some threads and no one's time. Writes by several
/// callers share flushes, and a flush that fails is told to each of them.
/// </summary>
internal sealed class ProviderLane : IRowSource, IDisposable
{
    // More wait only where hundreds of clients read long batches at once.
    private const int MaxWaiting = 8192;

    // One that did not answer is left alone for some deadlines: each new try may cost another one.
    private const int RestDeadlines = 6;

    private readonly IRowProvider _provider;
    private readonly ProviderLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LaneThreads _threads;
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private readonly Slots _reads;
    private readonly Slots _writes;
    private PendingFlush _next = new();
    private bool _isUnflushed;
    private Task _flushing = Task.CompletedTask;
    private int _failedFlushes;
    private int _stuck;
    private bool _isOut;
    private string _trouble = "";

    /// <summary>Makes the lane; nothing is asked of the provider yet.</summary>
    public ProviderLane(IRowProvider provider, TimeProvider time, ILogger logger)
    {
        _provider = provider;
        _limits = provider.Limits;
        _time = time;
        _logger = logger;
        _reads = new Slots(_limits.Reads);
        _writes = new Slots(_limits.Writes);
        _threads = new LaneThreads(provider.Name, _limits.Reads + _limits.Writes);
        Record = new ProviderHealth(time);
    }

    /// <inheritdoc/>
    public string Name => _provider.Name;

    /// <summary>How the provider did.</summary>
    public ProviderHealth Record { get; }

    /// <summary>What is wrong with it right now, for logs; null where nothing is known to be.</summary>
    public string? Trouble
    {
        get
        {
            lock (_gate)
            {
                return _isOut ? _trouble : Record.LastFailure;
            }
        }
    }

    /// <summary>Whether it did not answer within its deadline and has not worked since.</summary>
    public bool IsOut
    {
        get
        {
            lock (_gate)
            {
                return _isOut;
            }
        }
    }

    /// <inheritdoc/>
    public async Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        await EnterAsync(_reads, cancellationToken);

        // The provider never sees the caller's memory, which it might still write to when no one waits for it any more.
        RowBuffer? read = await CallAsync<RowBuffer?>(
            _reads,
            "read",
            async stop =>
            {
                var own = new RowBuffer(Blob.ByteLength);
                if (await _provider.ReadAsync(id, row, own.Memory, stop))
                {
                    return own;
                }

                own.Dispose();
                return null;
            },
            cancellationToken
        );
        if (read is not { } there)
        {
            return false;
        }

        there.Memory.CopyTo(blob);
        there.Dispose();
        return true;
    }

    /// <summary>Stores a row.</summary>
    /// <exception cref="IOException">The provider refused, or did not answer in time.</exception>
    public async Task<WriteTicket> WriteAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        await EnterAsync(_writes, cancellationToken);
        var own = new RowBuffer(Blob.ByteLength);
        blob[..Blob.ByteLength].CopyTo(own.Memory);
        int failures;
        lock (_gate)
        {
            failures = _failedFlushes;
        }

        await CallAsync(
            _writes,
            "write",
            async stop =>
            {
                await _provider.WriteAsync(id, row, own.Memory, stop);
                own.Dispose();
                return true;
            },
            cancellationToken
        );
        lock (_gate)
        {
            _isUnflushed = true;
            return new WriteTicket(this, _next, failures);
        }
    }

    /// <summary>
    /// Waits until a row is durable, with a flush that is shared by all who wait for one. False where it may not be:
    /// its flush failed, or one failed between its write and its flush, since a failure is told once, for whatever was
    /// being written then.
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

    /// <summary>Makes everything durable that was written before.</summary>
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

    /// <summary>Deletes the rows of a batch.</summary>
    /// <exception cref="IOException">Some may still be there.</exception>
    public async Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken)
    {
        await EnterAsync(_writes, cancellationToken);
        await CallAsync(
            _writes,
            "delete",
            async stop =>
            {
                await _provider.DeleteAsync(id, rows, stop);
                return true;
            },
            cancellationToken
        );
    }

    /// <summary>Asks whether the provider would take rows now.</summary>
    /// <exception cref="IOException">It would not, or does not answer.</exception>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        await EnterAsync(_writes, cancellationToken);
        await CallAsync(_writes, "probe", _provider.ProbeAsync, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Cancel();
        _over.Dispose();
        _threads.Dispose();
    }

    private void Start(PendingFlush flush)
    {
        lock (_gate)
        {
            if (flush != _next)
            {
                return; // It is on its way, or was done.
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
            await EnterAsync(_writes, over);
            await CallAsync(
                _writes,
                "flush",
                async stop =>
                {
                    await _provider.FlushAsync(stop);
                    return true;
                },
                over
            );
            int failures;
            lock (_gate)
            {
                failures = _failedFlushes;
            }

            Record.FlushWorked();
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
                _logger.ProviderRefused(Name, failure.Message);
                Record.FlushFailed();
            }

            flush.Outcome.SetException(failure);
            _ = flush.Outcome.Task.Exception; // Whoever waited may have gone.
        }
    }

    /// <summary>Waits for a free slot.</summary>
    /// <exception cref="IOException">The provider is left alone for now, or too many wait.</exception>
    private async Task EnterAsync(Slots slots, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource> waiting;
        lock (_gate)
        {
            if (Refusal() is { } reason)
            {
                throw new ProviderOutException(reason);
            }

            if (slots.InFlight < slots.Max)
            {
                slots.InFlight++;
                return;
            }

            if (slots.Waiting.Count >= MaxWaiting)
            {
                throw new IOException($"{Name}: {MaxWaiting} calls wait for their turn already");
            }

            waiting = slots.Waiting.AddLast(
                new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
            );
        }

        await using (cancellationToken.UnsafeRegister(_ => GiveUp(slots, waiting, cancellationToken), null))
        {
            await waiting.Value.Task;
        }
    }

    private void GiveUp(Slots slots, LinkedListNode<TaskCompletionSource> waiting, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (waiting.Value.TrySetCanceled(cancellationToken))
            {
                slots.Waiting.Remove(waiting);
            }
        }
    }

    /// <summary>Why nothing may be asked now; null where it may.</summary>
    private string? Refusal() =>
        _stuck > 0 ? $"{Name}: {_trouble}; it is left alone until it does"
        : _isOut && (Record.IsBackingOff || _reads.InFlight + _writes.InFlight > 0)
            ? $"{Name}: {_trouble}; it is left alone for a while"
        : null;

    private void Leave(Slots slots)
    {
        lock (_gate)
        {
            while (slots.Waiting.First is { } first)
            {
                slots.Waiting.Remove(first);
                if (first.Value.TrySetResult())
                {
                    return; // The slot is another's now.
                }
            }

            slots.InFlight--;
        }
    }

    /// <summary>
    /// Asks, on a thread of the lane; whoever waits is let go at the deadline, or when it is cancelled, whatever the
    /// provider does.
    /// </summary>
    private async Task<T> CallAsync<T>(
        Slots slots,
        string what,
        Func<CancellationToken, Task<T>> ask,
        CancellationToken cancellationToken
    )
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = WatchAsync(slots, what, ask, answer, cancellationToken);
        return await answer.Task.WaitAsync(cancellationToken);
    }

    private async Task WatchAsync<T>(
        Slots slots,
        string what,
        Func<CancellationToken, Task<T>> ask,
        TaskCompletionSource<T> answer,
        CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var inTime = new CancellationTokenSource();
        long began = _time.GetTimestamp();
        CancellationToken stopped = stop.Token;
        Task<T> asked = Begin(() => ask(stopped));
        await Task.WhenAny(asked, Task.Delay(_limits.Deadline, _time, inTime.Token));
        if (!asked.IsCompleted)
        {
            string trouble = string.Create(
                CultureInfo.InvariantCulture,
                $"it has not answered a {what} within {_limits.Deadline.TotalSeconds:0.###} s"
            );
            NoteOverdue(trouble);
            answer.TrySetException(new IOException($"{Name}: {trouble}"));
            await stop.CancelAsync();
            await ((Task)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Leave(slots);
            NoteReturned(asked.IsCompletedSuccessfully);
            return;
        }

        await inTime.CancelAsync();
        Exception? failure = asked.IsCompletedSuccessfully ? null : FailureOf(what, asked, cancellationToken);
        if (failure is null)
        {
            // To answer a probe is not to take rows, but where the probe says so.
            NoteWorked(
                what != "probe" || (asked is Task<bool> probed && await probed) ? _time.GetElapsedTime(began) : null
            );
        }
        else if (failure is IOException)
        {
            Record.Failed(failure.Message);
        }

        Leave(slots);
        if (failure is null)
        {
            answer.TrySetResult(await asked);
        }
        else
        {
            answer.TrySetException(failure);
            _ = answer.Task.Exception; // Whoever waited may have gone.
        }
    }

    private Task<T> Begin<T>(Func<Task<T>> ask)
    {
        try
        {
            return _threads.RunAsync(ask);
        }
        catch (Exception noThread) when (noThread is OutOfMemoryException or ThreadStartException)
        {
            return Task.FromException<T>(noThread);
        }
    }

    /// <summary>Why a call failed: an <see cref="IOException"/>, but for what is not the provider's failure.</summary>
    private Exception FailureOf(string what, Task asked, CancellationToken cancellationToken)
    {
        Exception? failure = asked.Exception?.InnerException;
        return failure switch
        {
            null or OperationCanceledException when cancellationToken.IsCancellationRequested =>
                new OperationCanceledException(cancellationToken),
            null or OperationCanceledException => new IOException($"{Name}: the {what} was broken off"),
            IOException or LeaseLostException or DbException => failure,
            _ => new IOException($"{Name}: the {what} failed: {failure.GetType().Name}: {failure.Message}", failure),
        };
    }

    private void NoteOverdue(string trouble)
    {
        bool isNew;
        lock (_gate)
        {
            _stuck++;
            isNew = !_isOut;
            _isOut = true;
            _trouble = trouble;
            foreach (Slots slots in (Slots[])[_reads, _writes])
            {
                foreach (TaskCompletionSource waiting in slots.Waiting)
                {
                    waiting.TrySetException(new ProviderOutException($"{Name}: {trouble}"));
                }

                slots.Waiting.Clear();
            }
        }

        Record.Failed(trouble, _limits.Deadline * RestDeadlines);
        if (isNew)
        {
            _logger.ProviderHangs(Name, trouble);
            StorageMetrics.ProvidersOut.Add(1, new KeyValuePair<string, object?>("provider", Name));
        }
    }

    private void NoteReturned(bool didWork)
    {
        lock (_gate)
        {
            _stuck--;
        }

        if (didWork)
        {
            NoteWorked(_limits.Deadline);
        }
    }

    private void NoteWorked(TimeSpan? latency)
    {
        if (latency is { } taken)
        {
            Record.Worked(taken);
        }

        bool isBack;
        lock (_gate)
        {
            isBack = _isOut && _stuck == 0;
            _isOut &= !isBack;
        }

        if (isBack)
        {
            _logger.ProviderAnswers(Name);
        }
    }

    private sealed class Slots(int most)
    {
        public int Max => most;

        public int InFlight { get; set; }

        public LinkedList<TaskCompletionSource> Waiting { get; } = new();
    }
}
