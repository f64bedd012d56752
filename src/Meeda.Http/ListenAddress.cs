using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Meeda.Http;

/// <summary>
/// Where a service listens. The URL is read here and nowhere else, and the server is bound to the address that was
/// read: what is checked is what is bound.
/// </summary>
/// <param name="Address">The IP address.</param>
/// <param name="Port">The port, 0 for a free one.</param>
/// <param name="IsLocalhost">
/// Whether the name localhost was given: then both loopback addresses are listened on.
/// </param>
/// <param name="IsTls">Whether clients speak TLS to it.</param>
internal sealed partial record ListenAddress(IPAddress Address, int Port, bool IsLocalhost, bool IsTls)
{
    /// <summary>Whether only this machine reaches it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>Reads a URL: <c>http://address:port</c> or <c>https://address:port</c>.</summary>
    /// <param name="url">The URL.</param>
    /// <param name="address">What it means.</param>
    /// <param name="problem">What is wrong with it, in words for a message.</param>
    public static bool TryParse(
        string url,
        [NotNullWhen(true)] out ListenAddress? address,
        [NotNullWhen(false)] out string? problem
    )
    {
        (address, problem) = Read(url.Trim());
        return address is not null;
    }

    /// <summary>Binds the server to it.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="configure">Says what is spoken there.</param>
    public void Bind(KestrelServerOptions kestrel, Action<ListenOptions> configure)
    {
        // The server cannot choose one free port for both loopback addresses.
        if (IsLocalhost && Port != 0)
        {
            kestrel.ListenLocalhost(Port, configure);
        }
        else
        {
            kestrel.Listen(Address, Port, configure);
        }
    }

    /// <summary>
    /// Binds a socket to it and lets it go again, before anything is started that would have to be stopped if that
    /// fails.
    /// </summary>
    /// <exception cref="IOException">
    /// The port is taken, or is not this user's, or the address is not this machine's.
    /// </exception>
    public void CheckFree()
    {
        if (Port == 0)
        {
            return;
        }

        try
        {
            using var socket = new Socket(Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(Address, Port));
        }
        catch (SocketException failure)
        {
            throw new IOException($"{Address} port {Port}: {failure.Message}", failure);
        }
    }

    private static (ListenAddress? Address, string? Problem) Read(string url)
    {
        if (url.Contains(';', StringComparison.Ordinal) || url.Contains(',', StringComparison.Ordinal))
        {
            return (null, $"'{url}' is a list, one URL is taken");
        }

        bool isTls = url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (!isTls && !url.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            return (
                null,
                url.Contains(':', StringComparison.Ordinal) && !url.Contains('/', StringComparison.Ordinal)
                    ? $"'{url}' has no scheme; is http://{url} meant?"
                    : $"'{url}' is not of the form http://127.0.0.1:3100"
            );
        }

        Match parts = Form().Match(url);
        if (!parts.Success)
        {
            return (
                null,
                $"'{url}' is not of the form http://127.0.0.1:3100: a scheme, an address, a port and no path"
            );
        }

        if (!int.TryParse(parts.Groups["port"].Value, out int port) || port > IPEndPoint.MaxPort)
        {
            return (null, $"'{url}': ports are from 0, for a free one, to {IPEndPoint.MaxPort}");
        }

        string host = parts.Groups["host"].Value;
        if (host.TrimEnd('.').Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return (new ListenAddress(IPAddress.Loopback, port, IsLocalhost: true, isTls), null);
        }

        // A name would be bound to every address by the server; an IPv4 address in short (0, 127.1) or octal digits
        // means something else to each reader.
        return IPAddress.TryParse(host, out IPAddress? read) && (host.StartsWith('[') || read.ToString() == host)
            ? (
                new ListenAddress(read.IsIPv4MappedToIPv6 ? read.MapToIPv4() : read, port, IsLocalhost: false, isTls),
                null
            )
            : (null, $"'{url}': '{host}' is neither an IP address, 0.0.0.0 and [::] for all included, nor localhost");
    }

    [GeneratedRegex(
        @"^https?://(?<host>\[[0-9a-f:.%]+\]|[^\[\]/?#@:\s\\]+):(?<port>[0-9]{1,6})/?$",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Form();
}
