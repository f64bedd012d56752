using System.Reflection;
using Meeda.Chain.Contract;
using Meeda.L1.Contracts;
using Meeda.Testing.Abi;
using Nethereum.ABI.FunctionEncoding.Attributes;
using Nethereum.ABI.Model;
using Nethereum.Contracts;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>
/// The generated types of functions and events against the compiled contracts, by the tests' own codec.
/// </summary>
public sealed class TypedBindingTests
{
    private static readonly Type[] Types =
    [
        .. typeof(ContractArtifact).Assembly.GetTypes().Where(type => type.Namespace == "Meeda.Chain.Contract"),
    ];

    private static readonly ContractAbi[] Abis = [.. PartAbi.Names.Select(PartAbi.Of)];

    // Third-party contracts: the selectors of ERC-1271 and of the ERC-1056 registry.
    private static readonly Dictionary<string, string> Standard = new()
    {
        ["isValidSignature"] = "1626ba7e",
        ["validDelegate"] = "622b2a3c",
    };

    public static TheoryData<string> Functions => Named<FunctionAttribute>();

    public static TheoryData<string> Events => Named<EventAttribute>();

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_ItsSelector_IsTheContracts(string name)
    {
        FunctionABI typed = ABITypedRegistry.GetFunctionABI(TypeOf(name));
        string[] selectors = Standard.TryGetValue(typed.Name, out string? known)
            ? [known]
            : [.. Found(abi => Convert.ToHexStringLower(abi.Function(typed.Name).Selector))];
        Assert.All(selectors, selector => Assert.Equal(selector, typed.Sha3Signature[..8]));
        Assert.NotEmpty(selectors);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void Event_ItsTopicAndIndexedValues_AreTheContracts(string name)
    {
        EventABI typed = ABITypedRegistry.GetEvent(TypeOf(name));
        string[] topics = [.. Found(abi => $"{abi.Event(typed.Name).Topic}")];
        Assert.All(topics, topic => Assert.Equal(topic, "0x" + typed.Sha3Signature));
        Assert.NotEmpty(topics);
    }

    // A part without this member throws.
    private static IEnumerable<string> Found(Func<ContractAbi, string> find)
    {
        foreach (ContractAbi abi in Abis)
        {
            string? found = null;
            try
            {
                found = find(abi);
            }
            catch (AbiFormatException)
            {
                // Another part's.
            }

            if (found is not null)
            {
                yield return found;
            }
        }
    }

    private static TheoryData<string> Named<TAttribute>()
        where TAttribute : Attribute =>
        [.. Types.Where(type => type.GetCustomAttribute<TAttribute>() is not null).Select(type => type.Name)];

    private static Type TypeOf(string name) => Types.Single(type => type.Name == name);
}
