using Meeda.L1.Contracts;

namespace Meeda.Testing.Abi;

/// <summary>A contract's function.</summary>
public sealed class AbiFunction
{
    /// <summary>The bytes of a selector.</summary>
    public const int SelectorLength = 4;

    private readonly AbiTupleType _inputs;
    private readonly AbiTupleType _outputs;

    internal AbiFunction(string name, AbiTupleType inputs, AbiTupleType outputs)
    {
        Name = name;
        _inputs = inputs;
        _outputs = outputs;
        Selector = ContractAbi.SignatureHash(name, inputs).ToArray()[..SelectorLength];
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its name with the types of its arguments.</summary>
    public string Signature => Name + _inputs.Name;

    /// <summary>The first four bytes of the signature's Keccak-256, with which its calldata starts.</summary>
    public byte[] Selector { get; }

    /// <summary>
    /// The calldata of a call. Structs are given as <c>object[]</c>; for the other types see <see cref="AbiTuple"/>,
    /// where shorter integers are fine too.
    /// </summary>
    /// <remarks>
    /// A single argument that is an array itself has to be wrapped, <c>Encode([array])</c>: C# would take its items
    /// for the arguments.
    /// </remarks>
    /// <exception cref="AbiFormatException">The arguments are not those of the function.</exception>
    public byte[] Encode(params object[] arguments)
    {
        using var output = new MemoryStream();
        output.Write(Selector);
        _inputs.Encode(arguments, output);
        return output.ToArray();
    }

    /// <summary>The arguments out of a call's calldata.</summary>
    /// <exception cref="AbiFormatException">It is not a call of this function.</exception>
    public AbiTuple DecodeInput(ReadOnlySpan<byte> calldata) =>
        calldata.StartsWith(Selector)
            ? (AbiTuple)_inputs.Decode(calldata[SelectorLength..])
            : throw new AbiFormatException($"abi data: it is not a call of {Signature}");

    /// <summary>The results out of a call's answer.</summary>
    /// <exception cref="AbiFormatException">It is not an answer of this function.</exception>
    public AbiTuple Decode(ReadOnlySpan<byte> output) => (AbiTuple)_outputs.Decode(output);
}

/// <summary>A contract's constructor.</summary>
public sealed class AbiConstructor
{
    private readonly AbiTupleType _inputs;

    internal AbiConstructor(AbiTupleType inputs)
    {
        _inputs = inputs;
    }

    /// <summary>The data of a deployment: the creation bytecode and the encoded arguments.</summary>
    /// <exception cref="AbiFormatException">The arguments are not those of the constructor.</exception>
    public byte[] Encode(ReadOnlySpan<byte> bytecode, params object[] arguments)
    {
        using var output = new MemoryStream();
        output.Write(bytecode);
        _inputs.Encode(arguments, output);
        return output.ToArray();
    }
}
