namespace Meeda.Hosting;

/// <summary>
/// A background service that does one piece of work again and again. A failed round is logged and tried again at the
/// next interval: the service ends only when its token does, and never because of a time-out or a failure of what it
/// calls.
/// </summary>
/// <param name="interval">From the beginning of one round to the beginning of the next.</param>
/// <param name="time">The clock.</param>
public abstract class PeriodicService(TimeSpan interval, TimeProvider time) : BackgroundService
{
    /// <summary>From the beginning of one round to the beginning of the next.</summary>
    protected TimeSpan Interval { get; } = interval;

    /// <summary>The clock.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>Whether the first round begins an interval after the service, and not with it.</summary>
    protected virtual bool WaitsFirst => false;

    /// <summary>Completes when the next round should begin before its time; null where only time begins it.</summary>
    /// <remarks>It is taken before a round, so that nothing that happens during the round is missed.</remarks>
    protected virtual Task? Wake => null;

    /// <summary>Does the work once.</summary>
    /// <param name="stoppingToken">Cancelled when the service is to stop.</param>
    /// <exception cref="LeaseLostException">Another operator leads: the rounds end.</exception>
    protected abstract Task RunOnceAsync(CancellationToken stoppingToken);

    /// <summary>Logs that a round failed.</summary>
    protected abstract void OnFailed(Exception failure);

    /// <summary>Takes note that a round worked.</summary>
    protected virtual void OnSucceeded() { }

    /// <summary>How long to wait for the next round.</summary>
    protected virtual TimeSpan NextPause(TimeSpan usual) => usual;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RepeatAsync(stoppingToken);

    /// <summary>Does the work at each interval until the token is cancelled.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no other failure ends it, but
    /// one:</exception>
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
            // What fails because it was cancelled does not always say so: a driver or a socket may throw its own.
            stoppingToken.ThrowIfCancellationRequested();
            OnFailed(failure);
        }
    }
}
