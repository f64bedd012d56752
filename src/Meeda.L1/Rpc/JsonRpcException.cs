using Nethereum.JsonRpc.Client;

namespace Meeda.L1.Rpc;

/// <summary>
/// The node answered with an error (JSON-RPC 2.0, section 5.1), in whatever HTTP status. It understood the request,
/// so the same request gets the same answer again.
/// </summary>
public sealed class JsonRpcException : RpcResponseException
{
    /// <summary>An error as the node gave it.</summary>
    public JsonRpcException(string method, int code, string message, byte[] revertData)
        : base(
            new RpcError(
                code,
                $"{method}: {message}",
                revertData.Length == 0 ? null : "0x" + Convert.ToHexStringLower(revertData)
            )
        )
    {
        Method = method;
        Code = code;
        RevertData = revertData;
        NodeMessage = message;
    }

    /// <summary>The method called.</summary>
    public string Method { get; }

    /// <summary>The error's code.</summary>
    public int Code { get; }

    /// <summary>The node's words.</summary>
    public string NodeMessage { get; }

    /// <summary>The data of a reverted call, empty where there is none.</summary>
    public byte[] RevertData { get; }

    /// <summary>Whether the error reports a rate limit rather than a fault of this call.</summary>
    public bool IsRateLimit { get; init; }

    /// <summary>The pause that it asks for with its data, or null.</summary>
    public TimeSpan? Pause { get; init; }

    /// <summary>
    /// Whether the endpoint only reports that it timed out waiting for its node, as a gateway does. The node may still
    /// have executed the call.
    /// </summary>
    public bool IsTimeout =>
        NodeMessage.Contains("timeout", StringComparison.OrdinalIgnoreCase)
        || NodeMessage.Contains("timed out", StringComparison.OrdinalIgnoreCase);
}
