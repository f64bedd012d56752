namespace Meeda.Node.Storage;

/// <summary>
/// What was experienced with a provider: how long its answers take, how often it fails, how often it gave wrong rows. It steers where new rows go and in which order rows
/// are read; it is experience only, so it is kept in memory and made anew after a restart.
/// </summary>
internal sealed class ProviderRecord(TimeProvider time)
{
    // New experience counts a tenth.
    private const double Weight = 0.1;

    // The latencies that a percentile is taken from.
    private const int Remembered = 128;

    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly double[] _latencies = new double[Remembered];
    private int _looks;
    private double _failures;
    private long _wrongRows;
    private TimeSpan _rest;
    private long _restsFrom;

    /// <summary>The part of its latest answers that were failures, newer ones counting more.</summary>
    public double FailureRate
    {
        get
        {
            lock (_gate)
            {
                return _failures;
            }
        }
    }

    /// <summary>Rows from it that did not match their commitments.</summary>
    public long WrongRows => Interlocked.Read(ref _wrongRows);

    /// <summary>Whether it failed lately and is left alone for a while where there is a choice; twice as long after each failure in a row.</summary>
    public bool IsResting
    {
        get
        {
            lock (_gate)
            {
                return _rest > TimeSpan.Zero && time.GetElapsedTime(_restsFrom) < _rest;
            }
        }
    }

    /// <summary>Takes note of an answer.</summary>
    public void Worked(TimeSpan latency)
    {
        lock (_gate)
        {
            _latencies[_looks++ % Remembered] = latency.TotalMilliseconds;
            _failures *= 1 - Weight;
            _rest = TimeSpan.Zero;
        }
    }

    /// <summary>Takes note of a failure: it did not answer, or refused.</summary>
    public void Failed()
    {
        lock (_gate)
        {
            _failures += (1 - _failures) * Weight;
            _rest = _rest == TimeSpan.Zero ? FirstRest : _rest * 2 < LongestRest ? _rest * 2 : LongestRest;
            _restsFrom = time.GetTimestamp();
        }
    }

    /// <summary>Takes note of a row that did not match its commitment.</summary>
    public void WasWrong()
    {
        Interlocked.Increment(ref _wrongRows);
        lock (_gate)
        {
            _failures += (1 - _failures) * Weight;
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
