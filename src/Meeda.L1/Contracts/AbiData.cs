using System.Buffers.Binary;
using Nethereum.ABI;
using Nethereum.ABI.Model;

namespace Meeda.L1.Contracts;

/// <summary>
/// Checks encoded data before Nethereum decodes it (Solidity, "Contract ABI Specification"): heads and tails where an
/// encoder puts them, nothing beyond, no value out of its type's range. Nethereum 6.1 takes bytes that are cut, lengths
/// that the data cannot hold (a list of 2^27 items out of 64 bytes), and no data at all as zeros.
/// </summary>
internal static class AbiData
{
    private const int Word = 32;

    /// <summary>Checks the encoding of some values.</summary>
    /// <param name="types">Their types, in order.</param>
    /// <param name="data">Untrusted bytes.</param>
    /// <exception cref="AbiFormatException">It is not what a Solidity encoder writes for these types.</exception>
    public static void Check(IReadOnlyList<Parameter> types, ReadOnlySpan<byte> data)
    {
        int length = CheckItems(types.Count, i => types[i].ABIType, data);
        if (length != data.Length)
        {
            throw new AbiFormatException($"abi data: {data.Length} bytes where {length} are expected");
        }
    }

    /// <returns>The bytes of heads and tails.</returns>
    private static int CheckItems(int count, Func<int, ABIType> typeOf, ReadOnlySpan<byte> data)
    {
        int head = 0,
            tail = 0;
        for (int i = 0; i < count; i++)
        {
            tail += HeadLength(typeOf(i));
        }

        Require(tail <= data.Length);
        for (int i = 0; i < count; i++)
        {
            ABIType type = typeOf(i);
            if (type.IsDynamic())
            {
                Require(Size(data, head) == tail);
                tail += CheckTail(type, data[tail..]);
            }
            else
            {
                CheckStatic(type, data[head..]);
            }

            head += HeadLength(type);
        }

        return tail;
    }

    private static int CheckTail(ABIType type, ReadOnlySpan<byte> data)
    {
        switch (type)
        {
            case TupleType tuple:
                return CheckItems(tuple.Components.Length, i => tuple.Components[i].ABIType, data);
            case DynamicArrayType array:
                int count = Size(data, 0);
                Require((long)count * HeadLength(array.ElementType) <= data.Length - Word);
                return Word + CheckItems(count, _ => array.ElementType, data[Word..]);
            case BytesType or StringType:
                int length = Size(data, 0),
                    padded = (length + Word - 1) / Word * Word;
                Require(padded <= data.Length - Word);
                Require(!data[(Word + length)..(Word + padded)].ContainsAnyExcept((byte)0));
                return Word + padded;
            default:
                throw new AbiFormatException($"abi data: {type.Name} is not expected");
        }
    }

    private static void CheckStatic(ABIType type, ReadOnlySpan<byte> data)
    {
        Require(data.Length >= Word);
        switch (type)
        {
            case TupleType tuple:
                CheckItems(tuple.Components.Length, i => tuple.Components[i].ABIType, data);
                break;
            case IntType integer when integer.Name[0] == 'u':
                Require(!data[..(Word - integer.StaticSize)].ContainsAnyExcept((byte)0));
                break;
            case AddressType:
                Require(!data[..12].ContainsAnyExcept((byte)0));
                break;
            case BoolType:
                Require(data[31] <= 1 && !data[..31].ContainsAnyExcept((byte)0));
                break;
            case Bytes32Type:
                break;
            default:
                throw new AbiFormatException($"abi data: {type.Name} is not expected");
        }
    }

    private static int HeadLength(ABIType type) => type.IsDynamic() ? Word : type.FixedSize;

    /// <summary>A length or an offset: a number that the data can hold.</summary>
    private static int Size(ReadOnlySpan<byte> data, int at)
    {
        Require(data.Length >= at + Word && !data.Slice(at, 28).ContainsAnyExcept((byte)0));
        int size = BinaryPrimitives.ReadInt32BigEndian(data[(at + 28)..]);
        Require(size >= 0 && size <= data.Length);
        return size;
    }

    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new AbiFormatException("abi data: it is not of the types that are expected");
        }
    }
}
