namespace Meeda.Kzg.Curves;

/// <summary>
/// Decodes many compressed points at once, each of which must be of the subgroup (consensus-specs
/// <c>validate_kzg_g1</c>).
/// </summary>
internal static class PointDecoder
{
    /// <summary>Decodes concatenated points, 48 bytes each.</summary>
    /// <param name="compressed">Their bytes.</param>
    /// <param name="points">Where they go.</param>
    /// <returns>
    /// How many of the first are good: all of them, or the place of the first whose form is not canonical, or that is
    /// not on the curve or not in the subgroup.
    /// Points from there on are of no meaning.
    /// </returns>
    public static int Decode(ReadOnlySpan<byte> compressed, Span<G1Affine> points)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(compressed.Length, points.Length * G1Point.CompressedLength);
        return PointLanes512.IsSupported ? VectorPointDecoder<PointLanes512>.Decode(compressed, points)
            : PointLanes256.IsSupported ? VectorPointDecoder<PointLanes256>.Decode(compressed, points)
            : DecodeScalar(compressed, points);
    }

    /// <summary>Decodes one point; false where there are not 48 bytes, or it is invalid.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> compressed, out G1Affine point)
    {
        point = default;
        bool valid =
            compressed.Length == G1Point.CompressedLength && Decode(compressed, new Span<G1Affine>(ref point)) == 1;
        point = valid ? point : default;
        return valid;
    }

    /// <inheritdoc cref="Decode"/>
    public static int DecodeScalar(ReadOnlySpan<byte> compressed, Span<G1Affine> points)
    {
        for (int i = 0; i < points.Length; i++)
        {
            if (
                !G1Affine.TryDecode(
                    compressed.Slice(i * G1Point.CompressedLength, G1Point.CompressedLength),
                    out points[i]
                ) || !points[i].IsInSubgroup()
            )
            {
                return i;
            }
        }

        return points.Length;
    }
}
