using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace Meeda.Http;

/// <summary>
/// The proxies that are trusted to report a client's address and scheme. Headers from other senders have no effect:
/// otherwise a client could choose which client its requests count for.
/// </summary>
internal static class TrustedProxies
{
    /// <summary>
    /// Evaluates <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> from configured proxies, from the right up to the
    /// first address that is not one of them.
    /// </summary>
    public static void UseTrustedProxies(this WebApplication app, HttpOptions http)
    {
        List<IPNetwork> networks = [.. Entries(http.TrustedProxies).Select(entry => Parse(entry)!.Value)];
        if (networks.Count == 0)
        {
            return;
        }

        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null,
        };
        options.KnownProxies.Clear(); // loopback addresses by default
        options.KnownIPNetworks.Clear();
        networks.ForEach(options.KnownIPNetworks.Add);
        app.UseForwardedHeaders(options);
    }

    /// <summary>What is wrong with a list of proxies; null where nothing is.</summary>
    public static string? Problem(string list)
    {
        foreach (string entry in Entries(list))
        {
            if (Parse(entry) is not { } network)
            {
                return $"'{entry}' is neither an IP address nor a network as 10.0.0.0/8";
            }

            if (network.PrefixLength == 0)
            {
                return $"'{entry}' is every address: any client could say that it is another";
            }
        }

        return null;
    }

    private static string[] Entries(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static IPNetwork? Parse(string entry)
    {
        if (IPNetwork.TryParse(entry, out IPNetwork network))
        {
            return network;
        }

        return IPAddress.TryParse(entry, out IPAddress? address)
            ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : null;
    }
}
