using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Meeda.Node.Tests.Conformance;

/// <summary>
/// Go's <c>http.Client</c> as op-alt-da uses it, over its own socket: HTTP/1.1 with keep-alive, only 200 is success,
/// and a 301, 302 or 303 is followed with a GET that has lost its body.
/// </summary>
internal sealed class GoClient(Uri server) : IDisposable
{
    private TcpClient? _connection;

    /// <summary>Connections opened so far: one, while the server keeps them alive.</summary>
    public int Connections { get; private set; }

    /// <summary>Redirects followed so far: a server of this protocol must give none.</summary>
    public int Redirects { get; private set; }

    public Task<GoAnswer> GetAsync(string path) => SendAsync("GET", path, null, null);

    public Task<GoAnswer> PostAsync(string path, byte[] body) =>
        SendAsync("POST", path, "application/octet-stream", body);

    public void Dispose() => _connection?.Dispose();

    private async Task<GoAnswer> SendAsync(string method, string path, string? contentType, byte[]? body)
    {
        GoAnswer answer = await RoundTripAsync(method, path, contentType, body);
        if (answer.Status is 301 or 302 or 303)
        {
            Redirects++;
            return await SendAsync("GET", answer.Headers["location"], null, null);
        }

        return answer;
    }

    private async Task<GoAnswer> RoundTripAsync(string method, string path, string? contentType, byte[]? body)
    {
        if (_connection is null)
        {
            _connection = new TcpClient { NoDelay = true };
            await _connection.ConnectAsync(IPAddress.Parse(server.Host), server.Port);
            Connections++;
        }

        NetworkStream stream = _connection.GetStream();
        var head = new StringBuilder(
            $"{method} {path} HTTP/1.1\r\nHost: {server.Authority}\r\nUser-Agent: Go-http-client/1.1\r\n"
        );
        if (body is not null)
        {
            head.Append(
                CultureInfo.InvariantCulture,
                $"Content-Length: {body.Length}\r\nContent-Type: {contentType}\r\n"
            );
        }

        head.Append("Accept-Encoding: gzip\r\n\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()));
        await stream.WriteAsync(body ?? []);

        string[] status = (await ReadLineAsync(stream)).Split(' ', 3);
        var headers = new Dictionary<string, string>();
        while (await ReadLineAsync(stream) is { Length: > 0 } line)
        {
            string[] pair = line.Split(':', 2);
            headers[pair[0].ToLowerInvariant()] = pair[1].Trim();
        }

        byte[] content = await ReadContentAsync(stream, headers);
        if (headers.TryGetValue("connection", out string? kept) && kept == "close")
        {
            _connection.Dispose();
            _connection = null;
        }

        return new GoAnswer(int.Parse(status[1], CultureInfo.InvariantCulture), headers, content);
    }

    private static async Task<byte[]> ReadContentAsync(NetworkStream stream, Dictionary<string, string> headers)
    {
        if (headers.TryGetValue("content-length", out string? length))
        {
            var exact = new byte[int.Parse(length, CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(exact);
            return exact;
        }

        var content = new List<byte>();
        while (
            int.Parse(await ReadLineAsync(stream), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                is > 0
                    and var size
        )
        {
            var chunk = new byte[size];
            await stream.ReadExactlyAsync(chunk);
            content.AddRange(chunk);
            await ReadLineAsync(stream);
        }

        await ReadLineAsync(stream);
        return [.. content];
    }

    private static async Task<string> ReadLineAsync(NetworkStream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            await stream.ReadExactlyAsync(one);
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }
    }
}

/// <summary>A response.</summary>
internal sealed record GoAnswer(int Status, Dictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}
