using Meeda.Http;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Batches;

/// <summary>The pressure on the intake.</summary>
/// <param name="BacklogBytes">Payload bytes that are not at their providers yet.</param>
/// <param name="BacklogBatches">Batches that are not at their providers yet.</param>
/// <param name="FailingFor">The time for which the ledger or the providers have rejected everything.</param>
/// <param name="IsFailingOver">Whether puts are answered 503.</param>
/// <param name="Failovers">Puts answered 503 since the process began.</param>
internal sealed record PressureReport(
    long BacklogBytes,
    long BacklogBatches,
    TimeSpan FailingFor,
    bool IsFailingOver,
    long Failovers
);

/// <summary>
/// Decides whether a put is accepted now. A put is rejected for a while if a retry can help, and sent to L1 (the
/// failover signal) only if the configured policy says so. Nothing needs a reset: each poll evaluates the causes again.
/// Operators on one ledger read them there, so that all of them decide alike.
/// </summary>
internal sealed partial class IntakePressure(
    IOptions<IntakeOptions> options,
    Ledger ledger,
    BatchPlacement placement,
    OperatorStanding standing,
    TimeProvider time,
    ILogger<IntakePressure> logger
) : IDisposable
{
    private static readonly TimeSpan BacklogAge = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ProbeAge = TimeSpan.FromSeconds(1);
    private const int ProbeBytes = 1 << 20;
    private static readonly UnanchoredBatches NoneUnanchored = new(0, 0, 0, 0, 0);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _counting = new(1);
    private volatile Counted? _counted;
    private long? _storeFailingSince;
    private long _probedAt;
    private bool _isFailingOver;
    private long _failovers;

    /// <summary>Accepts a put, or throws.</summary>
    /// <exception cref="DaException">The client must wait (<see cref="DaError.Overloaded"/>), or post to L1
    /// (<see cref="DaError.FailOver"/>).</exception>
    /// <param name="blobs">The put's blobs.</param>
    /// <param name="isPaid">Whether a rollup's escrow pays for it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task EnsureAcceptingAsync(int blobs, bool isPaid, CancellationToken cancellationToken)
    {
        standing.EnsureAnchoring();
        Counted counted = await CountAsync(cancellationToken);
        if (ProviderCause(counted) is { } cause)
        {
            throw FailOver(cause);
        }

        IntakeOptions policy = options.Value;
        if (standing.Problem is { } refusal)
        {
            throw policy.FailoverAfter > TimeSpan.Zero && standing.FailingFor > policy.FailoverAfter
                ? FailOver($"stake: {refusal}, for {standing.FailingFor.TotalSeconds:0} s (FailoverAfter)")
                : new DaException(
                    DaError.Unavailable,
                    $"stake: {refusal}, so that this batch could never be anchored; nothing of it is stored"
                );
        }

        long bytes = counted.Backlog.Bytes;
        if (bytes > policy.MaxBacklogBytes)
        {
            throw new DaException(
                DaError.Overloaded,
                $"backlog: {bytes} bytes are not at their providers yet, more than {policy.MaxBacklogBytes} "
                    + "(MaxBacklogBytes); try again"
            );
        }

        EnsureCarried(counted, blobs, isPaid);
        if (counted.Unanchored.Count >= policy.MaxUnanchoredBatches)
        {
            throw new DaException(
                DaError.Overloaded,
                $"anchors: {counted.Unanchored.Count} batches wait for their anchor on L1, the maximum is "
                    + $"{policy.MaxUnanchoredBatches} (MaxUnanchoredBatches); try again"
            );
        }

        // A failure of the ledger itself is over only once a put has succeeded.
        if (StoreFailingSince is null)
        {
            SetFailingOver(null);
        }
    }

    /// <summary>Makes sure that the stake carries a renewal.</summary>
    /// <param name="blobs">The batch's blobs.</param>
    /// <param name="isPaid">Whether a rollup's escrow pays for it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="DaException">It does not (<see cref="DaError.Overloaded"/>).</exception>
    public async Task EnsureCarriedAsync(int blobs, bool isPaid, CancellationToken cancellationToken) =>
        EnsureCarried(await CountAsync(cancellationToken), blobs, isPaid);

    /// <summary>Records that a batch was made durable.</summary>
    public void RecordSuccess()
    {
        lock (_gate)
        {
            _storeFailingSince = null;
        }
    }

    /// <summary>Records that a batch could not be made durable, and returns the client's error.</summary>
    public DaException RecordFailure(Exception failure)
    {
        TimeSpan failing;
        lock (_gate)
        {
            _storeFailingSince ??= time.GetTimestamp();
            failing = FailingFor(_storeFailingSince);
        }

        return StoreCause(failing) is { } cause
            ? FailOver(cause, failure)
            : new DaException(
                DaError.Unavailable,
                "store: the batch could not be made durable; nothing of it is promised, try again",
                failure
            );
    }

    /// <summary>Reports the present pressure.</summary>
    public async Task<PressureReport> ReportAsync(CancellationToken cancellationToken)
    {
        await ProbeAsync(cancellationToken);
        Counted counted = await CountAsync(cancellationToken);
        TimeSpan store = FailingFor(StoreFailingSince);
        string? cause = ProviderCause(counted) ?? StoreCause(store);
        SetFailingOver(cause);
        lock (_gate)
        {
            TimeSpan providers = RefusedFor(counted);
            return new PressureReport(
                counted.Backlog.Bytes,
                counted.Backlog.Count,
                store > providers ? store : providers,
                cause is not null,
                _failovers
            );
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _counting.Dispose();

    private long? StoreFailingSince
    {
        get
        {
            lock (_gate)
            {
                return _storeFailingSince;
            }
        }
    }

    /// <summary>On a shared ledger, the state that the leader wrote there.</summary>
    private TimeSpan RefusedFor(Counted counted) => ledger.IsShared ? counted.Refused : placement.FailingFor;

    /// <summary>
    /// If the ledger failed at the last put, checks whether it still does: no further put may arrive, because the
    /// failover signal sends clients elsewhere.
    /// </summary>
    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        if (
            StoreFailingSince is null
            || (Interlocked.Read(ref _probedAt) is not 0 and var at && time.GetElapsedTime(at) < ProbeAge)
        )
        {
            return;
        }

        Interlocked.Exchange(ref _probedAt, time.GetTimestamp());
        try
        {
            await ledger.ProbeAsync(ProbeBytes, cancellationToken);
            RecordSuccess();
        }
        catch (Exception failing) when (IsRefusal(failing))
        {
            // As before.
        }
    }

    private static bool IsRefusal(Exception failure) =>
        failure is System.Data.Common.DbException or IOException or TimeoutException;

    private TimeSpan FailingFor(long? since) => since is { } began ? time.GetElapsedTime(began) : TimeSpan.Zero;

    private DaException FailOver(string reason, Exception? failure = null)
    {
        OperatorMetrics.Failovers.Add(1);
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

    /// <summary>The backlog and the reason of its rejection, read again when the last poll is old.</summary>
    private async Task<Counted> CountAsync(CancellationToken cancellationToken)
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

            // With an empty backlog nothing is being rejected, even where an earlier leader recorded otherwise.
            TimeSpan refused =
                ledger.IsShared && backlog.Count > 0 ? await ledger.RefusedForAsync(cancellationToken) : TimeSpan.Zero;
            return _counted = new Counted(
                backlog,
                await ledger.CountUnanchoredAsync(standing.Head, cancellationToken),
                refused,
                time.GetTimestamp()
            );
        }
        catch (Exception refused) when (IsRefusal(refused))
        {
            // Writing the batch will show whether the ledger works. Callers that share this poll need not fail, too.
            return _counted = new Counted(
                _counted?.Backlog ?? default,
                _counted?.Unanchored ?? NoneUnanchored,
                TimeSpan.Zero,
                time.GetTimestamp()
            );
        }
        finally
        {
            _counting.Release();
        }
    }

    private Counted? Fresh() =>
        _counted is { } counted && time.GetElapsedTime(counted.At) < BacklogAge ? counted : null;

    private sealed record Counted(Backlog Backlog, UnanchoredBatches Unanchored, TimeSpan Refused, long At);
}
