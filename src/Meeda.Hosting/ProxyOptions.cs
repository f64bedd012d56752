using Meeda.Hosting.Settings;

namespace Meeda.Hosting;

/// <summary>The way out of this machine's network, where there is only one.</summary>
public sealed class ProxyOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Proxy";

    /// <summary>
    /// The value that stands for <c>http_proxy</c>, <c>https_proxy</c>, <c>all_proxy</c> and <c>no_proxy</c> of the
    /// environment.
    /// </summary>
    internal const string Environment = "environment";

    /// <summary>
    /// The HTTP proxy that all requests go through, as <c>http://proxy:3128</c>, or <c>environment</c> for what
    /// <c>http_proxy</c> and its kin say. Default none: every request goes directly, whatever the environment says.
    /// Requests to this machine's loopback addresses always do.
    /// </summary>
    [Secret(IsUrl = true)]
    public string? Url { get; set; }
}
