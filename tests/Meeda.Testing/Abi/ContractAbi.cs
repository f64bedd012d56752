using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Contracts;

namespace Meeda.Testing.Abi;

/// <summary>What a contract can be asked and what it tells, as the Solidity compiler describes it.</summary>
public sealed class ContractAbi
{
    private readonly Dictionary<string, AbiFunction> _functions = [];
    private readonly Dictionary<string, AbiEvent> _events = [];
    private readonly List<AbiError> _errors = [];

    private ContractAbi() { }

    /// <summary>The custom errors.</summary>
    public IReadOnlyList<AbiError> Errors => _errors;

    /// <summary>The constructor's arguments.</summary>
    public AbiConstructor Constructor { get; private set; } = new(new AbiTupleType([], []));

    /// <summary>Reads a compiler's ABI, a JSON array.</summary>
    /// <exception cref="AbiFormatException">It is not one, or it names the same function or event twice.</exception>
    public static ContractAbi Parse(string json)
    {
        var abi = new ContractAbi();
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            foreach (JsonElement item in document.RootElement.EnumerateArray())
            {
                abi.Add(item);
            }
        }
        catch (Exception malformed)
            when (malformed is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new AbiFormatException($"abi: it is not a compiler's ABI: {malformed.Message}");
        }

        return abi;
    }

    /// <summary>The function of that name.</summary>
    /// <exception cref="AbiFormatException">There is none.</exception>
    public AbiFunction Function(string name) =>
        _functions.TryGetValue(name, out AbiFunction? function)
            ? function
            : throw new AbiFormatException($"abi: it has no function {name}");

    /// <summary>The event of that name.</summary>
    /// <exception cref="AbiFormatException">There is none.</exception>
    public AbiEvent Event(string name) =>
        _events.TryGetValue(name, out AbiEvent? found)
            ? found
            : throw new AbiFormatException($"abi: it has no event {name}");

    /// <summary>
    /// What a reverted call says: the custom error and its arguments, the text of <c>require</c>, or the code of a
    /// panic.
    /// </summary>
    /// <param name="revertData">The data of the revert.</param>
    /// <param name="description">For example <c>StakeTooLow(stake: 5, minimum: 10)</c>.</param>
    public bool TryDescribeRevert(ReadOnlySpan<byte> revertData, [NotNullWhen(true)] out string? description)
    {
        description = null;
        if (revertData.Length < AbiFunction.SelectorLength)
        {
            return false;
        }

        foreach (AbiError error in _errors.Append(AbiError.Text).Append(AbiError.Panic))
        {
            if (revertData.StartsWith(error.Selector))
            {
                try
                {
                    description = error.Describe(revertData);
                    return true;
                }
                catch (AbiFormatException)
                {
                    return false;
                }
            }
        }

        return false;
    }

    private void Add(JsonElement item)
    {
        string type = item.GetProperty("type").GetString() ?? "";
        if (type is "constructor")
        {
            Constructor = new AbiConstructor(AbiTupleType.ParseFields(item.GetProperty("inputs")));
            return;
        }

        if (type is not ("function" or "event" or "error"))
        {
            return;
        }

        string name = item.GetProperty("name").GetString() ?? "";
        AbiTupleType inputs = AbiTupleType.ParseFields(item.GetProperty("inputs"));
        bool isNew = type switch
        {
            "function" => _functions.TryAdd(
                name,
                new AbiFunction(name, inputs, AbiTupleType.ParseFields(item.GetProperty("outputs")))
            ),
            "event" => _events.TryAdd(
                name,
                new AbiEvent(
                    name,
                    inputs,
                    [
                        .. item.GetProperty("inputs")
                            .EnumerateArray()
                            .Select(input => input.GetProperty("indexed").GetBoolean()),
                    ]
                )
            ),
            _ => true,
        };
        if (!isNew)
        {
            throw new AbiFormatException($"abi: {name} is overloaded, which this reader does not know");
        }

        if (type == "error")
        {
            _errors.Add(new AbiError(name, inputs));
        }
    }

    /// <summary>The hash of a signature like <c>transfer(address,uint256)</c>.</summary>
    internal static Bytes32 SignatureHash(string name, AbiTupleType inputs) =>
        Keccak256.Hash(Encoding.ASCII.GetBytes(name + inputs.Name));
}
