using System.Buffers.Binary;
using Meeda.Ethereum;

namespace Meeda.Protocol.Signatures;

/// <summary>
/// The EIP-712 domain of the contracts: name <c>Meeda</c>, version <c>2</c>, chain and contract.
/// </summary>
/// <param name="ChainId">The L1's chain id.</param>
/// <param name="Contract">The contract that checks the signature.</param>
public readonly record struct ContractDomain(ulong ChainId, Address Contract)
{
    private static readonly Bytes32 Type = Keccak256.Hash(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"u8
    );
    private static readonly Bytes32 Name = Keccak256.Hash("Meeda"u8);
    private static readonly Bytes32 Version = Keccak256.Hash("2"u8);

    /// <summary>
    /// The digest that is signed for a struct: <c>keccak256(0x1901 ‖ domainSeparator ‖ hashStruct)</c> (EIP-712).
    /// </summary>
    /// <param name="structHash">The struct's hash.</param>
    public Bytes32 Digest(Bytes32 structHash)
    {
        Bytes32 separator = new StructEncoder(Type, 4).Add(Name).Add(Version).Add(ChainId).Add(Contract).Hash();
        Span<byte> preimage = stackalloc byte[2 + (2 * Bytes32.Length)];
        preimage[0] = 0x19;
        preimage[1] = 0x01;
        separator.CopyTo(preimage[2..]);
        structHash.CopyTo(preimage[(2 + Bytes32.Length)..]);
        return Keccak256.Hash(preimage);
    }
}

/// <summary>EIP-712's <c>encodeData</c> for structs of words: the type's hash, then each field in 32 bytes.</summary>
internal sealed class StructEncoder
{
    private readonly byte[] _data;
    private int _length = Bytes32.Length;

    /// <param name="type">The hash of the struct's type.</param>
    /// <param name="fields">How many fields it has.</param>
    public StructEncoder(Bytes32 type, int fields)
    {
        _data = new byte[(1 + fields) * Bytes32.Length];
        type.CopyTo(_data);
    }

    public StructEncoder Add(Bytes32 value)
    {
        value.CopyTo(Next());
        return this;
    }

    public StructEncoder Add(Address value)
    {
        value.CopyTo(Next()[12..]);
        return this;
    }

    public StructEncoder Add(UInt128 value)
    {
        BinaryPrimitives.WriteUInt128BigEndian(Next()[16..], value);
        return this;
    }

    /// <summary>The struct's hash.</summary>
    public Bytes32 Hash() => Keccak256.Hash(_data);

    private Span<byte> Next()
    {
        Span<byte> word = _data.AsSpan(_length, Bytes32.Length);
        _length += Bytes32.Length;
        return word;
    }
}
