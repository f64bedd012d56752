namespace Meeda.Operator.Batches;

/// <content>Why a put is not accepted, in words.</content>
internal sealed partial class IntakePressure
{
    /// <summary>The policy's error for the state of the providers and the backlog; null where puts are
    /// accepted.</summary>
    private string? ProviderCause(Counted counted)
    {
        IntakeOptions policy = options.Value;
        TimeSpan failing = RefusedFor(counted);
        return policy.FailoverAfter > TimeSpan.Zero && failing > policy.FailoverAfter
                ? $"providers: they have refused every batch for {failing.TotalSeconds:0} s (FailoverAfter)"
            : policy.FailoverBacklogBytes > 0 && counted.Backlog.Bytes > policy.FailoverBacklogBytes
                ? $"backlog: {counted.Backlog.Bytes} bytes are not at their providers yet, more than "
                    + $"{policy.FailoverBacklogBytes} (FailoverBacklogBytes)"
            : policy.FailoverAfter > TimeSpan.Zero && counted.Unanchored.Count >= policy.MaxUnanchoredBatches
                ? $"anchors: {counted.Unanchored.Count} batches wait for their anchor on L1, the maximum is "
                    + $"{policy.MaxUnanchoredBatches} (MaxUnanchoredBatches)"
            : null;
    }

    /// <summary>Why the operator's stake would not carry a put; null where it would, as far as is known.</summary>
    private string? CapacityCause(Counted counted, int blobs) =>
        standing.Capacity is { } capacity
        && counted.Unanchored.LiveBlobs + counted.Unanchored.Blobs + blobs > (long)capacity.Most
            ? $"stake: it carries {capacity.Most} live blobs; {counted.Unanchored.LiveBlobs} are anchored, "
                + $"{counted.Unanchored.Blobs} wait for their anchor, and this batch has {blobs}; try again when "
                + "some have expired or the operator has added to its stake"
            : null;

    private string? StoreCause(TimeSpan failing) =>
        options.Value.FailoverAfter > TimeSpan.Zero && failing > options.Value.FailoverAfter
            ? $"store: no batch could be made durable for {failing.TotalSeconds:0} s (FailoverAfter)"
            : null;
}
