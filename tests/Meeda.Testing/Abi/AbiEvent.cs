using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;

namespace Meeda.Testing.Abi;

/// <summary>A contract's event.</summary>
public sealed class AbiEvent
{
    private readonly AbiTupleType _inputs;
    private readonly bool[] _indexed;

    internal AbiEvent(string name, AbiTupleType inputs, bool[] indexed)
    {
        Name = name;
        _inputs = inputs;
        _indexed = indexed;
        Topic = ContractAbi.SignatureHash(name, inputs);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The Keccak-256 of its signature, which is the first topic of its logs.</summary>
    public Bytes32 Topic { get; }

    /// <summary>
    /// The arguments out of a log. An indexed argument of dynamic type is its hash (<see cref="Bytes32"/>), since the
    /// log holds no more.
    /// </summary>
    /// <exception cref="AbiFormatException">The log is not one of this event.</exception>
    public AbiTuple Decode(Log log)
    {
        int indexed = _indexed.Count(isIndexed => isIndexed);
        if (log.Topics.Count != indexed + 1 || log.Topics[0] != Topic)
        {
            throw new AbiFormatException($"log: it is not one of the event {Name}");
        }

        AbiType[] plain = [.. _inputs.Fields.Where((_, i) => !_indexed[i])];
        int unread = log.Data.Length;
        object[] data = AbiTupleType.DecodeItems(plain, log.Data, ref unread);
        var values = new object[_indexed.Length];
        int topic = 1;
        int next = 0;
        for (int i = 0; i < values.Length; i++)
        {
            AbiType type = _inputs.Fields[i];
            values[i] =
                !_indexed[i] ? data[next++]
                : type.IsDynamic || type.HeadLength != AbiType.Word ? log.Topics[topic++]
                : type.Decode(log.Topics[topic++].ToArray());
        }

        return new AbiTuple(_inputs.Names, values);
    }
}
