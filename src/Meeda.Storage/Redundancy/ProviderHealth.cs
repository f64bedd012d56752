namespace Meeda.Storage.Redundancy;

/// <summary>
/// Health statistics of one provider: how long its answers take, and whether it failed lately. They decide whether new
/// rows go there and how long a read waits before it asks others too. In memory only; rebuilt after a restart.
/// </summary>
internal sealed class ProviderHealth(TimeProvider time)
{
    // The latencies that a percentile is taken from.
    private const int Remembered = 128;

    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxRest = TimeSpan.FromMinutes(5);

    // A failure that nothing followed on says little after this.
    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly double[] _latencies = new double[Remembered];
    private int _looks;
    private TimeSpan _rest;
    private long _restsFrom;
    private bool _isFlushFailing;
    private string? _lastFailure;

    /// <summary>
    /// Whether it failed lately and is left alone for a while where there is a choice; twice as long after each
    /// failure in a row.
    /// </summary>
    public bool IsBackingOff
    {
        get
        {
            lock (_gate)
            {
                return _rest > TimeSpan.Zero && time.GetElapsedTime(_restsFrom) < _rest;
            }
        }
    }

    /// <summary>
    /// What it failed with lately, and has done nothing right since; null where there is nothing, or it was long ago.
    /// </summary>
    public string? LastFailure
    {
        get
        {
            lock (_gate)
            {
                return _rest > TimeSpan.Zero && time.GetElapsedTime(_restsFrom) < Lately ? _lastFailure : null;
            }
        }
    }

    /// <summary>
    /// Takes note of an answer. Where flushes fail, the writes before them are worth nothing: only a flush that works
    /// makes up for it.
    /// </summary>
    public void Worked(TimeSpan latency)
    {
        lock (_gate)
        {
            _latencies[_looks++ % Remembered] = latency.TotalMilliseconds;
            if (!_isFlushFailing)
            {
                _rest = TimeSpan.Zero;
            }
        }
    }

    /// <summary>Takes note of a flush that worked.</summary>
    public void FlushWorked()
    {
        lock (_gate)
        {
            _isFlushFailing = false;
            _rest = TimeSpan.Zero;
        }
    }

    /// <summary>Takes note of a flush that failed, which was taken note of as a failure already.</summary>
    public void FlushFailed()
    {
        lock (_gate)
        {
            _isFlushFailing = true;
        }
    }

    /// <summary>Takes note of a failure: it did not answer, or refused.</summary>
    /// <param name="reason">Why, for logs.</param>
    /// <param name="atLeast">The shortest rest that it gets.</param>
    public void Failed(string reason = "it failed", TimeSpan atLeast = default)
    {
        lock (_gate)
        {
            TimeSpan rest = _rest == TimeSpan.Zero ? FirstRest : _rest * 2;
            rest = rest > atLeast ? rest : atLeast;
            _rest = rest < MaxRest ? rest : MaxRest;
            _restsFrom = time.GetTimestamp();
            _lastFailure = reason;
        }
    }

    /// <summary>A percentile of its latest latencies; zero before the first.</summary>
    /// <param name="part">Between 0 and 1.</param>
    public TimeSpan Latency(double part)
    {
        lock (_gate)
        {
            int count = Math.Min(_looks, Remembered);
            if (count == 0)
            {
                return TimeSpan.Zero;
            }

            double[] sorted = [.. _latencies.Take(count).Order()];
            return TimeSpan.FromMilliseconds(sorted[(int)((count - 1) * part)]);
        }
    }
}
