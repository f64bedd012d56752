using Microsoft.Extensions.DependencyInjection;

namespace Meeda.Client;

/// <summary>Registers a <see cref="MeedaClient"/> with a service collection.</summary>
public static class MeedaClientServices
{
    /// <summary>
    /// Adds a <see cref="MeedaClient"/> of one operator, over a connection of <see cref="IHttpClientFactory"/>. The
    /// client
    /// follows no redirects: an operator answers itself.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="url">The operator's URL, http or https, with or without a slash at its end.</param>
    /// <param name="options">How to work; the defaults where it is absent.</param>
    /// <returns>The builder of the connection, for time limits, handlers and resilience of your own.</returns>
    /// <exception cref="ArgumentException">The URL is not an absolute http or https URL.</exception>
    public static IHttpClientBuilder AddMeedaClient(
        this IServiceCollection services,
        Uri url,
        MeedaClientOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(url);
        if (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException("the operator's URL is an absolute http or https URL", nameof(url));
        }

        var address = new Uri(url.AbsoluteUri.EndsWith('/') ? url.AbsoluteUri : url.AbsoluteUri + "/");
        return services
            .AddHttpClient(nameof(MeedaClient), http => http.BaseAddress = address)
            .ConfigurePrimaryHttpMessageHandler(() =>
                new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }
            )
            .AddTypedClient((http, provider) => new MeedaClient(http, options, provider.GetService<TimeProvider>()));
    }
}
