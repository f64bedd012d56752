namespace Meeda.Storage.Redundancy;

/// <summary>
/// A row that a provider accepted; <see cref="ProviderLane.IsDurableAsync"/> reports whether it is durable.
/// </summary>
/// <param name="Lane">The provider.</param>
/// <param name="Covered">The first flush that covers the write.</param>
/// <param name="Failures">The provider's failed flushes when the write began.</param>
internal readonly record struct WriteTicket(ProviderLane Lane, PendingFlush Covered, int Failures);

/// <summary>
/// A pending or completed flush. Its outcome is the number of flushes that had failed when it ended.
/// </summary>
internal sealed class PendingFlush
{
    /// <summary>The outcome; an exception where the flush failed.</summary>
    public TaskCompletionSource<int> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
