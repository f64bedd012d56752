using Meeda.Http;

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

    private void EnsureCarried(Counted counted, int blobs, bool isPaid)
    {
        if (CapacityCause(counted, blobs, isPaid) is { } full)
        {
            throw new DaException(DaError.Overloaded, full);
        }
    }

    /// <summary>
    /// Why the operator's stake would not carry a batch; null where it would, as far as is known. Where the operator
    /// has a price, what nobody pays for leaves a part of the stake to what is paid.
    /// </summary>
    private string? CapacityCause(Counted counted, int blobs, bool isPaid)
    {
        if (standing.Capacity is not { } capacity)
        {
            return null;
        }

        int percent = isPaid || !standing.HasPrice ? 100 : options.Value.FreeCapacityPercent;
        ulong most = (ulong)((UInt128)capacity.Most * (uint)percent / 100);
        return counted.Unanchored.LiveBlobs + counted.Unanchored.Blobs + blobs <= (long)most
            ? null
            : $"stake: it carries {capacity.Most} live blobs"
                + (percent == 100 ? "" : $", {most} without payment (FreeCapacityPercent)")
                + $"; {counted.Unanchored.LiveBlobs} are anchored, {counted.Unanchored.Blobs} wait for their anchor, "
                + $"and this batch has {blobs}; try again when some have expired or the operator has added to its "
                + "stake"
                + (percent == 100 ? "" : ", or prepay the operator's escrow");
    }

    private string? StoreCause(TimeSpan failing) =>
        options.Value.FailoverAfter > TimeSpan.Zero && failing > options.Value.FailoverAfter
            ? $"store: no batch could be made durable for {failing.TotalSeconds:0} s (FailoverAfter)"
            : null;
}
