using Microsoft.AspNetCore.Http.Features;

namespace Meeda.Node.Tenants;

/// <summary>The key that a request's URL carried.</summary>
/// <param name="Key">The key, untrusted.</param>
internal sealed record UrlKey(string Key);

/// <summary>
/// Takes <c>/t/&lt;key&gt;</c> off a request's path before the host logs, traces or measures its start, which it does ahead of all middleware.
/// </summary>
internal sealed class KeyStrippingContextFactory(IServiceProvider services) : IHttpContextFactory
{
    private const string UrlPrefix = "/t/";

    private readonly DefaultHttpContextFactory _inner = new(services);

    /// <inheritdoc/>
    public HttpContext Create(IFeatureCollection featureCollection)
    {
        if (featureCollection.Get<IHttpRequestFeature>() is { } request && request.Path.StartsWith(UrlPrefix, StringComparison.Ordinal))
        {
            int end = request.Path.IndexOf('/', UrlPrefix.Length);
            string key = end < 0 ? request.Path[UrlPrefix.Length..] : request.Path[UrlPrefix.Length..end];
            request.Path = end < 0 ? "/" : request.Path[end..];

            // Kestrel keeps the target as it came, for whoever asks.
            request.RawTarget = request.Path + request.QueryString;
            featureCollection.Set(new UrlKey(key));
        }

        return _inner.Create(featureCollection);
    }

    /// <inheritdoc/>
    public void Dispose(HttpContext httpContext) => _inner.Dispose(httpContext);
}
