using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Testing.Abi;

namespace Meeda.Node.Tests.L1;

/// <summary>The contract's ABI as the tests' own codec reads it, which shares nothing with Nethereum's.</summary>
internal static class VerifierAbi
{
    /// <summary>The functions, events and errors.</summary>
    public static ContractAbi Abi { get; } = ContractAbi.Parse(MeedaVerifierArtifact.Abi);

    /// <summary>Parameters in the order of the contract's struct.</summary>
    public static object[] InOrder(ContractParameters parameters)
    {
        using JsonDocument abi = JsonDocument.Parse(MeedaVerifierArtifact.Abi);
        JsonElement constructor = abi
            .RootElement.EnumerateArray()
            .Single(item => item.GetProperty("type").GetString() == "constructor");
        return
        [
            .. constructor
                .GetProperty("inputs")[0]
                .GetProperty("components")
                .EnumerateArray()
                .Select(field => field.GetProperty("name").GetString()!)
                .Select(name =>
                    typeof(ContractParameters)
                        .GetProperty(char.ToUpperInvariant(name[0]) + name[1..])!
                        .GetValue(parameters)!
                ),
        ];
    }
}
