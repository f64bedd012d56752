namespace Meeda.Http;

/// <summary>Whether puts are being committed to now, so that work which can wait lets them go first.</summary>
internal sealed class IntakeWork(TimeProvider time)
{
    private readonly Lock _gate = new();
    private int _running;
    private TaskCompletionSource _idle = Done();

    /// <summary>Begins work for a put; it ends when what is given is disposed of.</summary>
    public IDisposable Begin()
    {
        lock (_gate)
        {
            if (_running++ == 0)
            {
                _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        return new Work(this);
    }

    /// <summary>Waits until no put is being committed to, but no longer than some time: other work is put off, never
    /// stopped.</summary>
    public async Task GoFirstAsync(TimeSpan most, CancellationToken cancellationToken)
    {
        Task idle;
        lock (_gate)
        {
            idle = _idle.Task;
        }

        try
        {
            await idle.WaitAsync(most, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // It has waited long enough.
        }
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }

    private sealed class Work(IntakeWork intake) : IDisposable
    {
        public void Dispose()
        {
            lock (intake._gate)
            {
                if (--intake._running == 0)
                {
                    intake._idle.SetResult();
                }
            }
        }
    }
}
