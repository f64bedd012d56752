using System.Text.Json;
using Nethereum.JsonRpc.Client;
using Nethereum.JsonRpc.Client.RpcMessages;

namespace Meeda.L1.Rpc;

/// <summary>
/// JSON-RPC 2.0 to one node or several. It is a Nethereum client, so Nethereum's services work over it, and it adds
/// what that lacks: the caller's cancellation token, and strict parsing of responses.
/// </summary>
public abstract class JsonRpc : ClientBase
{
    private static readonly AsyncLocal<CancellationToken> Flowing = new();

    /// <summary>Calls a method.</summary>
    /// <param name="method">For example <c>eth_blockNumber</c>.</param>
    /// <param name="parameters">Its parameters, each serialised as JSON.</param>
    /// <param name="cancellationToken">Cancels the wait; the node may still execute the call.</param>
    /// <returns>The result, which may be JSON's null.</returns>
    /// <exception cref="JsonRpcException">The node answered with an error.</exception>
    /// <exception cref="L1UnreachableException">The node could not be asked.</exception>
    public abstract Task<JsonElement> CallAsync(
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    );

    /// <summary>A call of one of Nethereum's services, under the token of <see cref="UnderAsync"/>.</summary>
    public sealed override async Task<RpcResponseMessage> SendAsync(
        RpcRequestMessage rpcRequestMessage,
        string? route = null
    )
    {
        JsonElement result = await CallAsync(
            rpcRequestMessage.Method,
            [.. ((object?[]?)rpcRequestMessage.RawParameters ?? []).Select(AnswerJson.Plain)],
            Flowing.Value
        );
        return new RpcResponseMessage(rpcRequestMessage.Id, (object)result);
    }

    /// <summary>A result as one of Nethereum's types; null where it is JSON's null.</summary>
    /// <exception cref="L1UnreachableException">It is something else.</exception>
    public sealed override T DecodeResult<T>(RpcResponseMessage rpcResponseMessage) =>
        AnswerJson.Read<T>(rpcResponseMessage.ResultSystemTextJson);

    /// <summary>Makes a call of Nethereum's with a token, which its own methods do not accept.</summary>
    internal static async Task<T> UnderAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        // Set in this method's own context: it flows with the call, and the caller's is not touched.
        Flowing.Value = cancellationToken;
        return await call();
    }

    /// <inheritdoc/>
    protected sealed override Task<RpcResponseMessage[]> SendAsync(RpcRequestMessage[] requests) =>
        Task.WhenAll(requests.Select(request => SendAsync(request)));
}
