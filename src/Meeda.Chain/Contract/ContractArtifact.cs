using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Contracts;

namespace Meeda.Chain.Contract;

/// <summary>
/// A compiled contract, built into this assembly from <c>contracts/abi</c>.
/// </summary>
internal sealed class ContractArtifact
{
    private ContractArtifact(string name)
    {
        string resource = $"{name}.json";
        using Stream stream =
            typeof(ContractArtifact).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the resource {resource} is missing from the assembly");
        using JsonDocument artifact = JsonDocument.Parse(stream);
        Abi = artifact.RootElement.GetProperty("abi").GetRawText();
        Contract = new TypedContract(Abi);
        Bytecode = Convert.FromHexString(artifact.RootElement.GetProperty("bytecode").GetString()!.AsSpan(2));
    }

    /// <summary>One deployment: its parameters and its parts.</summary>
    public static ContractArtifact System { get; } = new("MeedaSystem");

    /// <summary>Accounts, stakes and anchors.</summary>
    public static ContractArtifact Anchors { get; } = new("MeedaAnchors");

    /// <summary>Seeds, proofs and challenges.</summary>
    public static ContractArtifact Verifier { get; } = new("MeedaVerifier");

    /// <summary>Demands.</summary>
    public static ContractArtifact Publication { get; } = new("MeedaPublication");

    /// <summary>Payments of rollups.</summary>
    public static ContractArtifact Escrow { get; } = new("MeedaEscrow");

    /// <summary>The contract that validates certificates on a Nitro chain's parent.</summary>
    public static ContractArtifact DaProofValidator { get; } = new("MeedaDAProofValidator");

    /// <summary>Bounties on blobs; part of no system.</summary>
    public static ContractArtifact Bounty { get; } = new("BlobBounty");

    /// <summary>The parts in the order in which the system creates them.</summary>
    public static IReadOnlyList<ContractArtifact> Parts { get; } = [Anchors, Verifier, Publication, Escrow];

    /// <summary>Functions, events and errors as the compiler wrote them, JSON.</summary>
    public string Abi { get; }

    /// <summary>Functions, events and errors.</summary>
    public TypedContract Contract { get; }

    /// <summary>The creation bytecode, to which the encoded constructor arguments are appended.</summary>
    public byte[] Bytecode { get; }

    /// <summary>Keccak-256 of the creation bytecode, which a system commits to.</summary>
    public Bytes32 CodeHash => Keccak256.Hash(Bytecode);
}
