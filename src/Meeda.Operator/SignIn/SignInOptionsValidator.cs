using Meeda.Ethereum;
using Meeda.Hosting.Settings;

namespace Meeda.Operator.SignIn;

/// <summary>Checks <see cref="SignInOptions"/>.</summary>
internal sealed class SignInOptionsValidator : SettingsValidator<SignInOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(SignInOptions options)
    {
        if (
            options.Domain is { } domain
            && !(Uri.TryCreate($"https://{domain}", UriKind.Absolute, out Uri? uri) && uri.Authority == domain)
        )
        {
            yield return "domain: a host name in lower case, with a port where it is not 443, and nothing else, as "
                + "da.example.org (Meeda__SignIn__Domain)";
        }

        if (options.KeyLifetime < TimeSpan.FromMinutes(1) || options.KeyLifetime > TimeSpan.FromDays(366))
        {
            yield return "key lifetime: between 1 minute and 366 days (Meeda__SignIn__KeyLifetime)";
        }

        if (options.MessageLifetime < TimeSpan.FromSeconds(30) || options.MessageLifetime > TimeSpan.FromHours(1))
        {
            yield return "message lifetime: between 30 s and 1 hour (Meeda__SignIn__MessageLifetime)";
        }

        if (options.DelegateRegistry is { } registry && !Address.TryParse(registry, out _))
        {
            yield return "delegate registry: a 20-byte hex address (Meeda__SignIn__DelegateRegistry)";
        }

        if (options.DelegateInterval < TimeSpan.FromSeconds(1) || options.DelegateInterval > TimeSpan.FromDays(1))
        {
            yield return "delegate interval: between 1 s and 1 day (Meeda__SignIn__DelegateInterval)";
        }

        if (options.MinBatchCost is < 0 or > 1_000)
        {
            yield return "min batch cost: between 0 and 1000 ether (Meeda__SignIn__MinBatchCost)";
        }

        if (options.AttemptsPerMinute < 1)
        {
            yield return "attempts per minute: at least 1 (Meeda__SignIn__AttemptsPerMinute)";
        }

        if (options.RequestsPerSecond < 0)
        {
            yield return "requests per second: at least 0, for any number (Meeda__SignIn__RequestsPerSecond)";
        }

        if (options.Concurrency < 1)
        {
            yield return "concurrency: at least 1 (Meeda__SignIn__Concurrency)";
        }
    }
}
