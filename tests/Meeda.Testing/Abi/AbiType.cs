using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Contracts;

namespace Meeda.Testing.Abi;

/// <summary>
/// A type of the contract ABI (Solidity documentation, "Contract ABI Specification"): encodes C# values into words
/// and decodes them strictly, so that
/// no value out of its type's range, no offset out of the data and no length that the data cannot hold is taken.
/// </summary>
internal abstract class AbiType
{
    /// <summary>The bytes of a word.</summary>
    public const int Word = 32;

    // A hostile node could describe a value that is nested without end.
    private const int DeepestNesting = 16;

    // Longer than any calldata that a block has room for; sums of heads stay far from overflowing.
    private const int LongestHead = 1 << 24;

    /// <summary>The name that counts in a signature: <c>uint256</c>, <c>(address,bytes)[]</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the value stands behind the head, at an offset.</summary>
    public abstract bool IsDynamic { get; }

    /// <summary>The bytes of the head: one word for dynamic types.</summary>
    public virtual int HeadLength => Word;

    /// <summary>Appends the encoding of a value.</summary>
    /// <exception cref="AbiFormatException">The value is not of this type.</exception>
    public abstract void Encode(object value, MemoryStream output);

    /// <summary>Decodes the value that starts at the beginning of the data.</summary>
    /// <exception cref="AbiFormatException">The data is too short or not of this type.</exception>
    public object Decode(ReadOnlySpan<byte> data)
    {
        int unread = data.Length;
        return Decode(data, ref unread);
    }

    /// <summary>Decodes the value that starts at the beginning of the data, a part of what is decoded.</summary>
    /// <param name="data">The data from the value on.</param>
    /// <param name="unread">
    /// The bytes that may still be read. An encoder writes each byte once; data whose offsets lead to the same bytes
    /// again and again could otherwise
    /// describe values of many times its own length.
    /// </param>
    /// <exception cref="AbiFormatException">The data is too short, overlaps itself or is not of this type.</exception>
    public abstract object Decode(ReadOnlySpan<byte> data, ref int unread);

    /// <summary>
    /// Reads a type out of an ABI description: an element with <c>type</c> and, for structs, <c>components</c>.
    /// </summary>
    public static AbiType Parse(JsonElement description, int depth = 0)
    {
        if (depth > DeepestNesting)
        {
            throw new AbiFormatException($"abi: types are nested deeper than {DeepestNesting}");
        }

        string type = description.GetProperty("type").GetString() ?? "";
        int bracket = type.LastIndexOf('[');
        string element = bracket < 0 ? type : type[..type.IndexOf('[', StringComparison.Ordinal)];
        AbiType parsed =
            element == "tuple"
                ? AbiTupleType.ParseFields(description.GetProperty("components"), depth + 1)
                : ParseElementary(element);
        if (bracket < 0)
        {
            return parsed;
        }

        string[] suffixes = type.EndsWith(']')
            ? type[element.Length..^1].Split(']')
            : throw new AbiFormatException($"abi: {type} is no known type");
        if (suffixes.Length > DeepestNesting)
        {
            throw new AbiFormatException($"abi: types are nested deeper than {DeepestNesting}");
        }

        return suffixes.Aggregate(parsed, (of, suffix) => new AbiArray(of, ParseCount(type, of, suffix)));
    }

