namespace Meeda.Ethereum.JsonRpc;

/// <summary>The node answered with an error (JSON-RPC 2.0, section 5.1). It understood the request, so the same request gets the same answer again.</summary>
public sealed class JsonRpcException : Exception
{
    /// <summary>An error as the node gave it.</summary>
    public JsonRpcException(string method, int code, string message, byte[] revertData)
        : base($"{method}: {message}")
    {
        Code = code;
        RevertData = revertData;
        NodeMessage = message;
    }

    /// <summary>The error's code.</summary>
    public int Code { get; }

    /// <summary>The node's words.</summary>
    public string NodeMessage { get; }

    /// <summary>The data of a reverted call, empty where there is none.</summary>
    public byte[] RevertData { get; }
}
