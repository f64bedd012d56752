namespace Meeda.L1.Transactions;

/// <summary>A nonce was used by a transaction that is none of ours: something else sends from this account.</summary>
/// <param name="message">One message.</param>
/// <param name="inner">How that came out.</param>
public sealed class NonceTakenException(string message, Exception? inner = null) : Exception(message, inner);
