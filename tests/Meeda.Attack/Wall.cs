using System.Net;
using Meeda.Testing;

namespace Meeda.Attack;

/// <summary>An HTTP server that returns nothing.</summary>
internal sealed class Wall : IDisposable
{
    private readonly ReservedPort _port = new();
    private readonly HttpListener _listener = new();

    public Wall()
    {
        _listener.Prefixes.Add(Url.ToString());
        _listener.Start();
        _ = AnswerAsync();
    }

    public Uri Url => _port.Url;

    public void Dispose()
    {
        _listener.Close();
        _port.Dispose();
    }

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
