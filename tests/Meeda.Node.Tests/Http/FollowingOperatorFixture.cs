using System.Text.Json;
using Meeda.L1.Rpc;
using Meeda.Node.Tests.L1;
using Meeda.Operator.L1;
using Meeda.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Meeda.Node.Tests.Http;

/// <summary>
/// An operator whose L1 is at block 100, is empty and accepts no transactions: what it does not know is proven to be
/// absent.
/// </summary>
public sealed class FollowingOperatorFixture : OperatorFixture
{
    private readonly FakeL1 _l1 = new() { Head = 100 };
    private WebApplication? _node;

    public override async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _node = builder.Build();
        _node.Urls.Add("http://127.0.0.1:0");
        _node.MapPost("/", AnswerAsync);
        await _node.StartAsync();
        L1 = _node.Urls.First();
        await base.InitializeAsync();
        var follower = Services.GetRequiredService<L1Follower>();
        await Patience.UntilAsync(() => follower.IsCaughtUp && follower.Tip is not null, TimeSpan.FromSeconds(60));
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _node!.DisposeAsync();
    }

    private async Task<IResult> AnswerAsync(HttpRequest request)
    {
        using JsonDocument call = await JsonDocument.ParseAsync(request.Body);
        JsonElement id = call.RootElement.GetProperty("id").Clone();
        try
        {
            object?[] parameters =
            [
                .. call
                    .RootElement.GetProperty("params")
                    .EnumerateArray()
                    .Select(value =>
                        value.ValueKind == JsonValueKind.String ? value.GetString() : (object)value.Clone()
                    ),
            ];
            JsonElement result = await _l1.CallAsync(
                call.RootElement.GetProperty("method").GetString()!,
                parameters,
                request.HttpContext.RequestAborted
            );
            return Results.Json(
                new
                {
                    jsonrpc = "2.0",
                    id,
                    result,
                }
            );
        }
        catch (Exception refused) when (refused is JsonRpcException or InvalidOperationException)
        {
            return Results.Json(
                new
                {
                    jsonrpc = "2.0",
                    id,
                    error = new
                    {
                        code = 3,
                        message = refused.Message,
                        data = "0x",
                    },
                }
            );
        }
    }
}
