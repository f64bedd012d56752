using System.Net;
using System.Net.Sockets;

namespace Meeda.Testing;

/// <summary>
/// A loopback port for a server that cannot report which port the kernel gave it, or that restarts at its old address.
/// The port stays reserved until this object is disposed of: nothing answers on it while the server is down, and no
/// other process gets it.
/// </summary>
/// <remarks>
/// The socket is bound and never listens. Linux lets a server bind the same port beside it, because both sockets have
/// SO_REUSEADDR (.NET sets it on every socket that it binds; so do PostgreSQL, Ceph, anvil and Kestrel) and neither
/// listens yet; the kernel gives such a port neither to a bind to port 0 nor to an outgoing connection. Other systems
/// refuse the second bind, so there the port is released at once.
/// </remarks>
public sealed class ReservedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Reserves a free port of 127.0.0.1.</summary>
    public ReservedPort()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Number = ((IPEndPoint)_socket.LocalEndPoint!).Port;
        if (!OperatingSystem.IsLinux())
        {
            _socket.Dispose();
        }
    }

    /// <summary>The port.</summary>
    public int Number { get; }

    /// <summary>The root URL of an HTTP server on the port, with a slash at its end.</summary>
    public Uri Url => new($"http://127.0.0.1:{Number}/");

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
