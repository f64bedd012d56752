namespace Meeda.Ethereum.JsonRpc;

/// <summary>The node could not be asked, or its answer is no JSON-RPC: nothing is known about what it did. The message never holds the URL, which may hold credentials.</summary>
/// <param name="message">One sentence.</param>
/// <param name="inner">What happened.</param>
public sealed class L1UnreachableException(string message, Exception? inner = null) : Exception(message, inner);
