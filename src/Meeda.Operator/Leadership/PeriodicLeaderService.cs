using Meeda.Chain.L1;
using Meeda.Hosting;

namespace Meeda.Operator.Leadership;

/// <summary>
/// Periodic work that one operator of several does, the leader: begun when this process leads, stopped when it no
/// longer does, and begun again when it leads again.
/// </summary>
/// <param name="work">What the service does, as a log line begins.</param>
/// <param name="interval">From the beginning of one round to the beginning of the next.</param>
/// <param name="leadership">Who leads.</param>
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

    /// <summary>Why no round can do its work now; null where nothing is in the way.</summary>
    protected virtual string? Obstacle => null;

    /// <summary>Called when this process has begun to lead, before the first round.</summary>
    /// <param name="stoppingToken">Cancelled when the process stops, and when it no longer leads.</param>
    protected virtual Task OnLeadingAsync(CancellationToken stoppingToken) => Task.CompletedTask;

    /// <summary>Called when this process no longer leads or stops, after the last round.</summary>
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

                // The database said so before the election noticed.
                await Task.Delay(Timeout.Infinite, both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception failure) when (failure is not LeaseLostException)
            {
                stoppingToken.ThrowIfCancellationRequested();
                if (!lost.IsCancellationRequested)
                {
                    OnFailed(failure); // the preparation failed: rounds let nothing else out
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
