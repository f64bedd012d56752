using System.Numerics;

namespace Meeda.Ethereum;

/// <summary>Recursive Length Prefix encoding (Ethereum Yellow Paper, appendix B): what transactions are made of.</summary>
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
