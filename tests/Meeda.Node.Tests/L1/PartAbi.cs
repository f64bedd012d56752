using System.Collections.Concurrent;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Testing.Abi;

namespace Meeda.Node.Tests.L1;

/// <summary>The contracts' ABIs as read by the tests' own codec, which is independent of Nethereum's.</summary>
internal static class PartAbi
{
    /// <summary>The contracts' names.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "MeedaSystem",
        "MeedaAnchors",
        "MeedaVerifier",
        "MeedaPublication",
        "MeedaEscrow",
        "MeedaDAProofValidator",
        "BlobBounty",
    ];

    private static readonly ConcurrentDictionary<string, ContractAbi> Parsed = new();

    /// <summary>The functions, events and errors of a contract.</summary>
    public static ContractAbi Of(string name) => Parsed.GetOrAdd(name, _ => ContractAbi.Parse(Json(name).GetRawText()));

    /// <summary>A contract's ABI as the compiler wrote it.</summary>
    public static JsonElement Json(string name)
    {
        using Stream stream = typeof(SystemContract).Assembly.GetManifestResourceStream($"{name}.json")!;
        using JsonDocument artifact = JsonDocument.Parse(stream);
        return artifact.RootElement.GetProperty("abi").Clone();
    }

    /// <summary>Parameters in the order of the contracts' struct.</summary>
    public static object[] InOrder(SystemParameters parameters) =>
        [
            .. Json("MeedaSystem")
                .EnumerateArray()
                .Single(item => item.GetProperty("type").GetString() == "constructor")
                .GetProperty("inputs")[0]
                .GetProperty("components")
                .EnumerateArray()
                .Select(field => field.GetProperty("name").GetString()!)
                .Select(name =>
                    typeof(SystemParameters)
                        .GetProperty(char.ToUpperInvariant(name[0]) + name[1..])!
                        .GetValue(parameters)!
                ),
        ];
}
