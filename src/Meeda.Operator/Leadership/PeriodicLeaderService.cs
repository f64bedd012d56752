using Meeda.Chain.L1;
using Meeda.Hosting;

namespace Meeda.Operator.Leadership;

/// <summary>
/// Periodic work that only the leader of several operators does. It starts when this process becomes the leader, stops
/// when it is no longer, and starts again with the next lease.
/// </summary>
/// <param name="work">The name of the work, at the start of log lines.</param>
/// <param name="interval">The time from the start of one round to the start of the next.</param>
/// <param name="leadership">The election of the leader.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal abstract class PeriodicLeaderService(
    string work,
    TimeSpan interval,
    LeaderElection leadership,
    TimeProvider time,
    ILogger logger
) : PeriodicService(interval, time)
{
    private readonly Outage _outage = new(work, time, logger);

    /// <summary>The reason why no round can do its work now; null where there is none.</summary>
    protected virtual string? Obstacle => null;

    /// <summary>Called when this process has become the leader, before the first round.</summary>
    /// <param name="stoppingToken">Cancelled when the process stops, and when it no longer leads.</param>
    protected virtual Task OnLeadingAsync(CancellationToken stoppingToken) => Task.CompletedTask;

    /// <summary>Called after the last round, when this process no longer leads or stops.</summary>
    protected virtual void OnStopped() { }

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            CancellationToken lost = await leadership.WaitUntilLeadingAsync(stoppingToken);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lost);
            try
            {
                await OnLeadingAsync(both.Token);
                await RepeatAsync(both.Token);
            }
            catch (LeaseLostException)
            {
                stoppingToken.ThrowIfCancellationRequested();

                // The database reported the loss before the election noticed it.
                await Task.Delay(Timeout.Infinite, both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception failure) when (failure is not LeaseLostException)
            {
                stoppingToken.ThrowIfCancellationRequested();
                if (!lost.IsCancellationRequested)
                {
                    OnFailed(failure); // only the preparation can fail here: RepeatAsync handles failures of rounds
                    await Task.Delay(NextPause(Interval), Time, both.Token)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
            finally
            {
                OnStopped();
            }
        }
    }

    /// <inheritdoc/>
    protected override void OnFailed(Exception failure) => _outage.Failed(failure);

    /// <inheritdoc/>
    protected override void OnSucceeded()
    {
        if (Obstacle is { } obstacle)
        {
            _outage.Failed("obstacle", obstacle);
        }
        else
        {
            _outage.Over();
        }
    }

    /// <inheritdoc/>
    protected override TimeSpan NextPause(TimeSpan usual) => _outage.Pause(usual);
}
