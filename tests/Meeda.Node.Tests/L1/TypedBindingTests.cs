using System.Reflection;
using Meeda.Chain.Contract;
using Nethereum.ABI.FunctionEncoding.Attributes;
using Nethereum.ABI.Model;
using Nethereum.Contracts;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>
/// The generated types of functions and events against the compiled contract, by the tests' own codec.
/// </summary>
public sealed class TypedBindingTests
{
    private static readonly Type[] Types =
    [
        .. typeof(MeedaVerifierArtifact).Assembly.GetTypes().Where(type => type.Namespace == "Meeda.Chain.Contract"),
    ];

    public static TheoryData<string> Functions => Named<FunctionAttribute>();

    public static TheoryData<string> Events => Named<EventAttribute>();

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_ItsSelector_IsTheContracts(string name)
    {
        FunctionABI typed = ABITypedRegistry.GetFunctionABI(TypeOf(name));
        Assert.Equal(Convert.ToHexStringLower(VerifierAbi.Abi.Function(typed.Name).Selector), typed.Sha3Signature[..8]);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void Event_ItsTopicAndIndexedValues_AreTheContracts(string name)
    {
        EventABI typed = ABITypedRegistry.GetEvent(TypeOf(name));
        Assert.Equal($"{VerifierAbi.Abi.Event(typed.Name).Topic}", "0x" + typed.Sha3Signature);
        Assert.True(MeedaVerifierArtifact.Contract.TopicOf(typed.Name) == VerifierAbi.Abi.Event(typed.Name).Topic);
    }

    private static TheoryData<string> Named<TAttribute>()
        where TAttribute : Attribute =>
        [.. Types.Where(type => type.GetCustomAttribute<TAttribute>() is not null).Select(type => type.Name)];

    private static Type TypeOf(string name) => Types.Single(type => type.Name == name);
}
