using Meeda.Ethereum;
using Meeda.L1.Transactions;

namespace Meeda.L1.Signing;

/// <summary>An account that signs transactions, wherever its key is.</summary>
public interface ITransactionSigner
{
    /// <summary>The account's address.</summary>
    Address Address { get; }

    /// <summary>Signs a transaction.</summary>
    /// <exception cref="SigningException">
    /// The signer does not answer, rejects the request, or returns something other than requested.
    /// </exception>
    Task<Signature> SignAsync(UnsignedTransaction transaction, CancellationToken cancellationToken);
}

/// <summary>A transaction could not be signed. Nothing was sent.</summary>
public sealed class SigningException : Exception
{
    /// <summary>A failure with its message.</summary>
    public SigningException(string message, Exception? inner = null)
        : base(message, inner) { }
}
