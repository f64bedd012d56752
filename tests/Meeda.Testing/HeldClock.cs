namespace Meeda.Testing;

/// <summary>
/// A clock whose time stands still until a test advances it and whose timers are the system's: loops keep polling, and
/// nothing becomes due because a machine is slow.
/// </summary>
public sealed class HeldClock : TimeProvider
{
    private readonly DateTimeOffset _start = System.GetUtcNow();
    private long _elapsed;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start.AddTicks(Interlocked.Read(ref _elapsed));

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _elapsed);

    /// <summary>Advances it.</summary>
    public void Advance(TimeSpan span) => Interlocked.Add(ref _elapsed, span.Ticks);
}
