using Meeda.Hosting.Settings;

namespace Meeda.Operator.Batches;

/// <summary>Checks <see cref="IntakeOptions"/>.</summary>
/// <param name="batches">The batch settings, as read.</param>
internal sealed class IntakeOptionsValidator(BatchOptions batches) : SettingsValidator<IntakeOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(IntakeOptions options)
    {
        if (options.MaxBytesInFlight * 3 / 4 < batches.MaxBatchBytes)
        {
            yield return "max bytes in flight: at least four thirds of MaxBatchBytes, "
                + $"{batches.MaxBatchBytes / 3L * 4} (Meeda__Intake__MaxBytesInFlight)";
        }

        if (options.MaxWait < TimeSpan.Zero || options.MaxWait > TimeSpan.FromMinutes(5))
        {
            yield return "max wait: between 0 and 5 minutes (Meeda__Intake__MaxWait)";
        }

        if (options.MaxBacklogBytes < batches.MaxBatchBytes)
        {
            yield return "max backlog bytes: at least MaxBatchBytes (Meeda__Intake__MaxBacklogBytes)";
        }

        if (options.MaxUnanchoredBatches < 1)
        {
            yield return "max unanchored batches: at least 1 (Meeda__Intake__MaxUnanchoredBatches)";
        }

        if (options.FreeCapacityPercent is < 0 or > 100)
        {
            yield return "free capacity percent: 0 to 100 (Meeda__Intake__FreeCapacityPercent)";
        }

        if (options.FailoverAfter < TimeSpan.Zero)
        {
            yield return "failover after: zero for never, or a time (Meeda__Intake__FailoverAfter)";
        }

        if (options.FailoverBacklogBytes < 0)
        {
            yield return "failover backlog bytes: zero for never, or a number of bytes "
                + "(Meeda__Intake__FailoverBacklogBytes)";
        }
    }
}
