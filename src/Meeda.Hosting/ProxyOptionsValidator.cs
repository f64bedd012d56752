using Meeda.Hosting.Settings;

namespace Meeda.Hosting;

/// <summary>Checks <see cref="ProxyOptions"/>.</summary>
internal sealed class ProxyOptionsValidator : SettingsValidator<ProxyOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(ProxyOptions options)
    {
        if (
            options.Url is not null
            && options.Url != ProxyOptions.Environment
            && (
                !HttpUrl.TryParse(options.Url, out Uri? proxy)
                || proxy.Scheme != Uri.UriSchemeHttp
                || proxy.AbsolutePath != "/"
                || proxy.UserInfo.Length > 0
            )
        )
        {
            yield return "proxy: http://host:port without credentials, or the word environment (Meeda__Proxy__Url)";
        }
    }
}
