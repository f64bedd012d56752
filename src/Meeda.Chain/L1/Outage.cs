using System.Data.Common;
using Meeda.Chain.Contract;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;

namespace Meeda.Chain.L1;

/// <summary>
/// An outage that keeps a piece of work waiting. It is logged when it begins, when its reason changes, once a minute
/// while it lasts, and when it is over. Pauses between attempts grow.
/// </summary>
/// <param name="work">The name of the work, at the start of log lines.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class Outage(string work, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Reminder = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(10);

    private string? _kind;
    private long _since;
    private long _saidAt;
    private int _failures;

    /// <summary>The kind and the message of a failure: a failure of the ledger is not one of L1.</summary>
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

    /// <summary>Records a failed attempt.</summary>
    public void Failed(Exception failure)
    {
        (string kind, string reason) = Explain(failure);
        Failed(kind, reason);
    }

    /// <summary>Records an attempt that had to be postponed.</summary>
    /// <param name="kind">The kind of reason, which stays the same while the message changes.</param>
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

    /// <summary>Records a successful attempt.</summary>
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
    /// The pause before the next attempt: the usual one, doubled with each consecutive failure, with jitter.
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
