using System.Security.Cryptography;
using Meeda.Kzg.Curves;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// A commitment <c>P(τ)·G1</c> to the polynomial of a blob (EIP-4844 <c>KZGCommitment</c>). <c>default</c> commits to
/// zero.
/// </summary>
public readonly struct KzgCommitment : IEquatable<KzgCommitment>, IParsable<KzgCommitment>
{
    /// <summary>Bytes of the compressed form.</summary>
    public const int Length = G1Point.CompressedLength;

    // EIP-4844 VERSIONED_HASH_VERSION_KZG.
    private const byte HashVersion = 0x01;

    // Affine, so that encoding and comparing need no inversion.
    private readonly G1Affine _point;

    private KzgCommitment(in G1Affine point) => _point = point;

    /// <summary>The point.</summary>
    public G1Point Point => new(_point);

    /// <summary>The commitment that a point is.</summary>
    public static KzgCommitment From(G1Point point) => new(point.ToAffine());

    /// <summary>
    /// Decodes a compressed commitment; false where there are not 48 bytes, the form is not canonical, or the point
    /// is not on the curve or not in the subgroup
    /// (consensus-specs <c>bytes_to_kzg_commitment</c>).
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> compressed, out KzgCommitment commitment)
    {
        bool valid = PointDecoder.TryDecode(compressed, out G1Affine point);
        commitment = valid ? new(point) : default;
        return valid;
    }

    /// <summary>The commitment that a point of the subgroup is.</summary>
    internal static KzgCommitment From(G1Affine point) => new(point);

    /// <summary>Decodes a compressed commitment.</summary>
    /// <exception cref="KzgFormatException">The bytes are invalid: see <see cref="TryDecode"/>.</exception>
    public static KzgCommitment Decode(ReadOnlySpan<byte> compressed) =>
        TryDecode(compressed, out KzgCommitment commitment)
            ? commitment
            : throw new KzgFormatException(
                $"commitment: these {compressed.Length} bytes are no compressed point of G1 ({Length} bytes)"
            );

    /// <summary>Decodes concatenated commitments, several at a time: faster than one by one.</summary>
    /// <param name="compressed">48 bytes for each.</param>
    /// <exception cref="KzgFormatException">The bytes are not a whole number of commitments, or one of them is invalid:
    /// see <see cref="TryDecode"/>.</exception>
    public static KzgCommitment[] DecodeAll(ReadOnlySpan<byte> compressed)
    {
        if (compressed.Length % Length != 0)
        {
            throw new KzgFormatException($"commitments: {compressed.Length} bytes, each has {Length}");
        }

        var points = new G1Affine[compressed.Length / Length];
        int decoded = PointDecoder.Decode(compressed, points);
        return decoded == points.Length
            ? Array.ConvertAll(points, point => new KzgCommitment(point))
            : throw new KzgFormatException($"commitment {decoded}: its bytes are no compressed point of G1");
    }

    /// <summary>Reads the compressed form from 96 hex digits, with or without 0x.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="KzgFormatException">The text is not 96 hex digits, or they encode no point of G1.</exception>
    public static KzgCommitment Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out KzgCommitment commitment)
            ? commitment
            : throw new KzgFormatException(
                $"commitment: the text is not {2 * Length} hex digits of a compressed point of G1"
            );
    }

    /// <summary>
    /// Reads the compressed form from text, as <see cref="Parse"/> does; false where that would throw.
    /// </summary>
    public static bool TryParse(string? s, IFormatProvider? provider, out KzgCommitment result)
    {
        Span<byte> compressed = stackalloc byte[Length];
        result = default;
        return HexText.TryDecode(s, compressed) && TryDecode(compressed, out result);
    }

    /// <summary>Writes the compressed form, 48 bytes.</summary>
    public void Encode(Span<byte> compressed) => _point.Encode(compressed);

    /// <summary>The compressed form, 48 bytes.</summary>
    public byte[] ToArray()
    {
        var compressed = new byte[Length];
        Encode(compressed);
        return compressed;
    }

    /// <summary>
    /// The 32 bytes by which the EVM names the commitment: its SHA-256 with the first byte replaced by 1 (EIP-4844
    /// <c>kzg_to_versioned_hash</c>).
    /// </summary>
    public byte[] VersionedHash()
    {
        byte[] hash = SHA256.HashData(ToArray());
        hash[0] = HashVersion;
        return hash;
    }

    /// <summary>Equality by value.</summary>
    public static bool operator ==(KzgCommitment a, KzgCommitment b) => a._point == b._point;

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(KzgCommitment a, KzgCommitment b) => a._point != b._point;

    /// <inheritdoc/>
    public bool Equals(KzgCommitment other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KzgCommitment other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => _point.GetHashCode();

    /// <summary>The compressed form as 96 lower-case hex digits behind 0x.</summary>
    public override string ToString() => "0x" + Convert.ToHexStringLower(ToArray());
}
