namespace Meeda.Operator.Leadership;

/// <summary>
/// Watches one round of background work: placing, proving, scrubbing, clearing. A round that exceeds its limit is
/// logged with the known cause, again whenever its duration has doubled, and counted once. Disposing of the watch ends
/// it.
/// </summary>
internal sealed class RoundWatch : IDisposable
{
    private readonly string _what;
    private readonly Func<string> _cause;
    private readonly Action? _overdue;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _began;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private TimeSpan _limit;
    private bool _isCounted;
    private bool _isOver;

    private RoundWatch(
        string what,
        TimeSpan limit,
        Func<string> cause,
        Action? overdue,
        TimeProvider time,
        ILogger logger
    )
    {
        _what = what;
        _limit = limit;
        _cause = cause;
        _overdue = overdue;
        _time = time;
        _logger = logger;
        _began = time.GetTimestamp();
        lock (_gate)
        {
            _timer = time.CreateTimer(_ => Tell(), null, limit, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Begins a round.</summary>
    /// <param name="what">The name of the work, at the start of log lines.</param>
    /// <param name="limit">The duration after which it is logged.</param>
    /// <param name="cause">Describes what the round waits for; empty where that is not known.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="overdue">Called once when the limit is exceeded.</param>
    public static RoundWatch Begin(
        string what,
        TimeSpan limit,
        Func<string> cause,
        TimeProvider time,
        ILogger logger,
        Action? overdue = null
    ) => new(what, limit, cause, overdue, time, logger);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _timer.Dispose();
        }
    }

    private void Tell()
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            string cause = _cause();
            _logger.RoundOverdue(
                _what,
                _time.GetElapsedTime(_began).TotalSeconds,
                cause.Length > 0 ? cause : "the cause is not known"
            );
            if (!_isCounted)
            {
                _isCounted = true;
                OperatorMetrics.OverdueRounds.Add(1, new KeyValuePair<string, object?>("round", _what));
                _overdue?.Invoke();
            }

            _timer.Change(_limit, Timeout.InfiniteTimeSpan);
            _limit *= 2;
        }
    }
}
