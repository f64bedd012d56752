using System.Net;
using System.Net.Sockets;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests;

/// <summary>The ports of the test servers: no test may lose its server's port to another process.</summary>
public sealed class ReservedPortTests
{
    [SkippableFact]
    public async Task ReservedPort_ServerRestarts_ListensThereEachTimeAndIsRefusedBetween()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "other systems do not let two sockets bind one port");
        using var port = new ReservedPort();
        for (int start = 0; start < 2; start++)
        {
            Assert.Equal(SocketError.ConnectionRefused, await ConnectAsync(port.Number));
            using var server = new TcpListener(IPAddress.Loopback, port.Number);
            server.Start();
            Assert.Equal(SocketError.Success, await ConnectAsync(port.Number));
        }
    }

    [SkippableFact]
    public async Task ReservedPort_ServerThatListens_CannotBeBoundBesideByAnother()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "other systems do not let two sockets bind one port");
        using var port = new ReservedPort();
        using var server = new TcpListener(IPAddress.Loopback, port.Number);
        server.Start();
        using var other = new TcpListener(IPAddress.Loopback, port.Number);
        Assert.Equal(
            SocketError.AddressAlreadyInUse,
            Assert.Throws<SocketException>(() => other.Start()).SocketErrorCode
        );
        Assert.Equal(SocketError.Success, await ConnectAsync(port.Number));
    }

    private static async Task<SocketError> ConnectAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            return SocketError.Success;
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode;
        }
    }
}
