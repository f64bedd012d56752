using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Meeda.Ethereum;

/// <summary>Thirty-two bytes: a hash, a topic, a storage word. The default value is all zeros.</summary>
public readonly struct Bytes32 : IEquatable<Bytes32>, IParsable<Bytes32>
{
    /// <summary>The number of bytes.</summary>
    public const int Length = 32;

    private readonly ulong _0;
    private readonly ulong _1;
    private readonly ulong _2;
    private readonly ulong _3;

    private Bytes32(ReadOnlySpan<byte> bytes)
    {
        _0 = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _1 = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _2 = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _3 = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>Thirty-two zero bytes.</summary>
    public static Bytes32 Zero => default;

    /// <summary>Copies 32 bytes.</summary>
    /// <exception cref="ArgumentException">There are not 32.</exception>
    public static Bytes32 FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Length
            ? new Bytes32(bytes)
            : throw new ArgumentException($"{bytes.Length} bytes, {Length} are expected", nameof(bytes));

    /// <summary>Reads 64 hex digits, with or without <c>0x</c>.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static Bytes32 Parse(string hex) =>
        TryParse(hex, out Bytes32 value)
            ? value
            : throw new FormatException("64 hex digits, with or without 0x, are expected");

    /// <inheritdoc cref="Parse(string)"/>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    public static Bytes32 Parse(string s, IFormatProvider? provider)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s);
    }

    /// <summary>Reads 64 hex digits, with or without <c>0x</c>; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? hex, out Bytes32 value)
    {
        Span<byte> bytes = stackalloc byte[Length];
        value = default;
        if (!Hex.TryDecode(hex, bytes))
        {
            return false;
        }

        value = new Bytes32(bytes);
        return true;
    }

    /// <inheritdoc cref="TryParse(string?, out Bytes32)"/>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <param name="result">The value, where the result is true.</param>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Bytes32 result) =>
        TryParse(s, out result);

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _0);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _1);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _2);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _3);
    }

    /// <summary>The 32 bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Equality by value.</summary>
    public static bool operator ==(Bytes32 left, Bytes32 right) => left.Equals(right);

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(Bytes32 left, Bytes32 right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Bytes32 other) => _0 == other._0 && _1 == other._1 && _2 == other._2 && _3 == other._3;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Bytes32 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_0, _1, _2, _3);

    /// <summary><c>0x</c> and 64 lower-case hex digits.</summary>
    public override string ToString() => "0x" + Convert.ToHexStringLower(ToArray());
}
