namespace Meeda.Operator.Persistence;

/// <summary>
/// Wakes waiters in this process when a batch may have advanced. Only a hint: re-read the ledger for the actual state.
/// </summary>
internal sealed class BatchSignal
{
    private TaskCompletionSource _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the next batch is stored. Take it before reading the ledger.</summary>
    public Task Stored => Volatile.Read(ref _stored).Task;

    /// <summary>Completes when the next batch changes its state. Take it before reading the ledger.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Signals that a batch was stored.</summary>
    public void PulseStored() => Pulse(ref _stored);

    /// <summary>Signals that batches have changed their states.</summary>
    public void PulseChanged() => Pulse(ref _changed);

    private static void Pulse(ref TaskCompletionSource source) =>
        Interlocked.Exchange(ref source, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
