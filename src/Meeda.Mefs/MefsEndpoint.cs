namespace Meeda.Mefs;

/// <summary>
/// Where a MEFS user node listens: its <c>api</c> file holds a multiaddr such as <c>/ip4/127.0.0.1/tcp/5001</c>.
/// </summary>
public static class MefsEndpoint
{
    /// <summary>Reads a multiaddr (ip4, ip6, dns, dns4 or dns6 with tcp) or an http(s) URL.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static Uri Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        string[] parts = address.Trim().Split('/');
        if (
            parts is ["", var kind, var host, "tcp", var port]
            && ushort.TryParse(
                port,
                System.Globalization.NumberStyles.None,
                System.Globalization.CultureInfo.InvariantCulture,
                out ushort number
            )
            && host.Length > 0
        )
        {
            switch (kind)
            {
                case "ip4" or "dns" or "dns4" or "dns6":
                    return new UriBuilder("http", host, number).Uri;
                case "ip6":
                    return new UriBuilder("http", $"[{host}]", number).Uri;
            }
        }

        return Uri.TryCreate(address, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new FormatException(
                $"'{address}' is neither a multiaddr such as /ip4/127.0.0.1/tcp/5001 nor an http URL"
            );
    }
}
