using Meeda.Hosting;

namespace Meeda.Operator.Leadership;

/// <summary>
/// Holds the lease while it can, and tells those who work under it when they may begin and when they must stop.
/// </summary>
internal sealed class LeaderElection(Lease lease, TimeProvider time, ILogger<LeaderElection> logger) : BackgroundService
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _lost = new();

    /// <summary>Whether this process leads, as far as it knows.</summary>
    public bool IsLeading => lease.IsHeld;

    /// <summary>
    /// Called when this process has begun to lead, before anybody works under it; not where it leads from the start.
    /// </summary>
    public event Action? Taken;

    /// <summary>Waits until this process leads.</summary>
    /// <returns>Is cancelled when it no longer does.</returns>
    public async Task<CancellationToken> LeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task taken;
            lock (_gate)
            {
                if (lease.IsHeld)
                {
                    return _lost.Token;
                }

                taken = _taken.Task;
            }

            await taken.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await lease.ReleaseAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is System.Data.Common.DbException or OperationCanceledException)
        {
            logger.LeaseUnreachable(failure.Message); // It runs out by itself.
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _lost.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long heldAt = time.GetTimestamp();
        using var timer = new PeriodicTimer(lease.Term / 4, time);
        do
        {
            bool wasHeld = lease.IsHeld;
            try
            {
                long asked = time.GetTimestamp();
                if (await lease.TryHoldAsync(stoppingToken))
                {
                    heldAt = asked;
                }
            }
            catch (Exception failure) when (failure is System.Data.Common.DbException or TimeoutException)
            {
                logger.LeaseUnreachable(failure.Message);
                if (time.GetElapsedTime(heldAt) > lease.Term * 0.75)
                {
                    lease.Drop();
                }
            }

            Tell(wasHeld);
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Tell(bool wasHeld)
    {
        if (lease.IsHeld == wasHeld)
        {
            return;
        }

        if (lease.IsHeld)
        {
            logger.LeaseTaken();
            Taken?.Invoke();
        }
        else
        {
            logger.LeaseLost();
        }

        TaskCompletionSource? taken = null;
        CancellationTokenSource? lost = null;
        lock (_gate)
        {
            if (lease.IsHeld)
            {
                taken = _taken;
                _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            else
            {
                lost = _lost;
                _lost = new();
            }
        }

        taken?.SetResult();
        lost?.Cancel();
        lost?.Dispose();
    }
}

/// <summary>
/// Work that one operator of several does, the leader: begun when this process leads, stopped when it no longer does,
/// and begun again.
/// </summary>
internal abstract class LeaderService(LeaderElection leadership) : BackgroundService
{
    /// <summary>The work; a failure that it lets out ends the process.</summary>
    /// <param name="stoppingToken">Cancelled when the process stops, and when it no longer leads.</param>
    protected abstract Task LeadAsync(CancellationToken stoppingToken);

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            CancellationToken lost = await leadership.LeadAsync(stoppingToken);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lost);
            try
            {
                await LeadAsync(both.Token);
                return;
            }
            catch (OperationCanceledException)
                when (lost.IsCancellationRequested && !stoppingToken.IsCancellationRequested)
            {
                // Then until it leads again.
            }
            catch (LeaseLostException) when (!stoppingToken.IsCancellationRequested)
            {
                // The database said so before this process has noticed.
                await Task.Delay(Timeout.Infinite, both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
