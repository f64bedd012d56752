using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Contract.Version2;

/// <summary>
/// One deployment of version 2, whose address commits to its parameters and to the code of its parts.
/// </summary>
internal sealed class SystemContract(EthereumClient client, Address address)
    : PartContract(client, address, ContractArtifact.System)
{
    /// <summary>The part that keeps accounts, stakes and anchors.</summary>
    public AnchorsContract Anchors => new(Client, PartAt(0));

    /// <summary>The part that keeps seeds and proofs.</summary>
    public VerifierContract Verifier => new(Client, PartAt(1));

    /// <summary>The transaction that makes a system; its parts are made by <see cref="CreateParts"/>.</summary>
    public static TransactionRequest Deploy(SystemParameters parameters) =>
        new(
            null,
            TypedContract.EncodeCreation(
                new MeedaSystemDeployment("0x" + Convert.ToHexStringLower(ContractArtifact.System.Bytecode))
                {
                    P = parameters.ToAbi(),
                    CodeHashes = Words(ContractArtifact.Parts.Select(part => part.CodeHash)),
                }
            )
        );

    /// <summary>The transactions that make the parts, in this order.</summary>
    public IEnumerable<TransactionRequest> CreateParts() =>
        ContractArtifact.Parts.Select(part => Request(new CreateFunction { Code = part.Bytecode }));

    /// <summary>What the system was made with.</summary>
    public async Task<SystemParameters> ParametersAsync(CancellationToken cancellationToken) =>
        SystemParameters.From((await CallAsync(new ParametersFunction(), cancellationToken)).Value1);

    // What CREATE gives a contract with nonce `part + 1`: the hash of the RLP of (address, nonce).
    private Address PartAt(int part)
    {
        Bytes32 hash = Keccak256.Hash([0xd6, 0x94, .. Address.ToArray(), (byte)(part + 1)]);
        return Address.FromBytes(hash.ToArray().AsSpan(Bytes32.Length - Address.Length));
    }
}
