using Meeda.Hosting.Settings;

namespace Meeda.Operator.Batches;

/// <summary>Checks <see cref="BatchOptions"/>.</summary>
internal sealed class BatchOptionsValidator : SettingsValidator<BatchOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(BatchOptions options)
    {
        if (options.MaxBatchBytes is < 1 or > 1 << 28)
        {
            yield return "max batch bytes: between 1 and 268435456 (Meeda__Batches__MaxBatchBytes)";
        }

        if (options.AckLevel is not (BatchState.Stored or BatchState.Placed or BatchState.Anchored))
        {
            yield return "ack level: one of Stored, Placed and Anchored (Meeda__Batches__AckLevel)";
        }

        if (options.AckTimeout < TimeSpan.FromSeconds(1) || options.AckTimeout > TimeSpan.FromHours(1))
        {
            yield return "ack timeout: between 1 s and 1 hour (Meeda__Batches__AckTimeout)";
        }
    }
}
