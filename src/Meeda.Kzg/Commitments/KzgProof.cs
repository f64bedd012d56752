using Meeda.Kzg.Curves;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// A proof of what a committed polynomial is at a point, or on a coset: the commitment to the quotient (EIP-4844 and
/// EIP-7594 <c>KZGProof</c>).
/// </summary>
public readonly struct KzgProof : IEquatable<KzgProof>, IParsable<KzgProof>
{
    /// <summary>Bytes of the compressed form.</summary>
    public const int Length = G1Point.CompressedLength;

    // Affine, so that encoding and comparing need no inversion.
    private readonly G1Affine _point;

    private KzgProof(in G1Affine point) => _point = point;

    /// <summary>The point.</summary>
    public G1Point Point => new(_point);

    /// <summary>The proof that a point is.</summary>
    public static KzgProof From(G1Point point) => new(point.ToAffine());

    /// <summary>
    /// Decodes a compressed proof; false where there are not 48 bytes, the form is not canonical, or the point is not
    /// on the curve or not in the subgroup
    /// (consensus-specs <c>bytes_to_kzg_proof</c>).
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> compressed, out KzgProof proof)
    {
        bool valid = PointDecoder.TryDecode(compressed, out G1Affine point);
        proof = valid ? new(point) : default;
        return valid;
    }

    /// <summary>The proof that a point of the subgroup is.</summary>
    internal static KzgProof From(G1Affine point) => new(point);

    /// <summary>Decodes a compressed proof.</summary>
    /// <exception cref="KzgFormatException">The bytes are invalid: see <see cref="TryDecode"/>.</exception>
    public static KzgProof Decode(ReadOnlySpan<byte> compressed) =>
        TryDecode(compressed, out KzgProof proof)
            ? proof
            : throw new KzgFormatException(
                $"proof: these {compressed.Length} bytes are no compressed point of G1 ({Length} bytes)"
            );

    /// <summary>Decodes concatenated proofs, several at a time: faster than one by one.</summary>
    /// <param name="compressed">48 bytes for each.</param>
    /// <exception cref="KzgFormatException">The bytes are not a whole number of proofs, or one of them is invalid: see
    /// <see cref="TryDecode"/>.</exception>
    public static KzgProof[] DecodeAll(ReadOnlySpan<byte> compressed)
    {
        if (compressed.Length % Length != 0)
        {
            throw new KzgFormatException($"proofs: {compressed.Length} bytes, each has {Length}");
        }

        var points = new G1Affine[compressed.Length / Length];
        int decoded = PointDecoder.Decode(compressed, points);
        return decoded == points.Length
            ? Array.ConvertAll(points, point => new KzgProof(point))
            : throw new KzgFormatException($"proof {decoded}: its bytes are no compressed point of G1");
    }

    /// <summary>Reads the compressed form from 96 hex digits, with or without 0x.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="KzgFormatException">The text is not 96 hex digits, or they encode no point of G1.</exception>
    public static KzgProof Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out KzgProof proof)
            ? proof
            : throw new KzgFormatException(
                $"proof: the text is not {2 * Length} hex digits of a compressed point of G1"
            );
    }

    /// <summary>
    /// Reads the compressed form from text, as <see cref="Parse"/> does; false where that would throw.
    /// </summary>
    public static bool TryParse(string? s, IFormatProvider? provider, out KzgProof result)
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

    /// <summary>Equality by value.</summary>
    public static bool operator ==(KzgProof a, KzgProof b) => a._point == b._point;

    /// <summary>Inequality by value.</summary>
    public static bool operator !=(KzgProof a, KzgProof b) => a._point != b._point;

    /// <inheritdoc/>
    public bool Equals(KzgProof other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KzgProof other && this == other;

    /// <inheritdoc/>
    public override int GetHashCode() => _point.GetHashCode();

    /// <summary>The compressed form as 96 lower-case hex digits behind 0x.</summary>
    public override string ToString() => "0x" + Convert.ToHexStringLower(ToArray());
}
