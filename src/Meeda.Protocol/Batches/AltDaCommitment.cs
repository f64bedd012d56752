using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Meeda.Ethereum;

namespace Meeda.Protocol.Batches;

/// <summary>Which of the OP Stack's two kinds an encoded commitment is.</summary>
public enum AltDaCommitmentKind : byte
{
    /// <summary><c>0x00 ‖ keccak256(payload)</c>.</summary>
    Keccak = 0x00,

    /// <summary><c>0x01 ‖ daLayerByte ‖ version ‖ batchId</c>.</summary>
    Generic = 0x01,
}

/// <summary>
/// An OP Stack Alt-DA commitment as it stands in a URL and, behind the derivation version byte, in L1 calldata
/// (OP Stack specifications, "Alt-DA Mode", input commitment submission).
/// </summary>
/// <param name="Kind">Keccak or generic.</param>
/// <param name="Hash">The payload's Keccak-256, or the batch id.</param>
public readonly record struct AltDaCommitment(AltDaCommitmentKind Kind, Bytes32 Hash) : IParsable<AltDaCommitment>
{
    /// <summary>
    /// The default DA layer byte of Meeda's generic commitments. Taken by others: 0x00, 0x0a, 0x0c, 0x47, 0xff.
    /// </summary>
    public const byte DefaultDaLayerByte = 0x4d;

    /// <summary>The bytes of an encoded generic commitment.</summary>
    public const int GenericLength = 35;

    /// <summary>The bytes of an encoded keccak commitment.</summary>
    public const int KeccakLength = 33;

    /// <summary>The version byte of generic commitments.</summary>
    public const byte GenericVersion = 0x01;

    /// <summary>The generic commitment of a batch.</summary>
    public static AltDaCommitment Of(BatchId id) => new(AltDaCommitmentKind.Generic, id.Value);

    /// <summary>Encodes the commitment: 33 bytes for keccak, 35 for generic.</summary>
    /// <param name="daLayerByte">The layer byte of a generic commitment.</param>
    public byte[] Encode(byte daLayerByte = DefaultDaLayerByte)
    {
        byte[] prefix = Kind == AltDaCommitmentKind.Keccak ? [(byte)Kind] : [(byte)Kind, daLayerByte, GenericVersion];
        return [.. prefix, .. Hash.ToArray()];
    }

    /// <summary>
    /// Reads an encoded commitment of any DA layer from 66 (keccak) or 70 (generic) hex digits, with or without
    /// <c>0x</c>. Where only one layer's will do, <see cref="TryDecode"/> tells them apart.
    /// </summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="FormatException">It is something else.</exception>
    public static AltDaCommitment Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out AltDaCommitment commitment)
            ? commitment
            : throw new FormatException(
                $"commitment: {2 * KeccakLength} (keccak) or {2 * GenericLength} (generic) hex digits are expected, "
                    + "with or without 0x"
            );
    }

    /// <summary>Reads an encoded commitment, as <see cref="Parse"/> does; false where that would throw.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out AltDaCommitment result)
    {
        ReadOnlySpan<char> digits = s;
        digits = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
        Span<byte> encoded = stackalloc byte[GenericLength];
        result = default;
        return digits.Length is 2 * KeccakLength or 2 * GenericLength
            && Convert.FromHexString(digits, encoded, out _, out int length) == OperationStatus.Done
            && TryDecode(encoded[..length], encoded[1], out result, out _);
    }

    /// <summary>Decodes an untrusted encoded commitment.</summary>
    /// <param name="encoded">The bytes.</param>
    /// <param name="daLayerByte">The layer byte that a generic commitment must carry.</param>
    /// <param name="commitment">The commitment, where the result is true.</param>
    /// <param name="error">One message that names the field and what was expected, where the result is false.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> encoded,
        byte daLayerByte,
        out AltDaCommitment commitment,
        [NotNullWhen(false)] out string? error
    )
    {
        commitment = default;
        error = encoded switch
        {
            [] => "commitment: it is empty; 33 (keccak) or 35 (generic) bytes are expected",
            [0x00, ..] when encoded.Length != KeccakLength =>
                $"commitment: a keccak commitment has {KeccakLength} bytes, not {encoded.Length}",
            [0x00, ..] => null,
            [0x01, ..] when encoded.Length != GenericLength =>
                $"commitment: a generic commitment has {GenericLength} bytes, not {encoded.Length}",
            [0x01, var layer, ..] when layer != daLayerByte =>
                $"commitment: its DA layer byte is 0x{layer:x2}, this layer's is 0x{daLayerByte:x2}",
            [0x01, _, not GenericVersion, ..] =>
                $"commitment: its version is 0x{encoded[2]:x2}, the known one is 0x{GenericVersion:x2}",
            [0x01, ..] => null,
            _ => $"commitment: its type byte is 0x{encoded[0]:x2}, known are 0x00 (keccak) and 0x01 (generic)",
        };
        if (error is not null)
        {
            return false;
        }

        commitment = new((AltDaCommitmentKind)encoded[0], Bytes32.FromBytes(encoded[^32..]));
        return true;
    }
}
