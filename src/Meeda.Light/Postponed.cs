using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Light;

/// <summary>
/// Work on one operator that failed for reasons of that operator. It is retried after growing pauses, while the work on
/// other operators continues. A failure of L1 concerns all operators and is passed to the caller.
/// </summary>
internal sealed class Postponed(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Dictionary<(Address Operator, string Check), (TimeSpan Pause, long Since)> _left = [];

    /// <summary>The number of postponed checks.</summary>
    public int Count => _left.Count;

    /// <summary>Whether a check must wait before its next attempt.</summary>
    public bool IsPutOff(Address operatorAddress, string check) =>
        _left.TryGetValue((operatorAddress, check), out (TimeSpan Pause, long Since) last)
        && time.GetElapsedTime(last.Since) < last.Pause;

    /// <summary>Runs a check unless it is postponed, and postpones it if it fails.</summary>
    /// <exception cref="L1UnreachableException">L1 does not answer.</exception>
    public async Task TryAsync(
        Address operatorAddress,
        string check,
        Func<Task> work,
        CancellationToken cancellationToken
    )
    {
        if (IsPutOff(operatorAddress, check))
        {
            return;
        }

        try
        {
            await work();
            _left.Remove((operatorAddress, check));
        }
        catch (Exception failure)
            when (failure is not L1UnreachableException && !cancellationToken.IsCancellationRequested)
        {
            TimeSpan pause = _left.TryGetValue((operatorAddress, check), out (TimeSpan Pause, long Since) last)
                ? last.Pause * 2
                : First;
            _left[(operatorAddress, check)] = (pause < Longest ? pause : Longest, time.GetTimestamp());
            logger.OddOperator(operatorAddress.ToString(), check, Outage.Explain(failure).Reason);
        }
    }
}
