using Meeda.Ethereum;
using Meeda.Hosting.Settings;

namespace Meeda.Chain.L1;

/// <summary>Checks <see cref="L1Options"/>.</summary>
internal sealed class L1OptionsValidator : SettingsValidator<L1Options>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(L1Options options)
    {
        string[] endpoints = options.SplitEndpoints();
        if (
            endpoints.Length == 0
            || !endpoints.All(endpoint =>
                Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            )
        )
        {
            yield return "rpc: an absolute http or https URL of an Ethereum JSON-RPC endpoint is needed, or "
                + "several with commas between (--rpc or Meeda__L1__Rpc)";
        }

        if (!Address.TryParse(options.Contract, out _))
        {
            yield return "contract: the 20-byte hex address of the MeedaSystem contract is needed (--contract "
                + "or Meeda__L1__Contract)";
        }

        if (options.Account.Length > 0 && !Address.TryParse(options.Account, out _))
        {
            yield return "account: the 20-byte hex address that registered the operator is needed, or nothing "
                + "(Meeda__L1__Account)";
        }

        if (options.PollInterval < TimeSpan.FromMilliseconds(10) || options.PollInterval > TimeSpan.FromMinutes(1))
        {
            yield return "poll interval: between 10 ms and 1 minute (Meeda__L1__PollInterval)";
        }

        if (options.Confirmations is < 0 or > 64)
        {
            yield return "confirmations: between 0 and 64 (Meeda__L1__Confirmations)";
        }
    }
}
