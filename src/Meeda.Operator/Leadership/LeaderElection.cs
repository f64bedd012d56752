using Meeda.Hosting;

namespace Meeda.Operator.Leadership;

/// <summary>
/// Acquires and renews the lease, and tells the services that depend on it when to start and when to stop.
/// </summary>
internal sealed class LeaderElection(Lease lease, TimeProvider time, ILogger<LeaderElection> logger)
    : PeriodicService(lease.Term / 4, time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _lost = new();
    private long _heldAt = time.GetTimestamp();

    /// <summary>Whether this process leads, as far as it knows.</summary>
    public bool IsLeading => lease.IsHeld;

    /// <summary>
    /// Raised when this process becomes the leader, before any service starts its work; not raised where it leads from
    /// the start.
    /// </summary>
    public event Action? Taken;

    /// <summary>What must be over before the leader's work begins; null for nothing.</summary>
    public Func<CancellationToken, Task>? Before { get; set; }

    /// <summary>Waits until this process leads, and what must be over <see cref="Before"/> is.</summary>
    /// <returns>A token that is cancelled when this process no longer leads.</returns>
    public async Task<CancellationToken> WaitUntilLeadingAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            CancellationToken lost = await WaitUntilHeldAsync(cancellationToken);
            if (Before is { } before)
            {
                await before(cancellationToken);
            }

            if (!lost.IsCancellationRequested)
            {
                return lost;
            }
        }
    }

    /// <summary>Waits until this process leads, whatever must be over before.</summary>
    /// <returns>A token that is cancelled when this process no longer leads.</returns>
    public async Task<CancellationToken> WaitUntilHeldAsync(CancellationToken cancellationToken)
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
            logger.LeaseUnreachable(failure.Message); // The lease expires by itself.
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _lost.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        bool wasHeld = lease.IsHeld;
        try
        {
            long asked = Time.GetTimestamp();
            if (await lease.TryHoldAsync(stoppingToken))
            {
                _heldAt = asked;
            }
        }
        catch (Exception) when (Time.GetElapsedTime(_heldAt) > lease.Term * 0.75)
        {
            lease.Drop(); // The lease may expire before the database answers again.
            throw;
        }
        finally
        {
            Tell(wasHeld);
        }
    }

    /// <inheritdoc/>
    protected override void OnFailed(Exception failure) => logger.LeaseUnreachable(failure.Message);

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
