using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Meeda.Testing;

/// <summary>A proxy's fault in a call.</summary>
public enum ProxyFault
{
    /// <summary>It forwards call and response.</summary>
    None,

    /// <summary>
    /// It forwards the call and never answers: the caller reaches its time limit although the node has executed the
    /// call.
    /// </summary>
    AcceptAndHang,

    /// <summary>It neither forwards the call nor answers.</summary>
    Hang,

    /// <summary>It answers with HTTP status 503.</summary>
    Unavailable,

    /// <summary>It answers with a JSON-RPC error.</summary>
    Error,
}

/// <summary>An error that a proxy returns instead of the node.</summary>
/// <param name="Status">Its HTTP status.</param>
/// <param name="Code">The JSON-RPC error's code.</param>
/// <param name="Message">Its message; null for a bare HTTP status without a body.</param>
public sealed record ProxyRefusal(int Status, int Code, string? Message);

/// <summary>An HTTP server in front of a JSON-RPC node that forwards calls, loses them, or lies, on command.</summary>
public sealed class RpcProxy : IAsyncDisposable
{
    private readonly ReservedPort _port = new();
    private readonly HttpListener _listener = new();
    private readonly HttpClient _node;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;

    private RpcProxy(Uri node)
    {
        _node = new HttpClient(new SocketsHttpHandler()) { BaseAddress = node };
        _listener.Prefixes.Add(Rpc.ToString());
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>Its URL.</summary>
    public Uri Rpc => _port.Url;

    /// <summary>Decides the fault of a call by its method.</summary>
    public Func<string, ProxyFault> Faults { get; set; } = _ => ProxyFault.None;

    /// <summary>Decides the error of a call by its method and parameters; null to forward it.</summary>
    public Func<string, JsonArray, ProxyRefusal?> Refusals { get; set; } = (_, _) => null;

    /// <summary>
    /// User name and password, <c>user:password</c>, that it requires as Basic authorization; null for none.
    /// </summary>
    public string? Credentials { get; set; }

    /// <summary>Changes the result of a method with its parameters; returns it unchanged for a true answer.</summary>
    public Func<string, JsonArray, JsonNode?, JsonNode?> Lie { get; set; } = (_, _, result) => result;

    /// <summary>The methods that were called, in their order.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Starts a proxy in front of a node.</summary>
    public static RpcProxy Start(Uri node) => new(node);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Abort();
        await _serving;
        _port.Dispose();
        _node.Dispose();
        _end.Dispose();
    }

    private static JsonObject Error(JsonNode call, int code, string message) =>
        new()
        {
            ["jsonrpc"] = "2.0",
            ["id"] = call["id"]!.DeepClone(),
            ["error"] = new JsonObject { ["code"] = code, ["message"] = message },
        };

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        while (!_end.IsCancellationRequested)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                answers.Add(AnswerAsync(context));
            }
            catch (Exception over) when (over is HttpListenerException or ObjectDisposedException)
            {
                break;
            }
        }

        await Task.WhenAll(answers);
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream);
            string body = await reader.ReadToEndAsync(_end.Token);
            JsonNode call = JsonNode.Parse(body)!;
            string method = call["method"]!.GetValue<string>();
            Calls.Enqueue(method);
            if (
                Credentials is { } credentials
                && context.Request.Headers["Authorization"]
                    != $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}"
            )
            {
                context.Response.StatusCode = 401;
                context.Response.Close();
                return;
            }

            if (Refusals(method, call["params"]!.AsArray()) is { } refusal)
            {
                context.Response.StatusCode = refusal.Status;
                if (refusal.Message is not null)
                {
                    await WriteAsync(context, Error(call, refusal.Code, refusal.Message));
                }

                context.Response.Close();
                return;
            }

            switch (Faults(method))
            {
                case ProxyFault.Hang:
                    await Task.Delay(Timeout.Infinite, _end.Token);
                    break;
                case ProxyFault.AcceptAndHang:
                    await ForwardAsync(body);
                    await Task.Delay(Timeout.Infinite, _end.Token);
                    break;
                case ProxyFault.Unavailable:
                    context.Response.StatusCode = 503;
                    break;
                case ProxyFault.Error:
                    await WriteAsync(context, Error(call, -32603, "internal error, says the proxy"));
                    break;
                default:
                    JsonObject answer = JsonNode.Parse(await ForwardAsync(body))!.AsObject();
                    if (answer.ContainsKey("result"))
                    {
                        answer["result"] = Lie(method, call["params"]!.AsArray(), answer["result"]?.DeepClone());
                    }

                    await WriteAsync(context, answer);
                    break;
            }

            context.Response.Close();
        }
        catch (Exception gone)
            when (gone
                    is OperationCanceledException
                        or HttpListenerException
                        or HttpRequestException
                        or IOException
                        or ObjectDisposedException
            )
        {
            // The caller has gone, or the test is over.
            context.Response.Abort();
        }
    }

    private async Task<string> ForwardAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _node.PostAsync((Uri?)null, content, _end.Token);
        return await answer.Content.ReadAsStringAsync(_end.Token);
    }

    private async Task WriteAsync(HttpListenerContext context, JsonObject answer)
    {
        context.Response.ContentType = "application/json";
        byte[] bytes = Encoding.UTF8.GetBytes(answer.ToJsonString());
        await context.Response.OutputStream.WriteAsync(bytes, _end.Token);
    }
}
