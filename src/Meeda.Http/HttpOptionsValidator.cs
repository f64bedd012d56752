using Meeda.Hosting.Settings;

namespace Meeda.Http;

/// <summary>Checks <see cref="HttpOptions"/>.</summary>
internal sealed class HttpOptionsValidator : SettingsValidator<HttpOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(HttpOptions options)
    {
        if (!ListenAddress.TryParse(options.Listen, out ListenAddress? address, out string? problem))
        {
            yield return $"--listen: {problem} (--listen or Meeda__Http__Listen; of a light node Meeda__Light__Listen)";
        }
        else if (address.IsTls && options.CertificateFile is null)
        {
            yield return $"--listen: {options.Listen} needs a certificate; set Meeda__Http__CertificateFile, or listen "
                + "on http:// and put a proxy that speaks TLS in front";
        }
        else if (!address.IsTls && options.CertificateFile is not null)
        {
            yield return $"certificate: {options.Listen} does not speak TLS; listen on https://, or remove "
                + "Meeda__Http__CertificateFile";
        }

        if (options.CertificateKeyFile is not null && options.CertificateFile is null)
        {
            yield return "certificate key: there is no certificate for it (Meeda__Http__CertificateFile)";
        }

        if (Http.TrustedProxies.Problem(options.TrustedProxies) is { } untrustworthy)
        {
            yield return $"trusted proxies: {untrustworthy} (Meeda__Http__TrustedProxies)";
        }

        if (options.MaxConnections < 1)
        {
            yield return "max connections: at least 1 (Meeda__Http__MaxConnections)";
        }

        if (options.MaxConnectionsPerAddress < 1)
        {
            yield return "max connections per address: at least 1 (Meeda__Http__MaxConnectionsPerAddress)";
        }

        if (options.KeepAliveTimeout < TimeSpan.FromSeconds(1))
        {
            yield return "keep alive timeout: at least 1 s (Meeda__Http__KeepAliveTimeout)";
        }

        if (options.HeadTimeout < TimeSpan.FromSeconds(1) || options.HeadTimeout > TimeSpan.FromHours(1))
        {
            yield return "head timeout: between 1 s and 1 hour (Meeda__Http__HeadTimeout)";
        }

        if (options.MaxAnswerBytes < 1 << 20)
        {
            yield return "max answer bytes: at least 1048576 (Meeda__Http__MaxAnswerBytes)";
        }

        if (options.MinBytesPerSecond < 1)
        {
            yield return "min bytes per second: at least 1 (Meeda__Http__MinBytesPerSecond)";
        }
    }
}
