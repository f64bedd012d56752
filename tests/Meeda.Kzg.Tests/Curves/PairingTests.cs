using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Curves;

public sealed class PairingTests
{
    private static readonly ulong[] Order = Limbs.FromBigInteger(Fr.Modulus);
    private static readonly G2Point Generator2 = new(G2Affine.Generator);

    [Fact]
    public void Generator2_TimesTheOrder_IsInfinity()
    {
        Assert.True(G2Affine.Generator.IsOnCurve);
        Assert.True(Generator2.Multiply(Order).IsInfinity);
        Assert.True(G2Affine.Generator.IsInSubgroup());
    }

    [Fact]
    public void G2_AnyMultiples_ObeyTheGroupLaws() =>
        Gen.Select(Gen.ULong, Gen.ULong)
            .Sample(
                (a, b) =>
                {
                    G2Point x = Generator2.Multiply([a]);
                    G2Point y = Generator2.Multiply([b]);
                    return x + y == Generator2.Multiply([a + b, a + b < a ? 1UL : 0UL])
                        && x + x == x.Double()
                        && (x + (-x)).IsInfinity
                        && x + default(G2Point) == x
                        && default(G2Point) + x == x;
                },
                iter: 10
            );

    [Fact]
    public void G2_EncodedAndDecoded_IsTheSame()
    {
        var bytes = new byte[G2Affine.CompressedLength];
        Gen.ULong.Sample(
            scalar =>
            {
                G2Affine point = G2Point.ToAffine([Generator2.Multiply([scalar])])[0];
                point.Encode(bytes);
                return G2Affine.TryDecode(bytes, out G2Affine decoded) && decoded == point;
            },
            iter: 10,
            threads: 1
        );
        default(G2Affine).Encode(bytes);
        Assert.True(G2Affine.TryDecode(bytes, out G2Affine infinity) && infinity.IsInfinity);
        Assert.False(G2Affine.TryDecode(bytes.AsSpan(1), out _));
        bytes[^1] = 1;
        Assert.False(G2Affine.TryDecode(bytes, out _));
    }

    [Fact]
    public void G2IsInSubgroup_AnyPointOfTheCurve_IsWhetherTheOrderKillsIt() =>
        Gen.Select(Arbitrary.CurvePoint2, Gen.ULong, Gen.Bool)
            .Sample(
                (any, scalar, member) =>
                {
                    G2Affine point = member ? G2Point.ToAffine([Generator2.Multiply([scalar])])[0] : any;
                    Assert.True(point.IsOnCurve);
                    Assert.Equal(new G2Point(point).Multiply(Order).IsInfinity, point.IsInSubgroup());
                },
                iter: 15
            );

    [Fact]
    public void Product_ScalarsOnEitherSide_IsBilinear() =>
        Gen.Select(Arbitrary.G1, Arbitrary.G1, Gen.ULong)
            .Sample(
                (p, q, scalar) =>
                {
                    G2Lines lines = new(G2Affine.Generator);
                    G2Lines multiple = new(G2Point.ToAffine([Generator2.Multiply([scalar])])[0]);
                    Fp12 value = Pairing.Product([p], lines);
                    return Pairing.Product([p.Multiply(Fr.FromUInt64(scalar))], lines) == Pairing.Product([p], multiple)
                        && Pairing.Product([p], multiple) == value.Power(scalar)
                        && Pairing.Product([p + q], lines) == value * Pairing.Product([q], lines)
                        && Pairing.Product([p, q], lines, multiple) == value * Pairing.Product([q], multiple)
                        && Pairing.IsProductOne([p.Multiply(Fr.FromUInt64(scalar)), -p], lines, multiple);
                },
                iter: 6
            );

    [Fact]
    public void Product_Generators_HasOrderR()
    {
        Fp12 value = Pairing.Product([G1Point.Generator], new G2Lines(G2Affine.Generator));
        Assert.NotEqual(Fp12.One, value);
        Assert.Equal(Fp12.One, value.Power(Fr.Modulus));
    }

    [Fact]
    public void Product_InfinityOnEitherSide_IsOne()
    {
        G2Lines lines = new(G2Affine.Generator);
        Assert.Equal(Fp12.One, Pairing.Product([G1Point.Infinity], lines));
        Assert.Equal(Fp12.One, Pairing.Product([G1Point.Generator], new G2Lines(default)));
        Assert.Equal(
            Pairing.Product([G1Point.Generator], lines),
            Pairing.Product([G1Point.Infinity, G1Point.Generator], lines, lines)
        );
    }

    [Fact]
    public void IsProductOne_DifferentPoints_IsFalse()
    {
        G2Lines lines = new(G2Affine.Generator);
        Assert.True(Pairing.IsProductOne([G1Point.Generator, -G1Point.Generator], lines, lines));
        Assert.False(Pairing.IsProductOne([G1Point.Generator, G1Point.Generator], lines, lines));
    }

    [SkippableFact]
    public void Product_On512Bits_IsTheScalarOne() => Compare<PointLanes512>();

    [SkippableFact]
    public void Product_On256Bits_IsTheScalarOne() => Compare<PointLanes256>();

    private static void Compare<TLanes>()
        where TLanes : struct, IPointLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        G2Lines lines = new(G2Affine.Generator);
        G2Lines infinite = new(default);
        Gen.Select(Arbitrary.G1, Arbitrary.G1, Gen.ULong[1, ulong.MaxValue])
            .Sample(
                (p, q, scalar) =>
                {
                    G2Lines multiple = new(G2Point.ToAffine([Generator2.Multiply([scalar])])[0]);
                    Assert.Equal(
                        Pairing.ScalarProduct([p, q], lines, multiple),
                        Pairing.Product<TLanes>([p, q], lines, multiple)
                    );
                    Assert.Equal(Pairing.ScalarProduct([q], multiple), Pairing.Product<TLanes>([q], multiple));
                    Assert.Equal(Fp12.One, Pairing.Product<TLanes>([p, -p], multiple, multiple));
                    Assert.Equal(Pairing.ScalarProduct([q], lines), Pairing.Product<TLanes>([p, q], infinite, lines));
                    Assert.Equal(
                        Pairing.ScalarProduct([p, q, p], lines, multiple, lines),
                        Pairing.Product<TLanes>([p, q, p], lines, multiple, lines)
                    );
                },
                iter: 12
            );
    }
}
