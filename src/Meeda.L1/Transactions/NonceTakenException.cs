namespace Meeda.L1.Transactions;

/// <summary>
/// Another program sends from this account: a transaction that this sender did not create used the nonce.
/// </summary>
/// <param name="message">One message.</param>
/// <param name="inner">How that came out.</param>
public sealed class NonceTakenException(string message, Exception? inner = null) : Exception(message, inner);