    /// <summary>The count of <c>[k</c>, null for <c>[</c>.</summary>
    private static int? ParseCount(string type, AbiType element, string suffix)
    {
        if (suffix == "[")
        {
            return null;
        }

        return
            suffix.StartsWith('[')
            && int.TryParse(suffix.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && (long)count * element.HeadLength <= LongestHead
            ? count
            : throw new AbiFormatException($"abi: {type} is no known type, or longer than {LongestHead} bytes");
    }

    /// <summary>The word at a place of the data.</summary>
    protected static ReadOnlySpan<byte> WordAt(ReadOnlySpan<byte> data, int offset, ref int unread)
    {
        Count(Word, ref unread);
        return offset <= data.Length - Word
            ? data.Slice(offset, Word)
            : throw new AbiFormatException(
                $"abi data: it ends at byte {data.Length}, a word at byte {offset} is missing"
            );
    }

    /// <summary>Counts bytes as read.</summary>
    protected static void Count(int bytes, ref int unread)
    {
        unread -= bytes;
        if (unread < 0)
        {
            throw new AbiFormatException("abi data: it is shorter than its values, or they overlap");
        }
    }

    /// <summary>A length or an offset: a number that the data can hold.</summary>
    protected static int SizeAt(ReadOnlySpan<byte> data, int offset, ref int unread)
    {
        var size = new BigInteger(WordAt(data, offset, ref unread), isUnsigned: true, isBigEndian: true);
        return size <= data.Length
            ? (int)size
            : throw new AbiFormatException($"abi data: a length or offset of {size} is beyond its {data.Length} bytes");
    }

    private static AbiType ParseElementary(string name) =>
        name switch
        {
            "address" => new AbiAddress(),
            "bool" => new AbiBool(),
            "string" => new AbiBytes(isText: true),
            "bytes" => new AbiBytes(isText: false),
            _ when name.StartsWith("bytes", StringComparison.Ordinal)
                    && Size(name, 5) is >= 1 and <= 32 and var length => new AbiFixedBytes(length),
            _ when name.StartsWith("uint", StringComparison.Ordinal)
                    && Size(name, 4) is >= 8 and <= 256 and var bits
                    && bits % 8 == 0 => new AbiInteger(bits, isSigned: false),
            _ when name.StartsWith("int", StringComparison.Ordinal)
                    && Size(name, 3) is >= 8 and <= 256 and var bits
                    && bits % 8 == 0 => new AbiInteger(bits, isSigned: true),
            _ => throw new AbiFormatException($"abi: {name} is no known type"),
        };

    private static int Size(string name, int prefix) =>
        int.TryParse(name.AsSpan(prefix), NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : 0;

    /// <summary><c>uintN</c> and <c>intN</c>.</summary>
    private sealed class AbiInteger(int bits, bool isSigned) : AbiType
    {
        private readonly BigInteger _least = isSigned ? -BigInteger.Pow(2, bits - 1) : BigInteger.Zero;
        private readonly BigInteger _most = BigInteger.Pow(2, isSigned ? bits - 1 : bits) - 1;

        public override string Name => $"{(isSigned ? "int" : "uint")}{bits}";

        public override bool IsDynamic => false;

        public override void Encode(object value, MemoryStream output)
        {
            BigInteger number = value switch
            {
                BigInteger big => big,
                ulong or uint or ushort or byte => Convert.ToUInt64(value, CultureInfo.InvariantCulture),
                long or int or short or sbyte => Convert.ToInt64(value, CultureInfo.InvariantCulture),
                UInt128 wide => (BigInteger)wide,
                _ => throw new AbiFormatException($"{Name}: a number is expected, not {value.GetType().Name}"),
            };
            if (number < _least || number > _most)
            {
                throw new AbiFormatException($"{Name}: {number} is out of its range");
            }

            Span<byte> word = stackalloc byte[Word];
            word.Fill(number.Sign < 0 ? (byte)0xff : (byte)0);
            int length = number.GetByteCount(isUnsigned: !isSigned);
            number.TryWriteBytes(word[(Word - length)..], out _, isUnsigned: !isSigned, isBigEndian: true);
            output.Write(word);
        }

        public override object Decode(ReadOnlySpan<byte> data, ref int unread)
        {
            var number = new BigInteger(WordAt(data, 0, ref unread), isUnsigned: !isSigned, isBigEndian: true);
            if (number < _least || number > _most)
            {
                throw new AbiFormatException($"abi data: {number} is out of the range of {Name}");
            }

            return bits > 64 ? number
                : isSigned ? (long)number
                : (object)(ulong)number;
        }
    }

    /// <summary><c>address</c>.</summary>
    private sealed class AbiAddress : AbiType
    {
        public override string Name => "address";

        public override bool IsDynamic => false;

        public override void Encode(object value, MemoryStream output)
        {
            Span<byte> word = stackalloc byte[Word];
            word.Clear();
            (
                value is Address address
                    ? address
                    : throw new AbiFormatException($"address: an Address is expected, not {value.GetType().Name}")
            ).CopyTo(word[12..]);
            output.Write(word);
        }

        public override object Decode(ReadOnlySpan<byte> data, ref int unread)
        {
            ReadOnlySpan<byte> word = WordAt(data, 0, ref unread);
            return word[..12].ContainsAnyExcept((byte)0)
                ? throw new AbiFormatException("abi data: an address has bytes in front of its 20")
                : Address.FromBytes(word[12..]);
        }
    }

    /// <summary><c>bool</c>.</summary>
    private sealed class AbiBool : AbiType
    {
        public override string Name => "bool";

        public override bool IsDynamic => false;

        public override void Encode(object value, MemoryStream output)
        {
            Span<byte> word = stackalloc byte[Word];
            word.Clear();
            word[31] = value is bool flag
                ? (flag ? (byte)1 : (byte)0)
                : throw new AbiFormatException($"bool: true or false is expected, not {value.GetType().Name}");
            output.Write(word);
        }

        public override object Decode(ReadOnlySpan<byte> data, ref int unread)
        {
            ReadOnlySpan<byte> word = WordAt(data, 0, ref unread);
            return word[..31].ContainsAnyExcept((byte)0) || word[31] > 1
                ? throw new AbiFormatException("abi data: a bool is neither 0 nor 1")
                : word[31] == 1;
        }
    }

    /// <summary><c>bytesN</c>.</summary>
    private sealed class AbiFixedBytes(int length) : AbiType
    {
        public override string Name => $"bytes{length}";

        public override bool IsDynamic => false;

        public override void Encode(object value, MemoryStream output)
        {
            byte[] bytes = value switch
            {
                byte[] array => array,
                Bytes32 word => word.ToArray(),
                _ => throw new AbiFormatException($"{Name}: bytes are expected, not {value.GetType().Name}"),
            };
            if (bytes.Length != length)
            {
                throw new AbiFormatException($"{Name}: {bytes.Length} bytes are given");
            }

            output.Write(bytes);
            output.Write(new byte[Word - length]);
        }

        public override object Decode(ReadOnlySpan<byte> data, ref int unread)
        {
            ReadOnlySpan<byte> word = WordAt(data, 0, ref unread);
            return word[length..].ContainsAnyExcept((byte)0)
                    ? throw new AbiFormatException($"abi data: a {Name} has bytes behind its {length}")
                : length == Word ? Bytes32.FromBytes(word)
                : word[..length].ToArray();
        }
    }

    /// <summary><c>bytes</c> and <c>string</c>.</summary>
    private sealed class AbiBytes(bool isText) : AbiType
    {
        private static readonly UTF8Encoding StrictUtf8 = new(
            encoderShouldEmitUTF8Identifier: false,
            throwOnInvalidBytes: true
        );

        public override string Name => isText ? "string" : "bytes";

        public override bool IsDynamic => true;

        public override void Encode(object value, MemoryStream output)
        {
            byte[] bytes = (isText, value) switch
            {
                (true, string text) => StrictUtf8.GetBytes(text),
                (false, byte[] array) => array,
                _ => throw new AbiFormatException($"{Name}: {value.GetType().Name} is given"),
            };
            Span<byte> length = stackalloc byte[Word];
            length.Clear();
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(length[28..], bytes.Length);
            output.Write(length);
            output.Write(bytes);
            output.Write(new byte[(Word - (bytes.Length % Word)) % Word]);
        }

        public override object Decode(ReadOnlySpan<byte> data, ref int unread)
        {
            int length = SizeAt(data, 0, ref unread);
            if (length > data.Length - Word)
            {
                throw new AbiFormatException($"abi data: {length} bytes of {Name} are not there");
            }

            Count(length, ref unread);
            byte[] bytes = data.Slice(Word, length).ToArray();
            try
            {
                return isText ? StrictUtf8.GetString(bytes) : bytes;
            }
            catch (DecoderFallbackException)
            {
                throw new AbiFormatException("abi data: a string is not UTF-8");
            }
        }
    }

    /// <summary><c>T[]</c> and <c>T[k]</c>.</summary>
    private sealed class AbiArray(AbiType element, int? count) : AbiType
    {
        public override string Name => $"{element.Name}[{count}]";

        public override bool IsDynamic => count is null || element.IsDynamic;

        public override int HeadLength => IsDynamic ? Word : count!.Value * element.HeadLength;

        public override void Encode(object value, MemoryStream output)
        {
            object[] items = value is IEnumerable list and not string
                ? [.. list.Cast<object>()]
                : throw new AbiFormatException($"{Name}: a list is expected, not {value.GetType().Name}");
            if (count is null)
            {
                new AbiInteger(256, isSigned: false).Encode(items.Length, output);
            }
            else if (items.Length != count)
            {
                throw new AbiFormatException($"{Name}: {items.Length} items are given");
            }

            AbiTupleType.EncodeItems([.. Enumerable.Repeat(element, items.Length)], items, output);
        }

        public override object Decode(ReadOnlySpan<byte> data, ref int unread)
        {
            int length = count ?? SizeAt(data, 0, ref unread);
            ReadOnlySpan<byte> items = count is null ? data[Word..] : data;
            if ((long)length * Math.Max(element.HeadLength, 1) > items.Length)
            {
                throw new AbiFormatException($"abi data: {length} items of {Name} are not there");
            }

            return AbiTupleType.DecodeItems([.. Enumerable.Repeat(element, length)], items, ref unread);
        }
    }
}
