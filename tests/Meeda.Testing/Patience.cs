using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Meeda.Testing;

/// <summary>
/// Time limits of tests, in seconds on a quiet machine. On a slower or busier machine they grow in proportion, so that
/// a test fails because something does not happen, never because the machine is busy.
/// </summary>
public static class Patience
{
    // The duration of one round of the measurement on a quiet machine of 2025, in milliseconds.
    private const double QuietRound = 4;

    // A test that hangs must end, whatever load the machine reports.
    private const int MaxSlowness = 60;

    // Time-outs that a test provokes on purpose must not make a run on a busy machine last for hours.
    private const int MaxStretch = 5;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private static readonly double Speed = MeasureSpeed();

    /// <summary>How many times slower the machine currently is than a quiet one; from 1 to 60.</summary>
    public static double Slowness => Math.Clamp(Speed * WorkPerProcessor(), 1, MaxSlowness);

    /// <summary>
    /// Scales a time of a quiet machine to this machine's present speed, up to five times: for limits that are passed
    /// to the code under test.
    /// </summary>
    public static TimeSpan Of(TimeSpan quiet) => quiet * Math.Min(Slowness, MaxStretch);

    /// <summary>
    /// Whole seconds between the blocks of an L1 whose windows an operator on this machine has to meet; 1 on a quiet
    /// machine.
    /// </summary>
    public static int BlockSeconds => (int)Math.Clamp(Math.Round(Slowness / 3), 1, 8);

    /// <summary>A token source that is cancelled after a time of a quiet machine, measured continuously.</summary>
    public static CancellationTokenSource Limit(TimeSpan quiet)
    {
        var limit = new CancellationTokenSource();
        _ = CancelAsync(limit, quiet);
        return limit;
    }

    /// <inheritdoc cref="UntilAsync(Func{Task{bool}}, TimeSpan, string)"/>
    public static Task UntilAsync(
        Func<bool> condition,
        TimeSpan quiet,
        [CallerArgumentExpression(nameof(condition))] string what = ""
    ) => UntilAsync(() => Task.FromResult(condition()), quiet, what);

    /// <summary>Polls a condition until it holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="quiet">The maximum time on a quiet machine; the test fails after that.</param>
    /// <param name="what">Names the condition in the failure.</param>
    public static async Task UntilAsync(
        Func<Task<bool>> condition,
        TimeSpan quiet,
        [CallerArgumentExpression(nameof(condition))] string what = ""
    )
    {
        using CancellationTokenSource limit = Limit(quiet);
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"the condition did not become true: {what}");
            }

            await Task.Delay(20);
        }
    }

    private static async Task CancelAsync(CancellationTokenSource limit, TimeSpan quiet)
    {
        try
        {
            TimeSpan left = quiet;
            while (left > TimeSpan.Zero)
            {
                long began = Stopwatch.GetTimestamp();
                await Task.Delay(left < Tick ? left : Tick, limit.Token);
                left -= Stopwatch.GetElapsedTime(began) / Slowness;
            }

            await limit.CancelAsync();
        }
        catch (Exception ended) when (ended is ObjectDisposedException or OperationCanceledException)
        {
            // The test ended before the limit.
        }
    }

    /// <summary>Runnable threads per processor, as the kernel reports them; 1 where it does not.</summary>
    private static double WorkPerProcessor()
    {
        try
        {
            // "0.20 0.18 0.12 3/602 31000": averages of 1, 5 and 15 minutes, runnable and existing threads, last
            // process id.
            string[] fields = File.ReadAllText("/proc/loadavg").Split(' ');
            double average = double.Parse(fields[0], CultureInfo.InvariantCulture);
            double now = double.Parse(fields[3].Split('/')[0], CultureInfo.InvariantCulture);
            return Math.Max(average, now) / Environment.ProcessorCount;
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException or FormatException)
        {
            return 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double MeasureSpeed()
    {
        double best = double.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long began = Stopwatch.GetTimestamp();
            uint state = (uint)round + 1;
            for (int step = 0; step < 4_000_000; step++)
            {
                state = (state * 1_664_525) + 1_013_904_223;
            }

            // The comparison keeps the loop: the generator never reaches its own start so early.
            best = state == 0 ? best : Math.Min(best, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return best / QuietRound;
    }
}
