using System.Globalization;
using System.Text.Json;
using Meeda.L1.Contracts;

namespace Meeda.Testing.Abi;

/// <summary>A contract's custom error.</summary>
public sealed class AbiError
{
    private readonly AbiTupleType _inputs;

    internal AbiError(string name, AbiTupleType inputs)
    {
        Name = name;
        _inputs = inputs;
        Selector = ContractAbi.SignatureHash(name, inputs).ToArray()[..AbiFunction.SelectorLength];
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The four bytes with which its revert data starts.</summary>
    public byte[] Selector { get; }

    /// <summary><c>Error(string)</c>, of <c>require</c> and <c>revert</c> with a text.</summary>
    internal static AbiError Text { get; } = Of("Error", "string");

    /// <summary><c>Panic(uint256)</c>, of failed assertions and arithmetic.</summary>
    internal static AbiError Panic { get; } = Of("Panic", "uint256");

    /// <summary>The error's arguments out of a call's revert data.</summary>
    /// <exception cref="AbiFormatException">The data is not of this error.</exception>
    public AbiTuple Decode(ReadOnlySpan<byte> revertData) =>
        revertData.StartsWith(Selector)
            ? (AbiTuple)_inputs.Decode(revertData[AbiFunction.SelectorLength..])
            : throw new AbiFormatException($"abi data: it is not the error {Name}");

    /// <summary>The error as one would write it, with its arguments.</summary>
    /// <exception cref="AbiFormatException">The data is not of this error.</exception>
    internal string Describe(ReadOnlySpan<byte> revertData)
    {
        IEnumerable<string> described = Decode(revertData)
            .Zip(_inputs.Names, (value, name) => $"{(name.Length == 0 ? "" : name + ": ")}{Describe(value)}");
        return $"{Name}({string.Join(", ", described)})";
    }

    private static string Describe(object value) =>
        value switch
        {
            byte[] bytes => "0x" + Convert.ToHexStringLower(bytes),
            AbiTuple fields => $"({string.Join(", ", fields.Select(Describe))})",
            object[] items => $"[{string.Join(", ", items.Select(Describe))}]",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };

    private static AbiError Of(string name, string type)
    {
        using JsonDocument components = JsonDocument.Parse($$"""[{"type":"{{type}}"}]""");
        return new(name, AbiTupleType.ParseFields(components.RootElement));
    }
}
