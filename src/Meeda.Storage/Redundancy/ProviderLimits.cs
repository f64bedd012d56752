namespace Meeda.Storage.Redundancy;

/// <summary>How much is asked of a provider at once, and how long it may take.</summary>
/// <param name="Deadline">The maximum time that one call may take.</param>
/// <param name="Reads">Reads in flight at most; others wait for them.</param>
/// <param name="Writes">Writes, flushes, deletions and probes in flight at most; others wait for them.</param>
internal sealed record ProviderLimits(TimeSpan Deadline, int Reads, int Writes)
{
    /// <summary>What a provider bears that says nothing else.</summary>
    public static ProviderLimits Default { get; } = new(TimeSpan.FromSeconds(10), 4, 4);
}

/// <summary>Nothing was asked of a provider, because earlier calls have not returned.</summary>
internal sealed class ProviderOutException(string message) : IOException(message);
