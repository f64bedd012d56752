using System.Text.Json;

namespace Meeda.L1.Rpc;

/// <summary>JSON-RPC 2.0 as a caller sees it, whatever number of nodes is behind it.</summary>
public interface IJsonRpc
{
    /// <summary>Calls a method.</summary>
    /// <param name="method">For example <c>eth_blockNumber</c>.</param>
    /// <param name="parameters">Its parameters, each serialised as JSON.</param>
    /// <param name="cancellationToken">Ends the waiting; the node may do what it was asked all the same.</param>
    /// <returns>The result, which may be JSON's null.</returns>
    /// <exception cref="JsonRpcException">The node answered with an error.</exception>
    /// <exception cref="L1UnreachableException">The node could not be asked.</exception>
    Task<JsonElement> CallAsync(string method, IReadOnlyList<object?> parameters, CancellationToken cancellationToken);
}
