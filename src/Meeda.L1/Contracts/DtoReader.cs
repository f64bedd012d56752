using System.Reflection;
using Nethereum.ABI.FunctionEncoding;
using Nethereum.ABI.FunctionEncoding.AttributeEncoding;
using Nethereum.ABI.FunctionEncoding.Attributes;
using Nethereum.ABI.Model;

namespace Meeda.L1.Contracts;

/// <summary>
/// Reads encoded values into the properties of a type, strictly, by Nethereum's decoder. What Nethereum finds out about
/// the type by reflection is found out once instead of for each answer. Safe for use by many threads at once.
/// </summary>
/// <typeparam name="T">A type whose properties have Nethereum's parameter attributes.</typeparam>
internal sealed class DtoReader<T>
    where T : new()
{
    private readonly ParameterDecoder _decoder = new();
    private readonly ParameterOutputProperty[] _outputs;
    private readonly Parameter[] _types;

    // Nethereum writes to its description of a type while it decodes.
    private readonly Lock _gate = new();

    /// <summary>Prepares the reading.</summary>
    /// <param name="types">The types by the compiled contract.</param>
    /// <param name="isRead">Which of the type's parameters these are.</param>
    /// <exception cref="AbiFormatException">The type has other parameters.</exception>
    public DtoReader(IEnumerable<Parameter> types, Func<Parameter, bool> isRead)
    {
        _types = [.. types.OrderBy(parameter => parameter.Order)];
        PropertyInfo[] properties = [.. PropertiesExtractor.GetPropertiesWithParameterAttribute(typeof(T))];
        _outputs =
        [
            .. _decoder
                .GetParameterOutputsFromAttributes(properties)
                .Where(output => isRead(output.Parameter))
                .OrderBy(output => output.Parameter.Order),
        ];
        if (_outputs.Length != _types.Length)
        {
            throw new AbiFormatException($"abi: {typeof(T).Name} has other values than the contract");
        }
    }

    /// <summary>Reads values that are all of the data.</summary>
    /// <exception cref="AbiFormatException">The data is not of these types.</exception>
    public void Read(T target, byte[] data)
    {
        AbiData.Check(_types, data);
        lock (_gate)
        {
            foreach (ParameterOutput output in _decoder.DecodeOutput(data, _outputs))
            {
                Assign(target, output);
            }
        }
    }

    /// <summary>Reads values of one word each, as the topics of a log have them.</summary>
    /// <exception cref="AbiFormatException">A word is not of its type, or there are others than expected.</exception>
    public void ReadWords(T target, IReadOnlyList<byte[]> words)
    {
        if (words.Count != _types.Length)
        {
            throw new AbiFormatException($"log: {words.Count} indexed values where {_types.Length} are expected");
        }

        lock (_gate)
        {
            for (int i = 0; i < _outputs.Length; i++)
            {
                AbiData.Check([_types[i]], words[i]);
                Assign(target, _decoder.DecodeOutput(words[i], _outputs[i])[0]);
            }
        }
    }

    private void Assign(T target, ParameterOutput output)
    {
        var each = (ParameterOutputProperty)output;
        object value = each.Result;
        if (each.Parameter.ABIType is Nethereum.ABI.TupleType)
        {
            value = Activator.CreateInstance(each.PropertyInfo.PropertyType)!;
            _decoder.AssingValuesFromPropertyList(value, each);
        }

        each.PropertyInfo.SetValue(target, value);
    }
}
