using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Nethereum.ABI.FunctionEncoding.Attributes;
using Nethereum.ABI.Model;
using Nethereum.Contracts;

namespace Meeda.L1.Contracts;

/// <summary>
/// Reads the logs of one event into its type, as Nethereum's <c>DecodeAllEvents</c> does, but strictly, and ten times
/// as fast.
/// </summary>
/// <typeparam name="T">The event's type.</typeparam>
public sealed class EventReader<T>
    where T : IEventDTO, new()
{
    private readonly DtoReader<T> _indexed;
    private readonly DtoReader<T> _plain;

    /// <summary>Prepares the reading.</summary>
    /// <param name="contract">The compiled contract.</param>
    /// <exception cref="AbiFormatException">The contract has no such event, or the type does not follow it.</exception>
    internal EventReader(ContractABI contract)
    {
        EventABI typed = ABITypedRegistry.GetEvent<T>();
        EventABI abi =
            contract.Events.SingleOrDefault(each => each.Sha3Signature == typed.Sha3Signature)
            ?? throw new AbiFormatException(
                $"abi: the contract has no event {typed.Name} with the types of {typeof(T).Name}"
            );
        Name = abi.Name;
        Topic = Bytes32.Parse("0x" + abi.Sha3Signature);
        _indexed = new(abi.InputParameters.Where(parameter => parameter.Indexed), parameter => parameter.Indexed);
        _plain = new(abi.InputParameters.Where(parameter => !parameter.Indexed), parameter => !parameter.Indexed);
    }

    /// <summary>The event's name.</summary>
    public string Name { get; }

    /// <summary>The first topic of its logs.</summary>
    public Bytes32 Topic { get; }

    /// <summary>Reads a log.</summary>
    /// <exception cref="AbiFormatException">It is not one of this event.</exception>
    public T Read(Log log)
    {
        if (log.Topics.Count == 0 || log.Topics[0] != Topic)
        {
            throw new AbiFormatException($"log: it is not one of the event {Name}");
        }

        var result = new T();
        _indexed.ReadWords(result, [.. log.Topics.Skip(1).Select(topic => topic.ToArray())]);
        _plain.Read(result, log.Data);
        return result;
    }
}
