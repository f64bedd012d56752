namespace Meeda.Operator.Batches;

/// <summary>
/// How fast a client gives a body or takes an answer. Who holds much memory must hurry: the least rate grows with what
/// is held, up to <see cref="LongBytesPerSecond"/>
/// from <see cref="LongLength"/> on. Only the time that the client is waited for counts. Not safe for use by several
/// threads at once.
/// </summary>
internal sealed class Pace(TimeProvider time)
{
    /// <summary>The rate below which a client is slow, and the least one of whoever holds <see cref="LongLength"/>
    /// bytes or more.</summary>
    public const int LongBytesPerSecond = 128 * 1024;

    /// <summary>From here on the least rate does not grow any more.</summary>
    public const int LongLength = 1 << 20;

    /// <summary>How far behind the least rate a client may be.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    // Before this much time has passed, no one is called slow.
    private static readonly TimeSpan MinMeasured = TimeSpan.FromSeconds(1);

    private TimeSpan _slack = Grace;
    private TimeSpan _waited;
    private long _bytes;
    private long? _since;

    /// <summary>How long the client may still keep us waiting.</summary>
    public TimeSpan Slack => _slack - Running;

    /// <summary>Whether the client is waited for now.</summary>
    public bool IsWaiting => _since is not null;

    /// <summary>Bytes a second while it was waited for; infinite before there is something to measure.</summary>
    public double BytesPerSecond =>
        _waited + Running is var waited && waited < MinMeasured
            ? double.PositiveInfinity
            : _bytes / waited.TotalSeconds;

    private TimeSpan Running => _since is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>The client is waited for from now on.</summary>
    public void Begin() => _since = time.GetTimestamp();

    /// <summary>The client gave or took bytes.</summary>
    /// <param name="bytes">How many; 0 where it did not.</param>
    /// <param name="held">What is held for it.</param>
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
