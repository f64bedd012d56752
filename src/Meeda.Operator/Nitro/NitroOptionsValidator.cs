using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;

namespace Meeda.Operator.Nitro;

/// <summary>Checks <see cref="NitroOptions"/>.</summary>
internal sealed class NitroOptionsValidator : SettingsValidator<NitroOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(NitroOptions options)
    {
        if (options.Validator is { } validator && !Address.TryParse(validator, out _))
        {
            yield return "validator: the address of the Nitro chain's MeedaDAProofValidator, 40 hex digits "
                + "(Meeda__Nitro__Validator)";
        }

        if (options.Validator is null != options.ValidatorChainId is null)
        {
            yield return "validator: its address and the id of its chain, both or none (Meeda__Nitro__Validator, "
                + "Meeda__Nitro__ValidatorChainId)";
        }

        if (!Array.TrueForAll(options.SplitSigners(), text => Address.TryParse(text, out _)))
        {
            yield return "signers: the addresses of the validator's other signers, 40 hex digits each, with commas "
                + "between (Meeda__Nitro__Signers)";
        }

        if (WrongSecret(options) is { } wrong)
        {
            yield return wrong;
        }
    }

    private static string? WrongSecret(NitroOptions options)
    {
        try
        {
            options.ReadSecret();
            return null;
        }
        catch (SetupException unusable)
        {
            return unusable.Message;
        }
    }
}
