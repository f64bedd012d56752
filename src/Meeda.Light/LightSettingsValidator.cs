using Meeda.Ethereum;
using Meeda.Hosting.Settings;

namespace Meeda.Light;

/// <summary>Checks <see cref="LightSettings"/>. The URL to listen on is checked where it is bound.</summary>
internal sealed class LightSettingsValidator : SettingsValidator<LightSettings>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(LightSettings options)
    {
        if (options.Budget < 0)
        {
            yield return "budget: at least 0 ether (--budget or Meeda__Light__Budget)";
        }

        if (options.ClaimAbove <= 0)
        {
            yield return "claim above: more than 0 ether (Meeda__Light__ClaimAbove)";
        }

        if (options.PollInterval < TimeSpan.FromMilliseconds(50) || options.PollInterval > TimeSpan.FromMinutes(10))
        {
            yield return "poll interval: between 50 ms and 10 minutes (--poll or Meeda__Light__PollInterval)";
        }

        if (options.SampleInterval < TimeSpan.FromMilliseconds(100) || options.SampleInterval > TimeSpan.FromDays(1))
        {
            yield return "sample interval: between 100 ms and 1 day "
                + "(--sample-interval or Meeda__Light__SampleInterval)";
        }

        if (options.KeyFile is not null && !File.Exists(options.KeyFile))
        {
            yield return $"key file: there is no file {options.KeyFile} (--key-file or Meeda__Light__KeyFile)";
        }

        var named = new HashSet<Address>();
        foreach (string each in options.Operators)
        {
            if (!LightSettings.TryReadOperator(each, out Address address, out _))
            {
                yield return "operator: ADDRESS=URL is needed, a 20-byte hex address and an http or https URL "
                    + $"({LightSettings.Ways})";
            }
            else if (!named.Add(address))
            {
                yield return $"operator: {address} is named twice ({LightSettings.Ways})";
            }
        }
    }
}
