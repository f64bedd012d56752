using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Curves;

public sealed class PointDecoderTests
{
    private static readonly byte[] Order3 = [0x80, .. new byte[47]];

    // Points of the subgroup, infinity among them; points of the curve only, those of order 3 among them, where the
    // lanes' formulas fail; and what is no point.
    private static readonly Gen<byte[]> Good = Arbitrary.G1.Select(point => Encode(point.ToAffine()));
    private static readonly Gen<byte[]> Bad = Gen.OneOf(
        Arbitrary.CurvePoint.Where(point => !point.IsInSubgroup()).Select(Encode),
        Gen.Select(
            Arbitrary.G1,
            Gen.Bool,
            (point, sign) =>
            {
                // A member plus a point of order 3: a multiple of 3 in the chain loses the difference, nothing else
                // does.
                G1Affine other = new(Fp.Zero, Fp.FromBigInteger(sign ? 2 : -2));
                return Encode((point + new G1Point(other)).ToAffine());
            }
        ),
        Arbitrary.AnyOf<byte[]>(
            Order3,
            [0xa0, .. new byte[47]],
            [0xe0, .. new byte[47]],
            [0xc0, .. new byte[46], 1],
            new byte[48]
        ),
        Gen.Byte.Array[48].Where(bytes => !G1Affine.TryDecode(bytes, out G1Affine point) || !point.IsInSubgroup())
    );

    [SkippableFact]
    public void Decode512_AnyMixture_StopsWhereScalarCodeDoes() => Compare<PointLanes512>();

    [SkippableFact]
    public void Decode256_AnyMixture_StopsWhereScalarCodeDoes() => Compare<PointLanes256>();

    [Fact]
    public void Decode_AnyMixture_StopsAtTheFirstThatIsBad() =>
        Gen.Select(Good.Array[0, 20], Bad, Good.Array[0, 10])
            .Sample(
                (before, bad, after) =>
                {
                    byte[] bytes = [.. before.SelectMany(point => point), .. bad, .. after.SelectMany(point => point)];
                    var points = new G1Affine[before.Length + 1 + after.Length];
                    Assert.Equal(before.Length, PointDecoder.Decode(bytes, points));
                    Assert.Equal(before, points.Take(before.Length).Select(Encode));
                    Assert.Equal(
                        before.Length,
                        PointDecoder.Decode(bytes.AsSpan(0, before.Length * 48), points.AsSpan(0, before.Length))
                    );
                },
                iter: 30
            );

    private static void Compare<TLanes>()
        where TLanes : struct, IPointLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        Gen.Frequency((8, Good), (1, Bad))
            .Array[1, 20]
            .Sample(
                encodings =>
                {
                    byte[] bytes = [.. encodings.SelectMany(point => point)];
                    var expected = new G1Affine[encodings.Length];
                    var points = new G1Affine[encodings.Length];
                    int count = PointDecoder.DecodeScalar(bytes, expected);
                    Assert.Equal(count, VectorPointDecoder<TLanes>.Decode(bytes, points));
                    Assert.Equal(expected.Take(count), points.Take(count));
                },
                iter: 60
            );
    }

    private static byte[] Encode(G1Affine point)
    {
        var bytes = new byte[G1Point.CompressedLength];
        point.Encode(bytes);
        return bytes;
    }
}
