namespace Meeda.Operator.Batches;

/// <summary>
/// Measures the rate at which a client sends a body or receives a response. The minimum rate grows with the memory that
/// the transfer holds, up to <see cref="LongBytesPerSecond"/> from <see cref="LongLength"/> on. Only the time spent
/// waiting for the client counts. Not thread-safe.
/// </summary>
internal sealed class Pace(TimeProvider time)
{
    /// <summary>The rate below which a client is slow; the minimum rate of a transfer that holds
    /// <see cref="LongLength"/> bytes or more.</summary>
    public const int LongBytesPerSecond = 128 * 1024;

    /// <summary>The length from which on the minimum rate no longer grows.</summary>
    public const int LongLength = 1 << 20;

    /// <summary>How far behind the minimum rate a client may fall.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    // No client counts as slow before this time has passed.
    private static readonly TimeSpan MinMeasured = TimeSpan.FromSeconds(1);

    private TimeSpan _slack = Grace;
    private TimeSpan _waited;
    private long _bytes;
    private long? _since;

    /// <summary>The time for which the client may still make the operator wait.</summary>
    public TimeSpan Slack => _slack - Running;

    /// <summary>Whether the operator is waiting for the client.</summary>
    public bool IsWaiting => _since is not null;

    /// <summary>Bytes per second of waiting; infinite before the first measurement.</summary>
    public double BytesPerSecond =>
        _waited + Running is var waited && waited < MinMeasured
            ? double.PositiveInfinity
            : _bytes / waited.TotalSeconds;

    private TimeSpan Running => _since is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Starts to wait for the client.</summary>
    public void Begin() => _since = time.GetTimestamp();

    /// <summary>Ends the wait: the client sent or received bytes.</summary>
    /// <param name="bytes">The number of bytes; 0 for none.</param>
    /// <param name="held">The bytes of memory that the transfer holds.</param>
    public void End(long bytes, long held)
    {
        TimeSpan running = Running;
        _since = null;
        _waited += running;
        _bytes += bytes;
        double leastRate = LongBytesPerSecond * Math.Clamp(held / (double)LongLength, 1.0 / LongLength, 1);
        TimeSpan slack = _slack - running + TimeSpan.FromSeconds(Math.Min(bytes / leastRate, Grace.TotalSeconds));
        _slack = slack < Grace ? slack : Grace;
    }
}
