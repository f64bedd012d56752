namespace Meeda.Hosting;

/// <summary>
/// A background service that repeats one piece of work. A failed round is logged and retried at the next interval. The
/// service ends only when its token is cancelled, never because of a time-out or a failure in a round.
/// </summary>
/// <param name="interval">The time from the start of one round to the start of the next.</param>
/// <param name="time">The clock.</param>
public abstract class PeriodicService(TimeSpan interval, TimeProvider time) : BackgroundService
{
    /// <summary>The time from the start of one round to the start of the next.</summary>
    protected TimeSpan Interval { get; } = interval;

    /// <summary>The clock.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>Whether the first round starts one interval after the service, and not with it.</summary>
    protected virtual bool WaitsFirst => false;

    /// <summary>Completes when the next round should start early; null where only the interval starts rounds.</summary>
    /// <remarks>Read before each round, so that a signal during the round is not missed.</remarks>
    protected virtual Task? Wake => null;

    /// <summary>Does the work once.</summary>
    /// <param name="stoppingToken">Cancelled when the service is to stop.</param>
    /// <exception cref="LeaseLostException">Another operator leads; the rounds end.</exception>
    protected abstract Task RunOnceAsync(CancellationToken stoppingToken);

    /// <summary>Logs that a round failed.</summary>
    protected abstract void OnFailed(Exception failure);

    /// <summary>Called after a round succeeded.</summary>
    protected virtual void OnSucceeded() { }

    /// <summary>The pause before the next round.</summary>
    protected virtual TimeSpan NextPause(TimeSpan usual) => usual;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RepeatAsync(stoppingToken);

    /// <summary>Does the work at each interval until the token is cancelled.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="LeaseLostException">Another operator leads.</exception>
    protected async Task RepeatAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, Time);
        Task<bool> tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        if (WaitsFirst)
        {
            await tick;
            tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        }

        while (true)
        {
            Task wake = Wake ?? tick;
            await TryOnceAsync(stoppingToken);
            TimeSpan pause = NextPause(Interval);
            if (timer.Period != pause)
            {
                timer.Period = pause;
            }

            await Task.WhenAny(tick, wake);
            stoppingToken.ThrowIfCancellationRequested();
            if (tick.IsCompleted)
            {
                await tick;
                tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            }
        }
    }

    private async Task TryOnceAsync(CancellationToken stoppingToken)
    {
        try
        {
            await RunOnceAsync(stoppingToken);
            OnSucceeded();
        }
        catch (Exception failure) when (failure is not LeaseLostException)
        {
            // A cancelled call does not always throw OperationCanceledException: a driver or socket may throw its own.
            stoppingToken.ThrowIfCancellationRequested();
            OnFailed(failure);
        }
    }
}
