using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Contract;

/// <summary>The contract by which a Nitro chain judges certificates and reads of batches.</summary>
internal static class DaProofValidatorContract
{
    /// <summary>The transaction that makes one.</summary>
    /// <param name="provider">The second byte of certificates.</param>
    /// <param name="signers">The accounts that the chain trusts to keep batches.</param>
    public static TransactionRequest Deploy(byte provider, params IEnumerable<Address> signers) =>
        new(
            null,
            TypedContract.EncodeCreation(
                new MeedaDAProofValidatorDeployment(
                    "0x" + Convert.ToHexStringLower(ContractArtifact.DaProofValidator.Bytecode)
                )
                {
                    Provider = [provider],
                    Signers = [.. signers.Select(signer => $"{signer}")],
                }
            )
        );
}
