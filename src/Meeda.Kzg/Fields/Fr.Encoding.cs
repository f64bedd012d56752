using System.Buffers.Binary;

namespace Meeda.Kzg.Fields;

/// <content>Bytes and text.</content>
public readonly partial struct Fr
{
    /// <summary>
    /// Decodes 32 big-endian bytes; false where there are not 32 or the value is not below <c>r</c> (consensus-specs
    /// <c>bytes_to_bls_field</c>).
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bigEndian, out Fr element)
    {
        element = default;
        if (bigEndian.Length != Length || !IsCanonical(bigEndian))
        {
            return false;
        }

        element = FromCanonical(bigEndian);
        return true;
    }

    /// <summary>
    /// The element <c>value mod r</c> of any 32 big-endian bytes (consensus-specs <c>hash_to_bls_field</c> without
    /// the hash).
    /// </summary>
    /// <exception cref="KzgFormatException">There are not 32 bytes.</exception>
    public static Fr Reduce(ReadOnlySpan<byte> bigEndian)
    {
        if (bigEndian.Length != Length)
        {
            throw new KzgFormatException($"scalar: {bigEndian.Length} bytes, {Length} are expected");
        }

        // 2^256 < 3r: at most two subtractions.
        return ReduceOnce(Read(bigEndian)).Canonical() * MontgomerySquare;
    }

    /// <summary>Reads an element from 64 hex digits, big-endian, with or without 0x.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="KzgFormatException">The text is not 64 hex digits, or the value is not below the
    /// modulus.</exception>
    public static Fr Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out Fr element)
            ? element
            : throw new KzgFormatException(
                $"scalar: the text is not {2 * Length} hex digits of a value below the modulus"
            );
    }

    /// <summary>Reads an element from text, as <see cref="Parse"/> does; false where that would throw.</summary>
    public static bool TryParse(string? s, IFormatProvider? provider, out Fr result)
    {
        Span<byte> bytes = stackalloc byte[Length];
        result = default;
        return HexText.TryDecode(s, bytes) && TryDecode(bytes, out result);
    }

    /// <summary>Writes the value as 32 big-endian bytes.</summary>
    public void Encode(Span<byte> bigEndian)
    {
        Fr plain = ToPlain();
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian, plain._3);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[8..], plain._2);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[16..], plain._1);
        BinaryPrimitives.WriteUInt64BigEndian(bigEndian[24..], plain._0);
    }

    /// <summary>The value as 32 big-endian bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        Encode(bytes);
        return bytes;
    }
}
