using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Contract;

/// <summary>
/// One deployment of the protocol's contracts: its parameters, its parts and their events. Its address commits to the
/// parameters and to the code of the parts, so it is all that a user names.
/// </summary>
internal sealed partial class SystemContract : PartContract
{
    private SystemParameters? _parameters;

    /// <summary>A deployment at its address.</summary>
    /// <param name="client">L1.</param>
    /// <param name="address">The address of <c>MeedaSystem</c>.</param>
    public SystemContract(EthereumClient client, Address address)
        : base(client, address, ContractArtifact.System)
    {
        Anchors = new AnchorsContract(client, PartAt(0));
        Verifier = new VerifierContract(client, PartAt(1));
        Publication = new PublicationContract(client, PartAt(2));
        Escrow = new EscrowContract(client, PartAt(3));
    }

    /// <summary>Accounts, stakes and anchors.</summary>
    public AnchorsContract Anchors { get; }

    /// <summary>Seeds, proofs and challenges.</summary>
    public VerifierContract Verifier { get; }

    /// <summary>Demands.</summary>
    public PublicationContract Publication { get; }

    /// <summary>Payments of rollups.</summary>
    public EscrowContract Escrow { get; }

    /// <summary>The parts that owe ether to addresses, with their names.</summary>
    public IReadOnlyList<(string Name, CreditsContract Contract)> Creditors =>
        [("anchors", Anchors), ("publication", Publication), ("escrow", Escrow)];

    /// <summary>The creation code of a system with its arguments; its parts are made by
    /// <see cref="CreateParts"/>.</summary>
    public static byte[] CreationCode(SystemParameters parameters) =>
        TypedContract.EncodeCreation(
            new MeedaSystemDeployment("0x" + Convert.ToHexStringLower(ContractArtifact.System.Bytecode))
            {
                P = parameters.ToAbi(),
                CodeHashes = Words(ContractArtifact.Parts.Select(part => part.CodeHash)),
            }
        );

    /// <summary>The transaction that makes a system at an address that follows from the sender's nonce.</summary>
    public static TransactionRequest Deploy(SystemParameters parameters) => new(null, CreationCode(parameters));

    /// <summary>The transactions that make the parts, in this order.</summary>
    public IEnumerable<TransactionRequest> CreateParts() =>
        ContractArtifact.Parts.Select(part => Request(new CreateFunction { Code = part.Bytecode }));

    /// <summary>How many of the parts are made.</summary>
    public async Task<int> CreatedAsync(CancellationToken cancellationToken) =>
        (int)(await CallAsync(new CreatedFunction(), cancellationToken)).Value1;

    /// <summary>The parameters of the deployment; asked for once, since the contracts never change them.</summary>
    public async Task<SystemParameters> ParametersAsync(CancellationToken cancellationToken) =>
        _parameters ??= SystemParameters.From((await CallAsync(new ParametersFunction(), cancellationToken)).Value1);

    /// <summary>The parameters, as far as epochs go.</summary>
    public async Task<EpochParameters> EpochParametersAsync(CancellationToken cancellationToken) =>
        (await ParametersAsync(cancellationToken)).Epochs;

    // What CREATE gives a contract with nonce `part + 1`: the hash of the RLP of (address, nonce).
    private Address PartAt(int part)
    {
        Bytes32 hash = Keccak256.Hash([0xd6, 0x94, .. Address.ToArray(), (byte)(part + 1)]);
        return Address.FromBytes(hash.ToArray().AsSpan(Bytes32.Length - Address.Length));
    }
}
