namespace Meeda.Storage.Redundancy;

/// <summary>
/// Room for a bounded number of calls of a provider at once. The caller holds the lock of
/// <see cref="ProviderCalls"/>.
/// </summary>
/// <param name="most">Calls in flight at most.</param>
internal sealed class CallSlots(int most)
{
    /// <summary>Calls in flight at most.</summary>
    public int Max => most;

    /// <summary>Calls in flight now.</summary>
    public int InFlight { get; set; }

    /// <summary>Those who wait for their turn, first come first.</summary>
    public LinkedList<TaskCompletionSource> Waiting { get; } = new();

    /// <summary>Gives a slot that is done with to the next who waits, or frees it.</summary>
    public void Release()
    {
        while (Waiting.First is { } first)
        {
            Waiting.Remove(first);
            if (first.Value.TrySetResult())
            {
                return; // The slot is another's now.
            }
        }

        InFlight--;
    }

    /// <summary>Sends away all who wait.</summary>
    /// <param name="reason">What they hear.</param>
    public void RefuseWaiting(string reason)
    {
        foreach (TaskCompletionSource waiting in Waiting)
        {
            waiting.TrySetException(new ProviderOutException(reason));
        }

        Waiting.Clear();
    }
}
