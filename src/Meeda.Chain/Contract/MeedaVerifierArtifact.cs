using System.Text.Json;
using Meeda.L1.Abi;

namespace Meeda.Chain.Contract;

/// <summary>
/// The compiled contract that is built into this assembly from <c>contracts/abi/MeedaVerifier.json</c>.
/// </summary>
internal static class MeedaVerifierArtifact
{
    private const string Resource = "MeedaVerifier.json";

    static MeedaVerifierArtifact()
    {
        using Stream stream =
            typeof(MeedaVerifierArtifact).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is missing from the assembly");
        using JsonDocument artifact = JsonDocument.Parse(stream);
        Abi = ContractAbi.Parse(artifact.RootElement.GetProperty("abi").GetRawText());
        Bytecode = Convert.FromHexString(artifact.RootElement.GetProperty("bytecode").GetString()!.AsSpan()[2..]);
    }

    /// <summary>The contract's functions, events and errors.</summary>
    public static ContractAbi Abi { get; }

    /// <summary>The creation bytecode, to which the encoded constructor arguments are appended.</summary>
    public static byte[] Bytecode { get; }
}
