using System.Data.Common;
using Meeda.Chain.Contract;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;

namespace Meeda.Chain.L1;

/// <summary>
/// What keeps a piece of work waiting: said when it begins and when its reason becomes another, then once a minute as
/// long as it lasts, and when it is over. Between the
/// tries are growing pauses.
/// </summary>
/// <param name="work">What waits, for the log.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it is said.</param>
internal sealed class Outage(string work, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Reminder = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(10);

    private string? _kind;
    private long _since;
    private long _saidAt;
    private int _failures;

    /// <summary>Whose fault it is, and in which words: a failure of the ledger is not one of L1.</summary>
    public static (string Kind, string Reason) Explain(Exception failure) =>
        failure switch
        {
            L1UnreachableException { Problem: L1Problem.RateLimit } => (
                "rate",
                $"the L1 endpoint wants fewer calls: {failure.Message}"
            ),
            L1UnreachableException => ("silence", $"L1 does not answer: {failure.Message}"),
            JsonRpcException => ("error", $"L1 answers with an error: {RevertReason.Of(failure)}"),
            LogsRefusedException => ("logs", failure.Message),
            LeaseLostException => ("lease", failure.Message),
            SigningException => ("signer", failure.Message),
            DbException => ("ledger", $"the ledger fails: {failure.Message}"),
            TimeoutException or IOException or UnauthorizedAccessException => (
                "machine",
                $"{failure.GetType().Name}: {failure.Message}"
            ),
            _ => (failure.GetType().Name, RevertReason.Of(failure)),
        };

    /// <summary>Takes note of a failed try.</summary>
    public void Failed(Exception failure)
    {
        (string kind, string reason) = Explain(failure);
        Failed(kind, reason);
    }

    /// <summary>Takes note of a try that had to be put off.</summary>
    /// <param name="kind">The kind of reason, which stays the same while the words change.</param>
    /// <param name="reason">The reason.</param>
    public void Failed(string kind, string reason)
    {
        if (_failures++ == 0)
        {
            _since = time.GetTimestamp();
        }

        if (_kind != kind)
        {
            _kind = kind;
            _saidAt = time.GetTimestamp();
            logger.Waits(work, reason.TrimEnd('.'));
        }
        else if (time.GetElapsedTime(_saidAt) >= Reminder)
        {
            _saidAt = time.GetTimestamp();
            logger.StillWaits(work, (long)time.GetElapsedTime(_since).TotalSeconds, reason.TrimEnd('.'));
        }
    }

    /// <summary>Takes note of a try that worked.</summary>
    public void Over()
    {
        if (_failures > 0)
        {
            logger.WaitsNoMore(work, (long)time.GetElapsedTime(_since).TotalSeconds);
        }

        _failures = 0;
        _kind = null;
    }

    /// <summary>
    /// How long to wait for the next try: the usual time, and twice as much with each failure in a row, with jitter.
    /// </summary>
    public TimeSpan Pause(TimeSpan usual)
    {
        if (_failures <= 1)
        {
            return usual;
        }

        TimeSpan longest = usual > MaxPause ? usual : MaxPause;
        TimeSpan growing = usual * (1 << Math.Min(_failures - 1, 12)) * (0.75 + (Random.Shared.NextDouble() / 2));
        return growing < longest ? growing : longest;
    }
}
