using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Meeda.Ethereum;
using Nethereum.ABI.ABIDeserialisation;
using Nethereum.ABI.FunctionEncoding;
using Nethereum.ABI.FunctionEncoding.Attributes;
using Nethereum.ABI.Model;
using Nethereum.Contracts;
using Nethereum.Contracts.MessageEncodingServices;

namespace Meeda.L1.Contracts;

/// <summary>
/// A compiled contract whose functions and events are types of Nethereum's: their values to calldata and back, every
/// byte of an answer checked.
/// </summary>
/// <param name="json">The contract's ABI as the Solidity compiler writes it, a JSON array.</param>
public sealed class TypedContract(string json)
{
    private const int SelectorLength = 4;

    // What Solidity itself reverts with: require with a text, and failed assertions and arithmetic.
    private const string SolidityErrors = """
        [{"type":"error","name":"Error","inputs":[{"name":"","type":"string"}]},
         {"type":"error","name":"Panic","inputs":[{"name":"","type":"uint256"}]}]
        """;

    private readonly ContractABI _abi = Parse(json);
    private readonly ErrorABI[] _errors = [.. Parse(json).Errors, .. Parse(SolidityErrors).Errors];
    private readonly ConcurrentDictionary<Type, object> _outputs = new();

    /// <summary>The calldata of a call.</summary>
    /// <exception cref="AbiFormatException">The contract has no such function.</exception>
    public byte[] Encode<TFunction>(TFunction function)
        where TFunction : FunctionMessage, new()
    {
        _ = FunctionOf(typeof(TFunction));
        return function.GetCallData();
    }

    /// <summary>The data of the transaction that creates the contract.</summary>
    public static byte[] EncodeCreation<TDeployment>(TDeployment deployment)
        where TDeployment : ContractDeploymentMessage, new() =>
        Convert.FromHexString(
            new DeploymentMessageEncodingService<TDeployment>().GetDeploymentData(deployment).AsSpan(2)
        );

    /// <summary>The answer to a call.</summary>
    /// <param name="function">The call.</param>
    /// <param name="data">The node's response, untrusted.</param>
    /// <exception cref="AbiFormatException">The data is not of the function's types.</exception>
    public TOutput Decode<TFunction, TOutput>(IFunction<TFunction, TOutput> function, byte[] data)
        where TOutput : new()
    {
        var reader =
            (DtoReader<TOutput>)
                _outputs.GetOrAdd(
                    function.GetType(),
                    type => new DtoReader<TOutput>(FunctionOf(type).OutputParameters, _ => true)
                );
        var result = new TOutput();
        reader.Read(result, data);
        return result;
    }

    /// <summary>The reader of an event's logs.</summary>
    /// <exception cref="AbiFormatException">The contract has no such event.</exception>
    public EventReader<TEvent> Event<TEvent>()
        where TEvent : IEventDTO, new() => new(_abi);

    /// <summary>The first topic of an event's logs.</summary>
    /// <exception cref="AbiFormatException">The contract has no such event.</exception>
    public Bytes32 TopicOf(string eventName) =>
        Array.Find(_abi.Events, each => each.Name == eventName) is { } found
            ? Bytes32.Parse("0x" + found.Sha3Signature)
            : throw new AbiFormatException($"abi: the contract has no event {eventName}");

    /// <summary>
    /// What a reverted call says: the custom error and its arguments, the text of <c>require</c>, or the code of a
    /// panic.
    /// </summary>
    /// <param name="revertData">The data of the revert, untrusted.</param>
    /// <param name="description">For example <c>StakeTooLow(stake: 5, minimum: 10)</c>.</param>
    public bool TryDescribeRevert(byte[] revertData, [NotNullWhen(true)] out string? description)
    {
        description = null;
        if (revertData.Length < SelectorLength || Array.Find(_errors, each => IsOf(each, revertData)) is not { } error)
        {
            return false;
        }

        byte[] data = revertData[SelectorLength..];
        Parameter[] types = [.. error.InputParameters.OrderBy(parameter => parameter.Order)];
        try
        {
            AbiData.Check(types, data);
        }
        catch (AbiFormatException)
        {
            return false;
        }

        IEnumerable<string> arguments = new ParameterDecoder()
            .DecodeDefaultData(data, types)
            .Select(each =>
                $"{(each.Parameter.Name is { Length: > 0 } name ? name + ": " : "")}{Describe(each.Result)}"
            );
        description = $"{error.Name}({string.Join(", ", arguments)})";
        return true;
    }

    private static bool IsOf(ErrorABI error, byte[] revertData) =>
        Convert.ToHexStringLower(revertData.AsSpan(0, SelectorLength)) == error.Sha3Signature[..(2 * SelectorLength)];

    private static string Describe(object value) =>
        value switch
        {
            string text => text,
            byte[] bytes => "0x" + Convert.ToHexStringLower(bytes),
            ParameterOutput field => Describe(field.Result),
            IEnumerable items => $"[{string.Join(", ", items.Cast<object>().Select(Describe))}]",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };

    private FunctionABI FunctionOf(Type type)
    {
        string name =
            type.GetCustomAttribute<FunctionAttribute>()?.Name
            ?? throw new AbiFormatException($"abi: {type.Name} is no function");
        return Array.Find(_abi.Functions, each => each.Name == name)
            ?? throw new AbiFormatException($"abi: the contract has no function {name}");
    }

    private static ContractABI Parse(string json) => ABIDeserialiserFactory.DeserialiseContractABI(json);
}
