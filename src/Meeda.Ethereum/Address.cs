using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Meeda.Ethereum;

/// <summary>The 20-byte address of an account. The default value is the zero address.</summary>
public readonly struct Address : IEquatable<Address>, IParsable<Address>
{
    /// <summary>The number of bytes.</summary>
    public const int Length = 20;

    // Twelve zero bytes, then the address: as the ABI lays it out.
    private readonly Bytes32 _word;

    private Address(Bytes32 word)
    {
        _word = word;
    }

    /// <summary>The zero address.</summary>
    public static Address Zero => default;

    /// <summary>Copies 20 bytes.</summary>
    /// <exception cref="ArgumentException">There are not 20.</exception>
    public static Address FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new ArgumentException($"{bytes.Length} bytes, {Length} are expected", nameof(bytes));
        }

        Span<byte> word = stackalloc byte[Bytes32.Length];
        word.Clear();
        bytes.CopyTo(word[12..]);
        return new Address(Bytes32.FromBytes(word));
    }

    /// <summary>Reads 40 hex digits, with or without <c>0x</c>.</summary>
    /// <exception cref="FormatException">It is something else, or its mixed case is not the checksum of
    /// EIP-55.</exception>
    public static Address Parse(string hex) =>
        TryParse(hex, out Address address)
            ? address
            : throw new FormatException(
                "40 hex digits, with or without 0x, are expected; mixed case must be the checksum of EIP-55"
            );

    /// <inheritdoc cref="Parse(string)"/>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    public static Address Parse(string s, IFormatProvider? provider)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s);
    }

    /// <summary>
    /// Reads 40 hex digits, with or without <c>0x</c>; false for anything else. Mixed case must be the checksum of
    /// EIP-55.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? hex, out Address address)
    {
        Span<byte> bytes = stackalloc byte[Length];
        address = default;
        if (!Hex.TryDecode(hex, bytes))
        {
            return false;
        }

        Address parsed = FromBytes(bytes);
        string digits = hex!.Length == 2 * Length ? hex : hex[2..];
        bool mixed = digits.Any(char.IsAsciiLetterLower) && digits.Any(char.IsAsciiLetterUpper);
        if (mixed && parsed.ToString()[2..] != digits)
        {
            return false;
        }

        address = parsed;
        return true;
    }

    /// <inheritdoc cref="TryParse(string?, out Address)"/>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <param name="result">The value, where the result is true.</param>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Address result) =>
        TryParse(s, out result);

    /// <summary>Writes the 20 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[Bytes32.Length];
        _word.CopyTo(word);
        word[12..].CopyTo(destination);
    }

    /// <summary>The 20 bytes.</summary>
    public byte[] ToArray() => _word.ToArray()[12..];

    /// <summary>Equality by value.</summary>
    public static bool operator ==(Address left, Address right) => left.Equals(right);

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(Address left, Address right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Address other) => _word == other._word;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Address other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _word.GetHashCode();

    /// <summary><c>0x</c> and 40 hex digits in the mixed case of EIP-55.</summary>
    public override string ToString()
    {
        string digits = Convert.ToHexStringLower(ToArray());
        byte[] hash = Keccak256.Hash(Encoding.ASCII.GetBytes(digits)).ToArray();
        var text = new StringBuilder("0x", 2 + digits.Length);
        for (int i = 0; i < digits.Length; i++)
        {
            int nibble = (hash[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0xf;
            text.Append(nibble >= 8 ? char.ToUpperInvariant(digits[i]) : digits[i]);
        }

        return text.ToString();
    }
}
