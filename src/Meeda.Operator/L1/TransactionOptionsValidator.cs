using Meeda.Hosting.Settings;
using Meeda.L1.Transactions;

namespace Meeda.Operator.L1;

/// <summary>Checks <see cref="TransactionOptions"/>.</summary>
internal sealed class TransactionOptionsValidator : SettingsValidator<TransactionOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(TransactionOptions options)
    {
        if (options.MaxFee <= 0 || options.MaxBlobFee <= 0 || options.MinTip < 0 || options.MaxTip < options.MinTip)
        {
            yield return "fees: MaxFee and MaxBlobFee above 0, MinTip at least 0, MaxTip at least MinTip, all in "
                + "gwei (Meeda__Transactions__…)";
        }

        if (options.MaxUrgentBlobFee < options.MaxBlobFee)
        {
            yield return "fees: MaxUrgentBlobFee at least MaxBlobFee, in gwei (Meeda__Transactions__MaxUrgentBlobFee)";
        }

        if (options.ResendAfter < TimeSpan.FromMilliseconds(100) || options.ResendAfter > TimeSpan.FromHours(1))
        {
            yield return "resend after: between 100 ms and 1 hour (Meeda__Transactions__ResendAfter)";
        }

        if (options.FeeBumpPercent is < TransactionSenderOptions.LeastFeeBumpPercent or > 1000)
        {
            yield return $"fee bump percent: between {TransactionSenderOptions.LeastFeeBumpPercent}, the least "
                + "that nodes take, and 1000 (Meeda__Transactions__FeeBumpPercent)";
        }

        if (options.GasMarginPercent is < 0 or > 1000)
        {
            yield return "gas margin percent: between 0 and 1000 (Meeda__Transactions__GasMarginPercent)";
        }

        if (options.MaxInFlight is < 1 or > 16)
        {
            yield return "max in flight: between 1 and 16, what nodes keep of one account "
                + "(Meeda__Transactions__MaxInFlight)";
        }

        if (options.BalanceAlarm < 0)
        {
            yield return "balance alarm: at least 0 ether (Meeda__Transactions__BalanceAlarm)";
        }
    }
}
