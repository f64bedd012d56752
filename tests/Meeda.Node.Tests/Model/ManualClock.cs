namespace Meeda.Node.Tests.Model;

/// <summary>
/// A clock that moves only on command, and then fires the timers that are due. Its time of day may jump, as machines'
/// clocks do; timers do not follow a jump. Pauses shorter than <see cref="Shortest"/> end at once, without an
/// observable difference.
/// </summary>
internal sealed class ManualClock : TimeProvider
{
    /// <summary>Shorter pauses take no time.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(15);

    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _elapsed;
    private long _wrongBy;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>The error of the time of day.</summary>
    public TimeSpan WrongBy
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _wrongBy));
        set => Interlocked.Exchange(ref _wrongBy, value.Ticks);
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() =>
        DateTimeOffset
            .UnixEpoch.AddDays(20_000)
            .AddTicks(Interlocked.Read(ref _elapsed) + Interlocked.Read(ref _wrongBy));

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _elapsed);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes as soon as a caller waits for exactly that long.</summary>
    public async Task WaitedForAsync(TimeSpan span)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_timers.Exists(timer => timer.Span == span))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed;
        }
    }

    /// <summary>Advances the clock, and fires due timers in order.</summary>
    public void Advance(TimeSpan span)
    {
        long end = GetTimestamp() + span.Ticks;
        while (true)
        {
            Timer? next;
            lock (_gate)
            {
                next = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
                Interlocked.Exchange(ref _elapsed, next is null ? end : Math.Max(next.Due, _elapsed));
                if (next is null)
                {
                    return;
                }

                next.Next();
            }

            next.Fire();
        }
    }

    private sealed class Timer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        /// <summary>How long it was set to.</summary>
        public TimeSpan Span { get; private set; }

        /// <summary>When it fires.</summary>
        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            TaskCompletionSource changed;
            lock (clock._gate)
            {
                clock._timers.Remove(this);
                _period = period <= TimeSpan.Zero ? Timeout.InfiniteTimeSpan : period;
                Span = dueTime;
                if (dueTime < TimeSpan.Zero)
                {
                    return true;
                }

                if (dueTime < Shortest)
                {
                    ThreadPool.QueueUserWorkItem(_ => Fire());
                    return true;
                }

                Due = clock.GetTimestamp() + dueTime.Ticks;
                clock._timers.Add(this);
                changed = clock._changed;
                clock._changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            changed.SetResult();
            return true;
        }

        public void Fire() => callback(state);

        /// <summary>Schedules its next time, or removes it.</summary>
        public void Next()
        {
            if (_period == Timeout.InfiniteTimeSpan)
            {
                clock._timers.Remove(this);
            }
            else
            {
                Due += _period.Ticks;
            }
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
