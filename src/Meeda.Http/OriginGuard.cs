using System.Net;

namespace Meeda.Http;

/// <summary>
/// Keeps web pages away from a service that requires no key: a page that a browser of this machine shows must
/// neither write (it may send requests anywhere) nor read (its name may be made to resolve to this machine). Programs
/// are not concerned: none sends what is refused here.
/// </summary>
/// <remarks>
/// The content type is not checked: what HTML forms send (<c>application/x-www-form-urlencoded</c>) is what curl
/// sends for <c>--data-binary</c>, too. Browsers send <c>Origin</c> with every form that is posted.
/// </remarks>
/// <param name="isOpen">Whether no key is required.</param>
/// <param name="anyHost">
/// Whether the service may be asked by any name: it is meant for other machines, whose names for it no one here knows.
/// </param>
internal sealed class OriginGuard(Func<CancellationToken, Task<bool>> isOpen, bool anyHost)
{
    private const string OtherHost =
        "host: this service is asked by its address or as localhost; "
        + "make keys for its clients, or set Meeda__Http__AllowAnonymous=true";

    private const string OtherOrigin = "origin: pages of other origins are not served; make keys for those that may";

    /// <summary>
    /// Lets a request through, or answers 421 where it is for another host, and 403 where a page of another origin sent
    /// it.
    /// </summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        (ErrorCode Code, string Sentence)? refusal =
            !anyHost && !IsThisHost(context) ? (ErrorCode.HostRefused, OtherHost)
            : IsOfAnotherOrigin(request) ? (ErrorCode.OriginRefused, OtherOrigin)
            : null;
        if (
            refusal is not { } refused
            || request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
            || !await isOpen(context.RequestAborted)
        )
        {
            await next(context);
            return;
        }

        await context.AnswerErrorAsync(refused.Code, refused.Sentence);
    }

    /// <summary>
    /// Whether the Host header names the loopback interface, or the very address that the request came to.
    /// </summary>
    private static bool IsThisHost(HttpContext context)
    {
        string host = context.Request.Host.Host;
        if (host.Length == 0)
        {
            return true; // HTTP/1.0: no browser.
        }

        if (host.TrimEnd('.').Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        return IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? named)
            && (
                IPAddress.IsLoopback(named)
                || Plain(named).Equals(Plain(context.Connection.LocalIpAddress ?? IPAddress.None))
            );
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool IsOfAnotherOrigin(HttpRequest request)
    {
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (site == "cross-site" || (site == "same-site" && !reads))
        {
            return true;
        }

        string own = $"{request.Scheme}://{request.Host}";
        return request.Headers.Origin.Count > 0
            && !request.Headers.Origin.ToString().Equals(own, StringComparison.OrdinalIgnoreCase);
    }
}
