using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Batches;

/// <summary>What the pressure on the intake is.</summary>
/// <param name="BacklogBytes">Payload bytes that are not at their providers yet.</param>
/// <param name="BacklogBatches">Batches that are not at their providers yet.</param>
/// <param name="FailingFor">How long the ledger or the providers have refused everything.</param>
/// <param name="IsFailingOver">Whether puts are answered 503.</param>
/// <param name="Failovers">Puts answered 503 since the process began.</param>
internal sealed record PressureReport(long BacklogBytes, long BacklogBatches, TimeSpan FailingFor, bool IsFailingOver, long Failovers);

/// <summary>
/// Decides whether a put is taken now: refused for a while where a retry can help, and sent to L1 (the failover signal) only by the policy that the operator chose.
/// Nothing needs to be reset: each put looks anew, and those that are tried are the probe.
/// </summary>
internal sealed class IntakePressure(IOptions<IntakeOptions> options, Ledger ledger, BatchPlacement placement, OperatorStanding standing, TimeProvider time, ILogger<IntakePressure> logger) : IDisposable
{
    private static readonly TimeSpan BacklogAge = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _counting = new(1);
    private volatile Counted? _counted;
    private long? _storeFailingSince;
    private bool _isFailingOver;
    private long _failovers;

    /// <summary>Lets a put in, or says why not.</summary>
    /// <exception cref="DaException">It must wait (<see cref="DaError.Overloaded"/>), or go to L1 (<see cref="DaError.FailOver"/>).</exception>
    public async Task EnsureTakesAsync(CancellationToken cancellationToken)
    {
        long bytes = (await BacklogAsync(cancellationToken)).Bytes;
        IntakeOptions policy = options.Value;
        if (standing.Problem is { } refusal)
        {
            throw policy.FailoverAfter > TimeSpan.Zero && standing.FailingFor > policy.FailoverAfter
                ? FailOver($"stake: {refusal}, for {standing.FailingFor.TotalSeconds:0} s (FailoverAfter)")
                : new DaException(DaError.Unavailable, $"stake: {refusal}, so that this batch could never be anchored; nothing of it is stored");
        }

        TimeSpan failing = placement.FailingFor;
        if (policy.FailoverAfter > TimeSpan.Zero && failing > policy.FailoverAfter)
        {
            throw FailOver($"providers: they have refused every batch for {failing.TotalSeconds:0} s (FailoverAfter)");
        }

        if (policy.FailoverBacklogBytes > 0 && bytes > policy.FailoverBacklogBytes)
        {
            throw FailOver($"backlog: {bytes} bytes are not at their providers yet, more than {policy.FailoverBacklogBytes} (FailoverBacklogBytes)");
        }

        if (bytes > policy.MaxBacklogBytes)
        {
            throw new DaException(DaError.Overloaded, $"backlog: {bytes} bytes are not at their providers yet, more than {policy.MaxBacklogBytes} (MaxBacklogBytes); try again");
        }

        // Where the ledger itself fails, only a put that gets through says that it is over.
        if (FailingFor(_storeFailingSince) == TimeSpan.Zero)
        {
            SetFailingOver(null);
        }
    }

    /// <summary>Takes note that a batch was made durable.</summary>
    public void StoreWorked()
    {
        lock (_gate)
        {
            _storeFailingSince = null;
        }
    }

    /// <summary>Takes note that a batch could not be made durable, and gives what its client should hear.</summary>
    public DaException StoreFailed(Exception failure)
    {
        TimeSpan failing;
        lock (_gate)
        {
            _storeFailingSince ??= time.GetTimestamp();
            failing = FailingFor(_storeFailingSince);
        }

        return options.Value.FailoverAfter > TimeSpan.Zero && failing > options.Value.FailoverAfter
            ? FailOver($"store: no batch could be made durable for {failing.TotalSeconds:0} s (FailoverAfter)", failure)
            : new DaException(DaError.Unavailable, "store: the batch could not be made durable; nothing of it is promised, try again", failure);
    }

    /// <summary>What the pressure is now.</summary>
    public async Task<PressureReport> ReportAsync(CancellationToken cancellationToken)
    {
        Backlog backlog = await BacklogAsync(cancellationToken);
        lock (_gate)
        {
            TimeSpan store = FailingFor(_storeFailingSince);
            TimeSpan providers = placement.FailingFor;
            return new PressureReport(backlog.Bytes, backlog.Count, store > providers ? store : providers, _isFailingOver, _failovers);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _counting.Dispose();

    private TimeSpan FailingFor(long? since) => since is { } began ? time.GetElapsedTime(began) : TimeSpan.Zero;

    private DaException FailOver(string reason, Exception? failure = null)
    {
        Metrics.Failovers.Add(1);
        SetFailingOver(reason);
        lock (_gate)
        {
            _failovers++;
        }

        return new DaException(DaError.FailOver, reason, failure);
    }

    private void SetFailingOver(string? reason)
    {
        lock (_gate)
        {
            if (_isFailingOver == reason is not null)
            {
                return;
            }

            _isFailingOver = reason is not null;
        }

        if (reason is null)
        {
            logger.FailoverEnds();
        }
        else
        {
            logger.FailoverBegins(reason);
        }
    }

    /// <summary>The backlog, counted anew when the last count is old.</summary>
    private async Task<Backlog> BacklogAsync(CancellationToken cancellationToken)
    {
        if (Fresh() is { } fresh)
        {
            return fresh;
        }

        await _counting.WaitAsync(cancellationToken);
        try
        {
            if (Fresh() is { } counted)
            {
                return counted;
            }

            Backlog backlog = await ledger.BacklogAsync(cancellationToken);
            _counted = new Counted(backlog, time.GetTimestamp());
            return backlog;
        }
        catch (System.Data.Common.DbException)
        {
            return _counted?.Backlog ?? default; // Whether the ledger works shows when the batch is written.
        }
        finally
        {
            _counting.Release();
        }
    }

    private Backlog? Fresh() => _counted is { } counted && time.GetElapsedTime(counted.At) < BacklogAge ? counted.Backlog : null;

    private sealed record Counted(Backlog Backlog, long At);
}
