using System.Net;
using System.Net.Sockets;

namespace Meeda.Http;

/// <summary>The client of a request, where a key says which: a feature of the request.</summary>
/// <param name="Name">What it is called where costs are counted.</param>
internal sealed record KnownClient(string Name);

/// <summary>For whom a request's costs are counted: its tenant, or its address where no key is required.</summary>
internal static class RequestClient
{
    // A client with one IPv6 address has its network of 2^64.
    private const int NetworkBytes = 8;

    /// <summary>The client of a request.</summary>
    public static string Of(HttpContext context) =>
        context.Features.Get<KnownClient>()?.Name ?? OfAddress(context.Connection.RemoteIpAddress);

    /// <summary>The client of an address: the address, or the network that an IPv6 address is in.</summary>
    public static string OfAddress(IPAddress? address)
    {
        if (address is null)
        {
            return "nowhere";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address)
            ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, NetworkBytes))
            : address.ToString();
    }
}
