using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <content>Bytes and text.</content>
public readonly partial struct G1Point
{
    /// <summary>
    /// Decodes a compressed point; false where there are not 48 bytes, a flag or the coordinate is not canonical, or
    /// the point is not on the curve
    /// or not in the subgroup (consensus-specs <c>validate_kzg_g1</c>).
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> compressed, out G1Point point)
    {
        bool valid = PointDecoder.TryDecode(compressed, out G1Affine affine);
        point = valid ? new G1Point(affine) : default;
        return valid;
    }

    /// <summary>
    /// Decodes a compressed point that is known to be of the subgroup, because whoever asks has computed or checked
    /// it before; a third of the work of
    /// <see cref="TryDecode"/>. Never for what comes from others: the subgroup is not checked.
    /// </summary>
    /// <returns>False where there are not 48 bytes, a flag or the coordinate is not canonical, or the point is not on
    /// the curve.</returns>
    public static bool TryDecodeKnown(ReadOnlySpan<byte> compressed, out G1Point point)
    {
        bool valid = G1Affine.TryDecode(compressed, out G1Affine affine);
        point = valid ? new G1Point(affine) : default;
        return valid;
    }

    /// <summary>
    /// The y coordinate with which a compressed encoding is a point of the curve, whether of the subgroup or not:
    /// what shows to others that an encoding
    /// that <see cref="TryDecode"/> refuses is outside the subgroup.
    /// </summary>
    /// <param name="compressed">48 bytes.</param>
    /// <param name="y">64 bytes are written, big-endian, as EIP-2537 pads a coordinate.</param>
    /// <returns>False where it is no point of the curve.</returns>
    public static bool TryFindY(ReadOnlySpan<byte> compressed, Span<byte> y)
    {
        if (!G1Affine.TryDecode(compressed, out G1Affine affine))
        {
            return false;
        }

        y[..Padding].Clear();
        affine.Y.Encode(y[Padding..]);
        return true;
    }

    /// <summary>
    /// Decodes a point in the form of EIP-2537, 128 zero bytes being the point at infinity; false where there are not
    /// 128 bytes, padding is not zero, a
    /// coordinate is not below <c>p</c>, or the point is not on the curve or not in the subgroup.
    /// </summary>
    public static bool TryDecodePadded(ReadOnlySpan<byte> padded, out G1Point point)
    {
        point = default;
        if (
            padded.Length != PaddedLength
            || padded[..Padding].ContainsAnyExcept((byte)0)
            || padded.Slice(PaddedCoordinateLength, Padding).ContainsAnyExcept((byte)0)
            || !Fp.TryDecode(padded[Padding..], out Fp x)
            || !Fp.TryDecode(padded[(PaddedCoordinateLength + Padding)..], out Fp y)
        )
        {
            return false;
        }

        G1Affine affine = new(x, y);
        if (!affine.IsOnCurve || !affine.IsInSubgroup())
        {
            return false;
        }

        point = new G1Point(affine);
        return true;
    }

    /// <summary>Writes the compressed form, 48 bytes.</summary>
    public void Encode(Span<byte> compressed) => ToAffine().Encode(compressed);

    /// <summary>Writes the form of EIP-2537, 128 bytes.</summary>
    public void EncodePadded(Span<byte> padded)
    {
        G1Affine affine = ToAffine();
        padded[..PaddedLength].Clear();
        affine.X.Encode(padded[Padding..]);
        affine.Y.Encode(padded[(PaddedCoordinateLength + Padding)..]);
    }

    /// <summary>The compressed form as 96 lower-case hex digits behind 0x.</summary>
    public override string ToString()
    {
        Span<byte> compressed = stackalloc byte[CompressedLength];
        Encode(compressed);
        return "0x" + Convert.ToHexStringLower(compressed);
    }
}
