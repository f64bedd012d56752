using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Signing;

namespace Meeda.L1.Transactions;

/// <summary>The maximum fees of a transaction.</summary>
/// <param name="Tip">Wei for each gas, to the proposer.</param>
/// <param name="MaxPerGas">Wei for each gas, base fee and tip.</param>
/// <param name="MaxPerBlobGas">Wei for each blob gas; zero where there are no blobs.</param>
internal readonly record struct Fees(BigInteger Tip, BigInteger MaxPerGas, BigInteger MaxPerBlobGas)
{
    /// <summary>The base fee of the newest block at the last lookup, in wei per gas.</summary>
    public BigInteger BaseFee { get; init; }

    /// <summary>The blob base fee at the last lookup, in wei per blob gas.</summary>
    public BigInteger BlobPrice { get; init; }
}

/// <summary>
/// A request with all that signing needs: one of type 2 (EIP-1559), or of type 3 (EIP-4844) where it carries blobs.
/// </summary>
internal sealed record PreparedTransaction(
    ulong ChainId,
    ulong Nonce,
    Fees Fees,
    ulong GasLimit,
    TransactionRequest Request
)
{
    /// <summary>Signs it.</summary>
    /// <returns>The transaction in its network encoding, and its hash.</returns>
    /// <exception cref="SigningException">The signer did not.</exception>
    public async Task<(byte[] Wire, Bytes32 Hash)> SignAsync(
        ITransactionSigner signer,
        CancellationToken cancellationToken
    )
    {
        if (Request.Blobs is not { } blobs)
        {
            var plain = new FeeMarketTransaction(
                ChainId,
                Nonce,
                Fees.Tip,
                Fees.MaxPerGas,
                GasLimit,
                Request.To,
                Request.Value,
                Request.Data
            );
            byte[] signed = plain.WithSignature(await signer.SignAsync(plain, cancellationToken));
            return (signed, Keccak256.Hash(signed));
        }

        Address to =
            Request.To
            ?? throw new InvalidOperationException(
                "a blob transaction needs a recipient: it cannot create a contract (EIP-4844)"
            );
        var transaction = new BlobTransaction(
            ChainId,
            Nonce,
            Fees.Tip,
            Fees.MaxPerGas,
            GasLimit,
            to,
            Request.Value,
            Request.Data,
            Fees.MaxPerBlobGas,
            blobs.VersionedHashes()
        );
        Signature signature = await signer.SignAsync(transaction, cancellationToken);
        return (transaction.WithSidecar(signature, blobs), Keccak256.Hash(transaction.WithSignature(signature)));
    }
}
