namespace Meeda.Operator.Nitro;

/// <summary>A JSON-RPC error that a caller is answered with.</summary>
/// <param name="code">The code: those of JSON-RPC 2.0, section 5.1, and geth's.</param>
/// <param name="message">One message.</param>
internal sealed class JsonRpcException(int code, string message) : Exception(message)
{
    /// <summary>What came is no JSON.</summary>
    public const int ParseError = -32700;

    /// <summary>It is JSON, and no request.</summary>
    public const int InvalidRequest = -32600;

    /// <summary>There is no such method.</summary>
    public const int MethodNotFound = -32601;

    /// <summary>The parameters do not fit the method.</summary>
    public const int InvalidParameters = -32602;

    /// <summary>The answers of one batch are too long together (geth's <c>errcodeResponseTooLarge</c>).</summary>
    public const int ResponseTooLarge = -32003;

    /// <summary>All that the method itself refuses (geth's <c>errcodeDefault</c>).</summary>
    public const int ServerError = -32000;

    /// <summary>The code.</summary>
    public int Code => code;
}
