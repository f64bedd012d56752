namespace Meeda.L1.Rpc;

/// <summary>
/// The node could not be asked, or its answer is no JSON-RPC: nothing is known about what it did. The message never
/// holds the URL, which may hold credentials.
/// </summary>
/// <param name="message">One message.</param>
/// <param name="inner">The cause.</param>
public sealed class L1UnreachableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The reason for the failure.</summary>
    public L1Problem Problem { get; init; } = L1Problem.Answer;
}

/// <summary>The reasons for which an answer is missing.</summary>
public enum L1Problem
{
    /// <summary>Something came that is not what was asked for: cut off, no JSON-RPC, or of another shape.</summary>
    Answer,

    /// <summary>There is no connection.</summary>
    Connection,

    /// <summary>Nothing came within the limit.</summary>
    Silence,

    /// <summary>The response exceeds the length limit.</summary>
    TooLong,

    /// <summary>An HTTP status that is no success, without a JSON-RPC answer in its body.</summary>
    Status,

    /// <summary>The endpoint asks for fewer calls (HTTP status 429).</summary>
    RateLimit,
}
