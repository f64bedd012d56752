using System.Net.Http.Headers;
using System.Text;

namespace Meeda.L1.Rpc;

/// <summary>An endpoint's address and the credentials in it.</summary>
internal static class RpcAddress
{
    /// <summary>
    /// Removes user name and password from an address, so that no log or report of the address shows them.
    /// </summary>
    /// <returns>
    /// The address without them, and the header that carries them (RFC 7617: percent-decoded, in UTF-8), or null
    /// where there are none. A user name without a password is one with
    /// an empty password, as for curl.
    /// </returns>
    public static (Uri? Address, AuthenticationHeaderValue? Authorization) Split(Uri? endpoint)
    {
        if (endpoint is not { UserInfo: { Length: > 0 } credentials })
        {
            return (endpoint, null);
        }

        int colon = credentials.IndexOf(':', StringComparison.Ordinal);
        string user = Uri.UnescapeDataString(colon < 0 ? credentials : credentials[..colon]);
        string password = colon < 0 ? "" : Uri.UnescapeDataString(credentials[(colon + 1)..]);
        var bare = new UriBuilder(endpoint) { UserName = "", Password = "" };
        return (
            bare.Uri,
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")))
        );
    }
}
