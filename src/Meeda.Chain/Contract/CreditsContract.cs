using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Contract;

/// <summary>A part that owes ether to addresses, which leaves it by a claim alone.</summary>
/// <param name="client">L1.</param>
/// <param name="address">The contract's address.</param>
/// <param name="artifact">The compiled contract.</param>
internal abstract class CreditsContract(EthereumClient client, Address address, ContractArtifact artifact)
    : PartContract(client, address, artifact)
{
    /// <summary>The transaction that pays a creditor what it is owed; any account may send it.</summary>
    /// <param name="creditor">The creditor, which is paid.</param>
    public TransactionRequest ClaimFor(Address creditor) => Request(new ClaimForFunction { Creditor = $"{creditor}" });

    /// <summary>What an address may claim, in wei.</summary>
    public async Task<BigInteger> CreditAsync(Address creditor, CancellationToken cancellationToken) =>
        (await CallAsync(new CreditOfFunction { Creditor = $"{creditor}" }, cancellationToken)).Value1;
}
