using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>
/// A body without a Content-Length that turns out too long is rejected and read to its end, and the connection stays
/// usable.
/// </summary>
public sealed class LongBodyTests(OperatorFixture node) : IClassFixture<OperatorFixture>
{
    [Theory]
    [InlineData("/put", 413, "more than the limit|longer than the limit")]
    [InlineData("/putObject", 413, "longer than the limit")]
    [InlineData("/nitro", 200, "message too large for current DA backend")]
    [InlineData("//nitro/", 200, "message too large for current DA backend")]
    public async Task Post_ChunkedAndTooLong_IsAnsweredAndTheConnectionGoesOn(string path, int status, string words)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, node.Address.Port);
        NetworkStream stream = client.GetStream();
        await SendAsync(
            stream,
            $"POST {path} HTTP/1.1\r\nHost: {node.Address.Authority}\r\nContent-Type: "
                + "application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        for (int i = 0; i < 40; i++)
        {
            await SendAsync(stream, "10000\r\n" + new string('a', 0x10000) + "\r\n");
        }

        await SendAsync(stream, "0\r\n\r\n");
        (int first, string body) = await ReadAsync(stream);
        Assert.Equal(status, first);
        Assert.Contains(words.Split('|'), each => body.Contains(each, StringComparison.Ordinal));

        await SendAsync(stream, $"GET /health/live HTTP/1.1\r\nHost: {node.Address.Authority}\r\n\r\n");
        Assert.Equal(200, (await ReadAsync(stream)).Status);
    }

    /// <summary>None of it is read, so a client must not send its next request on that connection.</summary>
    [Fact]
    public async Task Put_AnnouncedAndMuchTooLong_SaysThatTheConnectionEnds()
    {
        using var body = new ByteArrayContent(new byte[2 << 20]);
        using HttpResponseMessage response = await node.Http.PostAsync(new Uri("put", UriKind.Relative), body);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.True(response.Headers.ConnectionClose);
    }

    private static async Task SendAsync(NetworkStream stream, string text) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>One response, with its raw content.</summary>
    private static async Task<(int Status, string Body)> ReadAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!IsWhole(text.ToString()))
        {
            await stream.ReadExactlyAsync(one);
            text.Append((char)one[0]);
        }

        string[] parts = text.ToString().Split("\r\n\r\n", 2);
        return (int.Parse(parts[0].Split(' ')[1], CultureInfo.InvariantCulture), parts[1]);
    }

    private static bool IsWhole(string text) =>
        text.Contains("\r\n\r\n", StringComparison.Ordinal)
        && (
            text.Contains("Content-Length: 0", StringComparison.Ordinal)
            || text.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal)
        );
}
