using System.Net;
using System.Net.Sockets;

namespace Meeda.Attack;

/// <summary>An HTTP server that gives nothing.</summary>
internal sealed class Wall : IDisposable
{
    private readonly HttpListener _listener = new();

    public Wall()
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Url = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        }

        _listener.Prefixes.Add(Url.ToString());
        _listener.Start();
        _ = AnswerAsync();
    }

    public Uri Url { get; }

    public void Dispose() => _listener.Close();

    private async Task AnswerAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                context.Response.StatusCode = 500;
                context.Response.Close();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
