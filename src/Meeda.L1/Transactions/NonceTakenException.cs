namespace Meeda.L1.Transactions;

/// <summary>
/// Another program sends from this account: a transaction that this sender did not create used the nonce.
/// </summary>
/// <param name="message">The message.</param>
/// <param name="inner">The failure that revealed it.</param>
public sealed class NonceTakenException(string message, Exception? inner = null) : Exception(message, inner);
