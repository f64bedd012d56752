using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Meeda.Ethereum;

namespace Meeda.Protocol.Signatures;

/// <summary>
/// What a rollup's poster adds to a put: the terms of an <see cref="Order"/> and its signature. The rest of the order,
/// which is the rollup, the batch and the operator, follows from the put.
/// </summary>
/// <param name="MaxWei">The maximum that the batch may cost over all renewals, in wei.</param>
/// <param name="Deadline">The last L1 block in which it may be charged, below 2^40.</param>
/// <param name="R">The signature's first number.</param>
/// <param name="Vs">The signature's second number, with the parity in its top bit (EIP-2098).</param>
public sealed record SignedOrder(UInt128 MaxWei, ulong Deadline, Bytes32 R, Bytes32 Vs) : IParsable<SignedOrder>
{
    /// <summary>The HTTP header of a put or renewal that carries an order.</summary>
    public const string HeaderName = "Meeda-Order";

    /// <summary>The bytes of an encoded order: maximum (16), deadline (8), r and vs (32 each).</summary>
    public const int Length = 16 + sizeof(ulong) + (2 * Bytes32.Length);

    /// <summary>The highest deadline that the contract takes: 2^40 - 1.</summary>
    public const ulong MaxDeadline = (1UL << 40) - 1;

    private const int CompactLength = 2 * Bytes32.Length;

    /// <summary>An order with a signature of 65 bytes, as wallets give it, or of 64 (EIP-2098).</summary>
    /// <param name="maxWei">As <see cref="MaxWei"/>.</param>
    /// <param name="deadline">As <see cref="Deadline"/>.</param>
    /// <param name="signature"><c>r ‖ s ‖ v</c> with v 0, 1, 27 or 28, or <c>r ‖ vs</c>.</param>
    /// <exception cref="FormatException">It is neither.</exception>
    public static SignedOrder Of(UInt128 maxWei, ulong deadline, ReadOnlySpan<byte> signature)
    {
        if (signature.Length == CompactLength)
        {
            return new(
                maxWei,
                deadline,
                Bytes32.FromBytes(signature[..Bytes32.Length]),
                Bytes32.FromBytes(signature[Bytes32.Length..])
            );
        }

        if (signature.Length != CompactLength + 1 || signature[^1] is not (0 or 1 or 27 or 28))
        {
            throw new FormatException("a signature has 65 bytes, r, s and v of 27 or 28, or 64, r and vs");
        }

        byte[] second = signature[Bytes32.Length..CompactLength].ToArray();
        if ((second[0] & 0x80) != 0)
        {
            throw new FormatException("the signature's s is in the upper half of the group's order (EIP-2)");
        }

        second[0] |= (byte)(signature[^1] is 1 or 28 ? 0x80 : 0);
        return new(maxWei, deadline, Bytes32.FromBytes(signature[..Bytes32.Length]), Bytes32.FromBytes(second));
    }

    /// <summary>Reads the header's form: <c>MAXIMUM DEADLINE SIGNATURE</c>, see <see cref="ToString"/>.</summary>
    /// <exception cref="FormatException">It has another form.</exception>
    public static SignedOrder Parse(string s, IFormatProvider? provider = null)
    {
        string[] parts = s.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 3)
        {
            throw new FormatException(
                "three parts are expected: the maximum in wei, the last block, and the signature (0x…)"
            );
        }

        if (!UInt128.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out UInt128 maxWei))
        {
            throw new FormatException("the maximum is a whole number of wei below 2^128");
        }

        if (
            !ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong deadline)
            || deadline > MaxDeadline
        )
        {
            throw new FormatException("the last block is a whole number below 2^40");
        }

        return parts[2].StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? Of(maxWei, deadline, Convert.FromHexString(parts[2].AsSpan(2)))
            : throw new FormatException("the signature is hexadecimal, with 0x");
    }

    /// <inheritdoc/>
    public static bool TryParse(
        [NotNullWhen(true)] string? s,
        IFormatProvider? provider,
        [MaybeNullWhen(false)] out SignedOrder result
    )
    {
        try
        {
            result = s is null ? null : Parse(s, provider);
        }
        catch (FormatException)
        {
            result = null;
        }

        return result is not null;
    }

    /// <summary>Reads <see cref="Encode"/>'s form.</summary>
    /// <param name="bytes">Exactly <see cref="Length"/> bytes.</param>
    public static SignedOrder Decode(ReadOnlySpan<byte> bytes) =>
        new(
            BinaryPrimitives.ReadUInt128BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            Bytes32.FromBytes(bytes[24..56]),
            Bytes32.FromBytes(bytes[56..])
        );

    /// <summary>Maximum, deadline, r and vs, big-endian: <see cref="Length"/> bytes.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[Length];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, MaxWei);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), Deadline);
        R.CopyTo(bytes.AsSpan(24));
        Vs.CopyTo(bytes.AsSpan(56));
        return bytes;
    }

    /// <summary>The signature as <c>r ‖ s ‖ v</c> with v 27 or 28: 65 bytes.</summary>
    public byte[] ToSignature()
    {
        byte[] signature = [.. R.ToArray(), .. Vs.ToArray(), 27];
        if ((signature[Bytes32.Length] & 0x80) != 0)
        {
            signature[Bytes32.Length] &= 0x7f;
            signature[^1] = 28;
        }

        return signature;
    }

    /// <summary>The header's form: the maximum in wei, the last block, and <c>r ‖ vs</c> as 0x….</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{MaxWei} {Deadline} 0x{Convert.ToHexStringLower(R.ToArray())}{Convert.ToHexStringLower(Vs.ToArray())}"
        );
}
