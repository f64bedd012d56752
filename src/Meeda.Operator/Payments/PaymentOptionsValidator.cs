using Meeda.Hosting.Settings;

namespace Meeda.Operator.Payments;

/// <summary>Checks <see cref="PaymentOptions"/>.</summary>
internal sealed class PaymentOptionsValidator : SettingsValidator<PaymentOptions>
{
    private const int MaxOrderBlocks = 50_400;

    /// <inheritdoc/>
    public override IEnumerable<string> Failures(PaymentOptions options)
    {
        if (options.CollectAbove < 0)
        {
            yield return "collect above: at least 0 ether (Meeda__Payments__CollectAbove)";
        }

        if (options.Interval < TimeSpan.FromMilliseconds(100) || options.Interval > TimeSpan.FromDays(1))
        {
            yield return "interval: between 100 ms and 1 day (Meeda__Payments__Interval)";
        }

        if (options.MinOrderBlocks is < 1 or > MaxOrderBlocks)
        {
            yield return $"order: it holds for 1 to {MaxOrderBlocks} blocks (Meeda__Payments__MinOrderBlocks)";
        }
    }
}
