using System.Buffers.Binary;
using Meeda.Kzg.Commitments;

namespace Meeda.Protocol.Batches;

/// <summary>Why a run of blobs is not the encoding of any payload.</summary>
public enum BlobDecodingError
{
    /// <summary>The blobs decode.</summary>
    None,

    /// <summary>The length is zero or not a whole number of blobs.</summary>
    NotWholeBlobs,

    /// <summary>The header's version byte is not <see cref="BlobEncoding.Version"/>.</summary>
    UnknownVersion,

    /// <summary>The header's payload length is zero or does not need exactly this many blobs.</summary>
    LengthDoesNotFit,

    /// <summary>A field element's top byte is not zero.</summary>
    NonZeroTopByte,

    /// <summary>A byte behind the payload, or in the header's reserved part, is not zero.</summary>
    NonZeroPadding,
}

/// <summary>
/// The injective encoding of a batch's payload into EIP-4844 blobs (docs/protocol.md, "Batch and blobs").
/// Every 32-byte field element is a zero byte and 31 bytes of the stream <c>header ‖ payload ‖ zeros</c>, so each is
/// below the field's
/// modulus whatever the payload holds. The header is one element: <c>0x00 ‖ version ‖ uint32 payloadLength ‖ 26 zero
/// bytes</c>.
/// </summary>
public static class BlobEncoding
{
    /// <summary>The version byte of this encoding.</summary>
    public const byte Version = 0x01;

    /// <summary>Payload bytes that one field element carries.</summary>
    public const int DataBytesPerElement = Blob.ElementLength - 1;

    /// <summary>Stream bytes that one blob carries, the header's 31 included in blob 0.</summary>
    public const int DataBytesPerBlob = Blob.ElementCount * DataBytesPerElement;

    /// <summary>
    /// The maximum payload in bytes: as many blobs as a batch header's <c>uint16 blobCount</c> can say, and within an
    /// array.
    /// </summary>
    public const int MaxPayloadLength = 1 << 30;

    private const int HeaderDataBytes = 1 + sizeof(uint);

    /// <summary>
    /// The number of blobs that a payload needs: <c>n = ceil((payloadLength + 31) / (4096 · 31))</c>.
    /// </summary>
    /// <param name="payloadLength">1 to <see cref="MaxPayloadLength"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is outside that range.</exception>
    public static int BlobCount(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(payloadLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadLength, MaxPayloadLength);
        return (payloadLength + DataBytesPerElement + DataBytesPerBlob - 1) / DataBytesPerBlob;
    }

    /// <summary>Encodes a payload into <see cref="BlobCount"/> blobs, concatenated.</summary>
    /// <param name="payload">1 to <see cref="MaxPayloadLength"/> bytes.</param>
    /// <returns><c>BlobCount(payload.Length) · 131072</c> bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The payload is empty or too long.</exception>
    public static byte[] Encode(ReadOnlySpan<byte> payload)
    {
        int count = BlobCount(payload.Length);
        var blobs = new byte[(long)count * Blob.ByteLength];
        for (int i = 0; i < count; i++)
        {
            EncodeBlob(payload, i, blobs.AsSpan(i * Blob.ByteLength, Blob.ByteLength));
        }

        return blobs;
    }

    /// <summary>Encodes one of a payload's blobs.</summary>
    /// <param name="payload">The whole payload, 1 to <see cref="MaxPayloadLength"/> bytes.</param>
    /// <param name="index">The blob's number, below <see cref="BlobCount"/>.</param>
    /// <param name="blob">Receives the blob, 131072 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The payload is empty or too long, there is no such blob, or the
    /// destination has another length.</exception>
    public static void EncodeBlob(ReadOnlySpan<byte> payload, int index, Span<byte> blob)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, BlobCount(payload.Length));
        ArgumentOutOfRangeException.ThrowIfNotEqual(blob.Length, Blob.ByteLength);
        blob.Clear();
        int element = 0;
        if (index == 0)
        {
            blob[1] = Version;
            BinaryPrimitives.WriteUInt32BigEndian(blob[2..], (uint)payload.Length);
            element = 1;
        }

        // The header took the first element's place in the stream.
        payload = payload[Math.Min(payload.Length, Math.Max(0, (index * DataBytesPerBlob) - DataBytesPerElement))..];
        for (; element < Blob.ElementCount && !payload.IsEmpty; element++)
        {
            int count = Math.Min(DataBytesPerElement, payload.Length);
            payload[..count].CopyTo(blob[((element * Blob.ElementLength) + 1)..]);
            payload = payload[count..];
        }
    }

    /// <summary>Decodes blobs strictly: whatever <see cref="Encode"/> could not have written is refused.</summary>
    /// <param name="blobs">The blobs, concatenated.</param>
    /// <param name="payload">The payload, or an empty array where the result is false.</param>
    /// <param name="error">Why the blobs do not decode.</param>
    public static bool TryDecode(ReadOnlySpan<byte> blobs, out byte[] payload, out BlobDecodingError error)
    {
        payload = [];
        if (blobs.IsEmpty || blobs.Length % Blob.ByteLength != 0)
        {
            error = BlobDecodingError.NotWholeBlobs;
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(blobs[2..]);
        error = CheckHeader(blobs, length);
        if (error != BlobDecodingError.None)
        {
            return false;
        }

        var decoded = new byte[length];
        error = CopyData(blobs[Blob.ElementLength..], decoded);
        if (error != BlobDecodingError.None)
        {
            return false;
        }

        payload = decoded;
        return true;
    }

    private static BlobDecodingError CheckHeader(ReadOnlySpan<byte> blobs, uint length)
    {
        if (blobs[0] != 0)
        {
            return BlobDecodingError.NonZeroTopByte;
        }

        if (blobs[1] != Version)
        {
            return BlobDecodingError.UnknownVersion;
        }

        if (length is 0 or > MaxPayloadLength || BlobCount((int)length) != blobs.Length / Blob.ByteLength)
        {
            return BlobDecodingError.LengthDoesNotFit;
        }

        return blobs[(1 + HeaderDataBytes)..Blob.ElementLength].ContainsAnyExcept((byte)0)
            ? BlobDecodingError.NonZeroPadding
            : BlobDecodingError.None;
    }

    private static BlobDecodingError CopyData(ReadOnlySpan<byte> elements, Span<byte> payload)
    {
        for (; !elements.IsEmpty; elements = elements[Blob.ElementLength..])
        {
            if (elements[0] != 0)
            {
                return BlobDecodingError.NonZeroTopByte;
            }

            int count = Math.Min(DataBytesPerElement, payload.Length);
            elements.Slice(1, count).CopyTo(payload);
            payload = payload[count..];
            if (elements[(1 + count)..Blob.ElementLength].ContainsAnyExcept((byte)0))
            {
                return BlobDecodingError.NonZeroPadding;
            }
        }

        return BlobDecodingError.None;
    }
}
