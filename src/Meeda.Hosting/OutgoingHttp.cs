using System.Net;

namespace Meeda.Hosting;

/// <summary>
/// How this process sends HTTP requests, to L1, signers, providers and operators alike: directly unless a setting names
/// a proxy, and never along a redirect. The operator decides which host gets a request, not the server.
/// </summary>
internal static class OutgoingHttp
{
    // Read before it is replaced: it is what http_proxy and its kin say.
    private static readonly IWebProxy FromEnvironment = HttpClient.DefaultProxy;

    /// <summary>
    /// Sets the proxy of everything in this process that is connected from now on, libraries included.
    /// </summary>
    public static void UseProxy(ProxyOptions options) =>
        HttpClient.DefaultProxy = options.Url switch
        {
            null => new DirectToLoopback(null),
            ProxyOptions.Environment => new DirectToLoopback(FromEnvironment),
            string url => new DirectToLoopback(new WebProxy(url)),
        };

    /// <summary>A handler that follows no redirect and keeps no cookies.</summary>
    public static SocketsHttpHandler Handler() => new() { AllowAutoRedirect = false, UseCookies = false };

    /// <summary>
    /// A client of such a handler, for what has no host whose factory could make it. It lives as long as a command or
    /// the process.
    /// </summary>
    /// <param name="handler">The handler, where it is told more.</param>
    public static HttpClient Client(SocketsHttpHandler? handler = null) => new(handler ?? Handler());

    /// <summary>Makes the clients of all factories such.</summary>
    public static void AddOutgoingHttp(this IServiceCollection services) =>
        services.ConfigureHttpClientDefaults(clients => clients.ConfigurePrimaryHttpMessageHandler(Handler));

    /// <summary>A proxy for all but this machine itself; null for none.</summary>
    private sealed class DirectToLoopback(IWebProxy? proxy) : IWebProxy
    {
        public ICredentials? Credentials
        {
            get => proxy?.Credentials;
            set => throw new NotSupportedException();
        }

        public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : proxy!.GetProxy(destination);

        public bool IsBypassed(Uri host) =>
            proxy is null
            || host.IsLoopback
            || (IPAddress.TryParse(host.Host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address))
            || proxy.IsBypassed(host);
    }
}
