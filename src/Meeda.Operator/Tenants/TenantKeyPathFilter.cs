using Microsoft.AspNetCore.Http.Features;

namespace Meeda.Operator.Tenants;

/// <summary>The key that a request's URL carried.</summary>
/// <param name="Key">The key, untrusted.</param>
internal sealed record UrlKey(string Key);

/// <summary>
/// Removes <c>/t/&lt;key&gt;</c> from a request's path before the host logs, traces or measures the request's start,
/// which happens before all middleware. Several slashes in a row
/// count as one, before and after the key: a client that appends <c>/put</c> behind a base URL which ends with a
/// slash means <c>/put</c>.
/// </summary>
internal sealed class TenantKeyPathFilter(IServiceProvider services) : IHttpContextFactory
{
    private const string UrlPrefix = "/t/";

    private readonly DefaultHttpContextFactory _inner = new(services);

    /// <inheritdoc/>
    public HttpContext Create(IFeatureCollection featureCollection)
    {
        if (featureCollection.Get<IHttpRequestFeature>() is { } request)
        {
            string path = OneSlashEach(request.Path);
            if (path.StartsWith(UrlPrefix, StringComparison.OrdinalIgnoreCase))
            {
                int end = path.IndexOf('/', UrlPrefix.Length);
                string key = end < 0 ? path[UrlPrefix.Length..] : path[UrlPrefix.Length..end];
                path = end < 0 ? "/" : path[end..];
                featureCollection.Set(new UrlKey(key));
            }

            if (path != request.Path)
            {
                request.Path = path;

                // Kestrel keeps the original target, which other code may read later.
                request.RawTarget = request.Path + request.QueryString;
            }
        }

        return _inner.Create(featureCollection);
    }

    /// <inheritdoc/>
    public void Dispose(HttpContext httpContext) => _inner.Dispose(httpContext);

    private static string OneSlashEach(string path)
    {
        if (!path.Contains("//", StringComparison.Ordinal))
        {
            return path;
        }

        var result = new System.Text.StringBuilder(path.Length);
        foreach (char character in path)
        {
            if (character != '/' || result.Length == 0 || result[^1] != '/')
            {
                result.Append(character);
            }
        }

        return result.ToString();
    }
}
