using Meeda.Hosting;
using Meeda.Hosting.Settings;

namespace Meeda.Operator.Nitro;

/// <summary>Checks <see cref="NitroOptions"/>.</summary>
internal sealed class NitroOptionsValidator : SettingsValidator<NitroOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(NitroOptions options)
    {
        try
        {
            options.ReadSecret();
            return [];
        }
        catch (SetupException unusable)
        {
            return [unusable.Message];
        }
    }
}
