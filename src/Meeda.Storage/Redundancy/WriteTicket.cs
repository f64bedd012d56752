namespace Meeda.Storage.Redundancy;

/// <summary>
/// A row that a provider took; whether it is durable tells <see cref="ProviderLane.IsDurableAsync"/>.
/// </summary>
/// <param name="Lane">The provider.</param>
/// <param name="Covered">The first flush that covers the write.</param>
/// <param name="Failures">The provider's failed flushes when the write began.</param>
internal readonly record struct WriteTicket(ProviderLane Lane, PendingFlush Covered, int Failures);

/// <summary>
/// A flush that is still to come, or was done. Its outcome is the number of flushes that had failed when it ended.
/// </summary>
internal sealed class PendingFlush
{
    /// <summary>How it went; an exception where it failed.</summary>
    public TaskCompletionSource<int> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
