using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Light;

/// <summary>
/// What could not be done about one operator, for reasons of that operator: it is tried again after growing pauses,
/// and the work on others goes on. That L1 does not answer concerns
/// all, and is let through.
/// </summary>
internal sealed class Postponed(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Dictionary<(Address Operator, string What), (TimeSpan Pause, long Since)> _left = [];

    /// <summary>How many there are.</summary>
    public int Count => _left.Count;

    /// <summary>Whether it is not to be tried yet.</summary>
    public bool IsPutOff(Address operatorAddress, string what) =>
        _left.TryGetValue((operatorAddress, what), out (TimeSpan Pause, long Since) last)
        && time.GetElapsedTime(last.Since) < last.Pause;

    /// <summary>Does something, unless it is put off; where that fails, puts it off.</summary>
    /// <exception cref="L1UnreachableException">L1 does not answer.</exception>
    public async Task TryAsync(
        Address operatorAddress,
        string what,
        Func<Task> work,
        CancellationToken cancellationToken
    )
    {
        if (IsPutOff(operatorAddress, what))
        {
            return;
        }

        try
        {
            await work();
            _left.Remove((operatorAddress, what));
        }
        catch (Exception failure)
            when (failure is not L1UnreachableException && !cancellationToken.IsCancellationRequested)
        {
            TimeSpan pause = _left.TryGetValue((operatorAddress, what), out (TimeSpan Pause, long Since) last)
                ? last.Pause * 2
                : First;
            _left[(operatorAddress, what)] = (pause < Longest ? pause : Longest, time.GetTimestamp());
            logger.OddOperator(what, operatorAddress.ToString(), Outage.Explain(failure).Reason);
        }
    }
}
