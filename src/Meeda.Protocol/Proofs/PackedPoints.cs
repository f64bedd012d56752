using Meeda.Kzg.Curves;

namespace Meeda.Protocol.Proofs;

/// <summary>
/// Points as the contracts take them: x and y, 48 bytes each, big-endian; the point at infinity is all
/// zeros.
/// </summary>
public static class PackedPoints
{
    /// <summary>The bytes of a point.</summary>
    public const int PointLength = 96;

    private const int CoordinateLength = PointLength / 2;
    private const int PaddedCoordinateLength = 64;
    private const int Padding = PaddedCoordinateLength - CoordinateLength;

    /// <summary>Writes points one after another.</summary>
    public static byte[] Encode(ReadOnlySpan<G1Point> points)
    {
        var packed = new byte[points.Length * PointLength];
        Span<byte> padded = stackalloc byte[2 * PaddedCoordinateLength];
        for (int i = 0; i < points.Length; i++)
        {
            points[i].EncodePadded(padded);
            Span<byte> point = packed.AsSpan(i * PointLength, PointLength);
            padded[Padding..PaddedCoordinateLength].CopyTo(point);
            padded[(PaddedCoordinateLength + Padding)..].CopyTo(point[CoordinateLength..]);
        }

        return packed;
    }

    /// <summary>Reads points; false where the bytes are not a whole number of points of the group.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> packed, out G1Point[] points)
    {
        points = [];
        if (packed.Length % PointLength != 0)
        {
            return false;
        }

        var read = new G1Point[packed.Length / PointLength];
        Span<byte> padded = stackalloc byte[2 * PaddedCoordinateLength];
        padded.Clear();
        for (int i = 0; i < read.Length; i++)
        {
            ReadOnlySpan<byte> point = packed.Slice(i * PointLength, PointLength);
            point[..CoordinateLength].CopyTo(padded[Padding..]);
            point[CoordinateLength..].CopyTo(padded[(PaddedCoordinateLength + Padding)..]);
            if (!G1Point.TryDecodePadded(padded, out read[i]))
            {
                return false;
            }
        }

        points = read;
        return true;
    }
}
