using System.Diagnostics;

namespace Meeda.Benchmarks;

/// <summary>How much more two threads do than one.</summary>
internal static class TwoThreads
{
    private const int Rounds = 15;

    // A round is long beside what it takes to wake a thread, and short beside what a neighbour on the machine does.
    private const double RoundMilliseconds = 150;

    /// <summary>
    /// The median, over rounds, of what two threads did to what one did: each on pieces of its own, one and two in
    /// turn, so that what slows the machine down slows both.
    /// </summary>
    /// <param name="work">Does a piece: takes the thread's number and the piece's.</param>
    public static double Scaling(Action<int, int> work)
    {
        double one = Milliseconds(1, 8, work) / 8;
        int pieces = Math.Max(1, (int)(RoundMilliseconds / one));
        Milliseconds(2, pieces, work);
        var ratios = new List<double>();
        for (int i = 0; i < Rounds; i++)
        {
            ratios.Add(2 * Milliseconds(1, pieces, work) / Milliseconds(2, pieces, work));
        }

        ratios.Sort();
        return ratios[Rounds / 2];
    }

    /// <summary>How long it takes until every one of so many threads has done so many pieces.</summary>
    private static double Milliseconds(int threads, int pieces, Action<int, int> work)
    {
        using var start = new Barrier(threads + 1);
        Thread[] running =
        [
            .. Enumerable
                .Range(0, threads)
                .Select(thread => new Thread(() =>
                {
                    work(thread, thread * pieces); // What a thread needs for itself it has by now.
                    start.SignalAndWait();
                    for (int i = 0; i < pieces; i++)
                    {
                        work(thread, (thread * pieces) + i);
                    }
                })),
        ];
        Array.ForEach(running, thread => thread.Start());
        start.SignalAndWait();
        long began = Stopwatch.GetTimestamp();
        Array.ForEach(running, thread => thread.Join());
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
