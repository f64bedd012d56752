using System.Numerics;
using Meeda.Ethereum.Signing;

namespace Meeda.Ethereum.Transactions;

/// <summary>What a transaction pays at most.</summary>
/// <param name="Tip">Wei for each gas, to the proposer.</param>
/// <param name="MaxPerGas">Wei for each gas, base fee and tip.</param>
/// <param name="MaxPerBlobGas">Wei for each blob gas; zero where there are no blobs.</param>
internal readonly record struct Fees(BigInteger Tip, BigInteger MaxPerGas, BigInteger MaxPerBlobGas);

/// <summary>A request with all that signing needs: one of type 2 (EIP-1559), or of type 3 (EIP-4844) where it carries blobs.</summary>
internal sealed record PreparedTransaction(ulong ChainId, ulong Nonce, Fees Fees, ulong GasLimit, TransactionRequest Request)
{
    /// <summary>Signs it.</summary>
    /// <returns>The transaction as the network takes it, and its hash.</returns>
    public (byte[] Wire, Bytes32 Hash) Sign(PrivateKeySigner signer)
    {
        if (Request.Blobs is not { } blobs)
        {
            byte[] signed = new FeeMarketTransaction(ChainId, Nonce, Fees.Tip, Fees.MaxPerGas, GasLimit, Request.To, Request.Value, Request.Data).Sign(signer);
            return (signed, Keccak256.Hash(signed));
        }

        Address to = Request.To ?? throw new InvalidOperationException("a blob transaction calls somebody: it cannot make a contract (EIP-4844)");
        var transaction = new BlobTransaction(
            ChainId, Nonce, Fees.Tip, Fees.MaxPerGas, GasLimit, to, Request.Value, Request.Data, Fees.MaxPerBlobGas, blobs.VersionedHashes());
        return (transaction.SignWithSidecar(signer, blobs), Keccak256.Hash(transaction.Sign(signer)));
    }
}
