using System.Data.Common;
using System.Globalization;
using Meeda.Hosting;

namespace Meeda.Storage.Redundancy;

/// <summary>
/// Calls of one provider: they go through threads of its own, a bounded number at once, and each has a deadline. A call
/// over its deadline is a failure for its caller; until it returns, everything else asked of this provider
/// fails at once.
/// </summary>
internal sealed class ProviderCalls : IDisposable
{
    // More wait only where hundreds of clients read long batches at once.
    private const int MaxWaiting = 8192;

    // One that did not answer is left alone for some deadlines: each new try may cost another one.
    private const int RestDeadlines = 6;

    private readonly string _name;
    private readonly TimeSpan _deadline;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LaneThreads _threads;
    private readonly Lock _gate = new();
    private int _stuck;
    private bool _isOut;
    private string _trouble = "";

    /// <summary>Makes the slots and the threads; nothing is asked of the provider yet.</summary>
    public ProviderCalls(string name, ProviderLimits limits, TimeProvider time, ILogger logger)
    {
        _name = name;
        _deadline = limits.Deadline;
        _time = time;
        _logger = logger;
        Reads = new CallSlots(limits.Reads);
        Writes = new CallSlots(limits.Writes);
        _threads = new LaneThreads(name, limits.Reads + limits.Writes);
        Record = new ProviderHealth(time);
    }

    /// <summary>Room for reads.</summary>
    public CallSlots Reads { get; }

    /// <summary>Room for writes, flushes, deletions and probes.</summary>
    public CallSlots Writes { get; }

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

    /// <summary>Waits for a free slot.</summary>
    /// <exception cref="IOException">The provider is left alone for now, or too many wait.</exception>
    public async Task EnterAsync(CallSlots slots, CancellationToken cancellationToken)
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
                throw new IOException($"{_name}: {MaxWaiting} calls wait for their turn already");
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

    /// <summary>
    /// Asks, on a thread of the lane; the caller is released at the deadline, or when it is cancelled, whatever the
    /// provider does.
    /// </summary>
    public async Task<T> CallAsync<T>(
        CallSlots slots,
        string what,
        Func<CancellationToken, Task<T>> ask,
        CancellationToken cancellationToken
    )
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = WatchAsync(slots, what, ask, answer, cancellationToken);
        return await answer.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _threads.Dispose();

    private void GiveUp(
        CallSlots slots,
        LinkedListNode<TaskCompletionSource> waiting,
        CancellationToken cancellationToken
    )
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
        _stuck > 0 ? $"{_name}: {_trouble}; it is left alone until it does"
        : _isOut && (Record.IsBackingOff || Reads.InFlight + Writes.InFlight > 0)
            ? $"{_name}: {_trouble}; it is left alone for a while"
        : null;

    private void Leave(CallSlots slots)
    {
        lock (_gate)
        {
            slots.Release();
        }
    }

    private async Task WatchAsync<T>(
        CallSlots slots,
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
        await Task.WhenAny(asked, Task.Delay(_deadline, _time, inTime.Token));
        if (!asked.IsCompleted)
        {
            string trouble = string.Create(
                CultureInfo.InvariantCulture,
                $"it has not answered a {what} within {_deadline.TotalSeconds:0.###} s"
            );
            NoteOverdue(trouble);
            answer.TrySetException(new IOException($"{_name}: {trouble}"));
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
            _ = answer.Task.Exception; // Observed here, because no caller may be waiting any more.
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
            null or OperationCanceledException => new IOException($"{_name}: the {what} was broken off"),
            IOException or LeaseLostException or DbException => failure,
            _ => new IOException($"{_name}: the {what} failed: {failure.GetType().Name}: {failure.Message}", failure),
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
            foreach (CallSlots slots in (CallSlots[])[Reads, Writes])
            {
                slots.RefuseWaiting($"{_name}: {trouble}");
            }
        }

        Record.Failed(trouble, _deadline * RestDeadlines);
        if (isNew)
        {
            _logger.ProviderHangs(_name, trouble);
            StorageMetrics.ProvidersOut.Add(1, new KeyValuePair<string, object?>("provider", _name));
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
            NoteWorked(_deadline);
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
            _logger.ProviderAnswers(_name);
        }
    }
}
