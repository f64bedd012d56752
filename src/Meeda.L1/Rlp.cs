using System.Numerics;

namespace Meeda.L1;

/// <summary>
/// Recursive Length Prefix encoding (Ethereum Yellow Paper, appendix B): what transactions are made of.
/// </summary>
public static class Rlp
{
    private const byte ShortString = 0x80;
    private const byte ShortList = 0xc0;
    private const int LongestShort = 55;

    /// <summary>The encoding of a byte string.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> bytes) =>
        bytes is [< ShortString] ? bytes.ToArray() : [.. Prefix(ShortString, bytes.Length), .. bytes];

    /// <summary>The encoding of a non-negative integer: its shortest big-endian bytes, none for 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public static byte[] Encode(BigInteger value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        return value.IsZero ? [ShortString] : Encode(value.ToByteArray(isUnsigned: true, isBigEndian: true));
    }

    /// <summary>The encoding of a list of items that are encoded already.</summary>
    public static byte[] EncodeList(params IEnumerable<byte[]> encodedItems)
    {
        byte[] payload = [.. encodedItems.SelectMany(item => item)];
        return [.. Prefix(ShortList, payload.Length), .. payload];
    }

    /// <summary>Reads a list that is all of the input.</summary>
    /// <param name="encoded">Untrusted bytes.</param>
    /// <param name="items">The list's encoded items, one behind the other.</param>
    public static bool TryReadList(ReadOnlySpan<byte> encoded, out ReadOnlySpan<byte> items)
    {
        items = default;
        if (
            encoded.IsEmpty
            || encoded[0] < ShortList
            || !TryReadLength(encoded, ShortList, out int header, out int length)
            || encoded.Length != header + length
        )
        {
            return false;
        }

        items = encoded[header..];
        return true;
    }

    /// <summary>
    /// Reads a non-negative integer, and steps behind it. False where there is none, or its encoding is not the
    /// shortest.
    /// </summary>
    public static bool TryReadInteger(ref ReadOnlySpan<byte> encoded, out BigInteger value)
    {
        value = default;
        if (encoded.IsEmpty || encoded[0] >= ShortList)
        {
            return false;
        }

        int header = 0,
            length = 1;
        if (encoded[0] >= ShortString && !TryReadLength(encoded, ShortString, out header, out length))
        {
            return false;
        }

        ReadOnlySpan<byte> digits = encoded.Slice(header, length);
        if (digits is [0, ..] || (header == 1 && digits is [< ShortString]))
        {
            return false;
        }

        value = new BigInteger(digits, isUnsigned: true, isBigEndian: true);
        encoded = encoded[(header + length)..];
        return true;
    }

    /// <summary>
    /// The length that a prefix says, where so many bytes follow it and it is the shortest prefix for them.
    /// </summary>
    private static bool TryReadLength(ReadOnlySpan<byte> encoded, byte kind, out int header, out int length)
    {
        int rest = encoded[0] - kind;
        header = 1;
        length = rest;
        if (rest > LongestShort)
        {
            header = 1 + rest - LongestShort;
            if (header > 1 + sizeof(int) || encoded.Length < header || encoded[1] == 0)
            {
                return false;
            }

            var said = new BigInteger(encoded[1..header], isUnsigned: true, isBigEndian: true);
            if (said <= LongestShort || said > int.MaxValue)
            {
                return false;
            }

            length = (int)said;
        }

        return encoded.Length - header >= length;
    }

    private static byte[] Prefix(byte kind, int length)
    {
        if (length <= LongestShort)
        {
            return [(byte)(kind + length)];
        }

        byte[] digits = new BigInteger(length).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [(byte)(kind + LongestShort + digits.Length), .. digits];
    }
}
