using System.Text.Json;
using Meeda.L1.Contracts;

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
        Abi = artifact.RootElement.GetProperty("abi").GetRawText();
        Contract = new TypedContract(Abi);
        Bytecode = artifact.RootElement.GetProperty("bytecode").GetString()!;
    }

    /// <summary>The contract's functions, events and errors.</summary>
    public static TypedContract Contract { get; }

    /// <summary>The same as the Solidity compiler writes it, a JSON array.</summary>
    public static string Abi { get; }

    /// <summary>The creation bytecode in hex, to which the encoded constructor arguments are appended.</summary>
    public static string Bytecode { get; }
}
