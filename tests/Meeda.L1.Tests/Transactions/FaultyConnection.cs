using System.Net;
using System.Text;
using System.Text.Json;

namespace Meeda.L1.Tests.Transactions;

/// <summary>The fault of a call.</summary>
public enum Fault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It never reaches the node.</summary>
    LoseRequest,

    /// <summary>The node executes the call, and its response is lost.</summary>
    LoseAnswer,

    /// <summary>The node answers with an error and does nothing.</summary>
    Refuse,
}

/// <summary>A connection to a real node that loses requests and responses as told, and records the traffic.</summary>
public sealed class FaultyConnection() : DelegatingHandler(new SocketsHttpHandler())
{
    private readonly List<string> _sent = [];
    private readonly Lock _gate = new();

    /// <summary>Decides the fault of a call by its method and first parameter.</summary>
    public Func<string, string, Fault> Faults { get; set; } = (_, _) => Fault.None;

    /// <summary>Every request body.</summary>
    public IReadOnlyList<string> Sent
    {
        get
        {
            lock (_gate)
            {
                return [.. _sent];
            }
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        string body = await request.Content!.ReadAsStringAsync(cancellationToken);
        using JsonDocument call = JsonDocument.Parse(body);
        string method = call.RootElement.GetProperty("method").GetString()!;
        JsonElement parameters = call.RootElement.GetProperty("params");
        string first =
            parameters.GetArrayLength() > 0 && parameters[0].ValueKind == JsonValueKind.String
                ? parameters[0].GetString()!
                : "";
        Fault fault;
        lock (_gate)
        {
            _sent.Add(body);
            fault = Faults(method, first);
        }

        switch (fault)
        {
            case Fault.LoseRequest:
                throw new HttpRequestException("lost on the way to the node");
            case Fault.Refuse:
                return new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = new StringContent(
                        """{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"refused by the test"}}""",
                        Encoding.UTF8,
                        "application/json"
                    ),
                };
            default:
                HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
                if (fault == Fault.LoseAnswer)
                {
                    answer.Dispose();
                    throw new HttpRequestException("lost on the way back");
                }

                return answer;
        }
    }
}
