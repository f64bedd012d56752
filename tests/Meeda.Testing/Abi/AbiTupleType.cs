using System.Collections;
using System.Text.Json;
using Meeda.L1.Contracts;

namespace Meeda.Testing.Abi;

/// <summary>
/// A struct, or the inputs or outputs of a function: fields one behind the other, dynamic ones by offset.
/// </summary>
internal sealed class AbiTupleType(IReadOnlyList<string> names, IReadOnlyList<AbiType> fields) : AbiType
{
    /// <inheritdoc/>
    public override string Name => $"({string.Join(',', fields.Select(type => type.Name))})";

    /// <inheritdoc/>
    public override bool IsDynamic => fields.Any(type => type.IsDynamic);

    /// <inheritdoc/>
    public override int HeadLength => IsDynamic ? Word : fields.Sum(type => type.HeadLength);

    /// <summary>The names of the fields.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>The types of the fields.</summary>
    public IReadOnlyList<AbiType> Fields => fields;

    /// <summary>Reads the fields out of an ABI description.</summary>
    public static AbiTupleType ParseFields(JsonElement components, int depth = 0) =>
        new(
            [
                .. components
                    .EnumerateArray()
                    .Select(component =>
                        component.TryGetProperty("name", out JsonElement name) ? name.GetString() ?? "" : ""
                    ),
            ],
            [.. components.EnumerateArray().Select(component => AbiType.Parse(component, depth))]
        );

    /// <inheritdoc/>
    public override void Encode(object value, MemoryStream output) =>
        EncodeItems(
            fields,
            value is IEnumerable list and not string
                ? [.. list.Cast<object>()]
                : throw new AbiFormatException($"{Name}: a list of its fields is expected, not {value.GetType().Name}"),
            output
        );

    /// <inheritdoc/>
    public override object Decode(ReadOnlySpan<byte> data, ref int unread) =>
        new AbiTuple(names, DecodeItems(fields, data, ref unread));

    /// <summary>Encodes values: a head for each, then the tails of the dynamic ones in order.</summary>
    internal static void EncodeItems(IReadOnlyList<AbiType> types, object[] values, MemoryStream output)
    {
        if (values.Length != types.Count)
        {
            throw new AbiFormatException(
                $"({string.Join(',', types.Select(type => type.Name))}): {values.Length} values are given, "
                    + $"{types.Count} are expected"
            );
        }

        using var tail = new MemoryStream();
        int headLength = types.Sum(type => type.HeadLength);
        Span<byte> word = stackalloc byte[Word];
        for (int i = 0; i < values.Length; i++)
        {
            if (types[i].IsDynamic)
            {
                word.Clear();
                System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(word[24..], headLength + tail.Length);
                output.Write(word);
                types[i].Encode(values[i], tail);
            }
            else
            {
                types[i].Encode(values[i], output);
            }
        }

        tail.WriteTo(output);
    }

    /// <summary>
    /// Decodes values; for <paramref name="unread"/> see <see cref="AbiType.Decode(ReadOnlySpan{byte}, ref int)"/>.
    /// </summary>
    internal static object[] DecodeItems(IReadOnlyList<AbiType> types, ReadOnlySpan<byte> data, ref int unread)
    {
        var values = new object[types.Count];
        int head = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (head > data.Length)
            {
                throw new AbiFormatException($"abi data: it ends at byte {data.Length}, value {i} is missing");
            }

            values[i] = types[i]
                .Decode(types[i].IsDynamic ? data[SizeAt(data, head, ref unread)..] : data[head..], ref unread);
            head += types[i].HeadLength;
        }

        return values;
    }
}
