using System.Security.Cryptography;

namespace Meeda.Mefs;

/// <summary>
/// The etag of an object: a CIDv1 over sha2-256, either of the raw bytes (one chunk) or of the root of a dag-pb tree
/// of chunks (several). It identifies the plain content, so that a reader who knows it can check every byte.
/// </summary>
public readonly struct ContentId : IEquatable<ContentId>
{
    /// <summary>Bytes of the binary form: version, codec, hash function, hash length, hash.</summary>
    public const int Length = 4 + SHA256.HashSizeInBytes;

    private const byte Version = 1;
    private const byte RawCodec = 0x55;
    private const byte DagProtobufCodec = 0x70;
    private const byte Sha256Code = 0x12;
    private const string Base32Lower = "abcdefghijklmnopqrstuvwxyz234567";

    private readonly byte[] _bytes;

    private ContentId(byte[] bytes) => _bytes = bytes;

    private ReadOnlySpan<byte> Bytes => _bytes ?? new byte[Length];

    /// <summary>The id of a whole content in memory.</summary>
    public static ContentId Compute(ReadOnlySpan<byte> content)
    {
        var tree = new ContentTree();
        tree.Append(content);
        return tree.Finish();
    }

    /// <summary>
    /// Reads the binary form; false if a MEFS node does not create such ids (an MD5 etag, for example).
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out ContentId id)
    {
        bool valid =
            bytes.Length == Length
            && bytes[0] == Version
            && bytes[1] is RawCodec or DagProtobufCodec
            && bytes[2] == Sha256Code
            && bytes[3] == SHA256.HashSizeInBytes;
        id = valid ? new(bytes.ToArray()) : default;
        return valid;
    }

    /// <summary>The binary form, 36 bytes.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    /// <summary>The text form: multibase base32, lower case.</summary>
    public override string ToString()
    {
        var text = new System.Text.StringBuilder("b");
        int buffer = 0;
        int bits = 0;
        foreach (byte value in Bytes)
        {
            buffer = (buffer << 8) | value;
            for (bits += 8; bits >= 5; bits -= 5)
            {
                text.Append(Base32Lower[(buffer >> (bits - 5)) & 31]);
            }

            buffer &= (1 << bits) - 1;
        }

        return bits == 0 ? text.ToString() : text.Append(Base32Lower[(buffer << (5 - bits)) & 31]).ToString();
    }

    /// <summary>Equality by value.</summary>
    public static bool operator ==(ContentId a, ContentId b) => a.Bytes.SequenceEqual(b.Bytes);

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(ContentId a, ContentId b) => !(a == b);

    /// <inheritdoc/>
    public bool Equals(ContentId other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ContentId other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>The id of a leaf: of a chunk's raw bytes.</summary>
    internal static ContentId OfChunk(ReadOnlySpan<byte> chunk) => Of(RawCodec, chunk);

    /// <summary>The id of an inner node, serialised.</summary>
    internal static ContentId OfNode(ReadOnlySpan<byte> node) => Of(DagProtobufCodec, node);

    private static ContentId Of(byte codec, ReadOnlySpan<byte> content) =>
        new([Version, codec, Sha256Code, SHA256.HashSizeInBytes, .. SHA256.HashData(content)]);
}
