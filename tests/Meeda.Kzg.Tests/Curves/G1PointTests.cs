using System.Numerics;
using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Curves;

public sealed class G1PointTests
{
    private static readonly ulong[] Order = Limbs.FromBigInteger(Fr.Modulus);

    [Fact]
    public void Generator_TimesTheOrder_IsInfinity()
    {
        Assert.True(G1Affine.Generator.IsOnCurve);
        Assert.True(MultiScalarMultiplication.Sum([G1Point.Generator], Order, 4).IsInfinity);
        Assert.False(G1Point.Generator.IsInfinity);
        Assert.True(G1Point.Infinity.IsInfinity);
        Assert.Equal(default, G1Point.Infinity);
    }

    [Fact]
    public void Group_AnyPoints_ObeysItsLaws() =>
        Gen.Select(Arbitrary.G1, Arbitrary.G1, Arbitrary.G1)
            .Sample(
                (a, b, c) =>
                    (a + b) + c == a + (b + c)
                    && a + b == b + a
                    && (a + G1Point.Infinity) == a
                    && (G1Point.Infinity + a) == a
                    && (a - a).IsInfinity
                    && a + a == a.Double()
                    && a - b == -(b - a)
                    && (a + b - b).GetHashCode() == a.GetHashCode()
                    && a.Add(b.ToAffine()) == a + b
                    && a.Add(a.ToAffine()) == a.Double()
                    && a.Add((-a).ToAffine()).IsInfinity
                    && (a == b) == (a.ToString() == b.ToString()),
                iter: 30
            );

    [Fact]
    public void Multiply_AnyScalars_IsLinear() =>
        Gen.Select(Arbitrary.G1, Arbitrary.Fr, Arbitrary.Fr)
            .Sample(
                (point, a, b) =>
                    point.Multiply(a) + point.Multiply(b) == point.Multiply(a + b)
                    && point.Multiply(a).Multiply(b) == point.Multiply(a * b)
                    && point.Multiply(a) == DoubleAndAdd(point, a.ToBigInteger()),
                iter: 20
            );

    [Fact]
    public void MultiScalarMultiply_RepeatedOppositeAndInfinitePoints_IsTheNaiveSum() =>
        Gen.Select(Arbitrary.G1.Array[1, 4], Gen.Int[0, 40])
            .SelectMany(
                (pool, count) =>
                    Gen.Select(
                        Gen.Select(
                            Gen.Int[0, pool.Length],
                            Gen.Bool,
                            (i, negate) =>
                                i == pool.Length ? default
                                : negate ? -pool[i]
                                : pool[i]
                        ).Array[count],
                        Arbitrary.Fr.Array[count]
                    )
            )
            .Sample(
                (points, scalars) =>
                {
                    G1Point expected = default;
                    for (int i = 0; i < points.Length; i++)
                    {
                        expected += DoubleAndAdd(points[i], scalars[i].ToBigInteger());
                    }

                    Assert.Equal(expected, G1Point.MultiScalarMultiply(points, scalars));
                },
                iter: 20
            );

    [Fact]
    public void WeightedSum_AnyWeights_IsTheSumWithFullScalars() =>
        Gen.Int[0, 60]
            .SelectMany(count => Gen.Select(Arbitrary.G1.Array[count], Arbitrary.UInt128.Array[count]))
            .Sample(
                (points, weights) =>
                    Assert.Equal(
                        G1Point.MultiScalarMultiply(points, [.. weights.Select(Fr.FromUInt128)]),
                        G1Point.WeightedSum(points, weights)
                    ),
                iter: 20
            );

    [Fact]
    public void StrausAndPippenger_SameInput_AgreeAtEverySize()
    {
        for (int count = 1; count <= 24; count++)
        {
            var points = new G1Point[count];
            var scalars = new ulong[4 * count];
            for (int i = 0; i < count; i++)
            {
                points[i] = G1Point.Generator.Multiply(Fr.FromUInt64((ulong)(i % 5)));
                (Fr.FromUInt64(12345) - Fr.FromUInt64((ulong)(i * i * count * 99)))
                    .Power(7)
                    .CopyPlainLimbsTo(scalars.AsSpan(4 * i));
            }

            Assert.Equal(
                MultiScalarMultiplication.Straus(points, scalars, 4),
                MultiScalarMultiplication.Pippenger(G1Point.ToAffine(points), scalars, 4)
            );
        }
    }

    [Fact]
    public void SignedDigits_AnyScalar_SumToTheScalar() =>
        Gen.Select(Gen.OneOf(Gen.ULong, Arbitrary.AnyOf(0UL, ulong.MaxValue, 1UL << 63)).Array[2, 4], Gen.Int[2, 13])
            .Sample(
                (scalar, width) =>
                {
                    BigInteger expected = scalar
                        .Reverse()
                        .Aggregate(BigInteger.Zero, (value, limb) => (value << 64) | limb);
                    var digits = new short[((64 * scalar.Length) + width) / width];
                    MultiScalarMultiplication.WriteSignedDigits(scalar, width, digits);
                    var naf = new sbyte[(64 * scalar.Length) + 1];
                    MultiScalarMultiplication.WriteNonAdjacentForm(scalar, naf);
                    return digits.Reverse().Aggregate(BigInteger.Zero, (value, digit) => (value << width) + digit)
                            == expected
                        && naf.Reverse().Aggregate(BigInteger.Zero, (value, digit) => (value << 1) + digit) == expected
                        && naf.All(digit => digit == 0 || (digit % 2 != 0 && Math.Abs((int)digit) < 16));
                }
            );

    [Fact]
    public void Sums_OtherCounts_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => G1Point.WeightedSum([G1Point.Generator], []));
        Assert.Throws<ArgumentException>(() => G1Point.MultiScalarMultiply([G1Point.Generator], []));
    }

    [Fact]
    public void Encodings_AnyPoint_RoundTrip() =>
        Arbitrary.G1.Sample(
            point =>
            {
                var compressed = new byte[G1Point.CompressedLength];
                var padded = new byte[G1Point.PaddedLength];
                Array.Fill(padded, (byte)0xcc);
                point.Encode(compressed);
                point.EncodePadded(padded);
                return G1Point.TryDecode(compressed, out G1Point first)
                    && first == point
                    && G1Point.TryDecodePadded(padded, out G1Point second)
                    && second == point
                    && !padded.AsSpan(0, 16).ContainsAnyExcept((byte)0);
            },
            iter: 30
        );

    [Fact]
    public void Encode_KnownPoints_GivesTheKnownBytes()
    {
        Assert.Equal(
            "0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
            G1Point.Generator.ToString()
        );
        Assert.Equal("0xc0" + new string('0', 94), G1Point.Infinity.ToString());
        var padded = new byte[G1Point.PaddedLength];
        G1Point.Infinity.EncodePadded(padded);
        Assert.Equal(new byte[G1Point.PaddedLength], padded);
    }

    [Fact]
    public void TryDecode_DamagedBytes_AreRefusedOrEncodeTheSame() =>
        Gen.Select(Arbitrary.G1, Gen.Int[0, 47], Gen.Byte)
            .Sample(
                (point, index, value) =>
                {
                    var bytes = new byte[G1Point.CompressedLength];
                    point.Encode(bytes);
                    bytes[index] = value;
                    AssertRefusedOrCanonical(bytes);
                },
                iter: 60
            );

    [Fact]
    public void TryDecode_ArbitraryBytes_AreRefusedOrEncodeTheSame() =>
        Gen.OneOf(Gen.Byte.Array[48], Gen.Byte.Array[0, 100]).Sample(AssertRefusedOrCanonical, iter: 200);

    [Theory]
    [InlineData(
        "uncompressed flag",
        "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    )]
    [InlineData(
        "infinity with sign",
        "e00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    )]
    [InlineData(
        "infinity with rest",
        "c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001"
    )]
    [InlineData(
        "infinity with high bits",
        "c10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    )]
    [InlineData(
        "x = p",
        "9a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab"
    )]
    [InlineData(
        "order 3, x = 0",
        "800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    )]
    [InlineData(
        "not on the curve, x = 1",
        "800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001"
    )]
    public void TryDecode_FaultyEncoding_IsRefused(string fault, string hex) =>
        Assert.False(G1Point.TryDecode(Convert.FromHexString(hex), out _), fault);

    [Fact]
    public void TryDecodePadded_FaultyEncoding_IsRefused()
    {
        var valid = new byte[G1Point.PaddedLength];
        G1Point.Generator.EncodePadded(valid);
        Assert.True(G1Point.TryDecodePadded(valid, out _));
        Assert.False(G1Point.TryDecodePadded(valid.AsSpan(1), out _));
        foreach (int index in (int[])[0, 15, 16, 63, 64, 79, 80, 127])
        {
            byte[] damaged = [.. valid];
            damaged[index] ^= 1;
            Assert.False(G1Point.TryDecodePadded(damaged, out _), $"byte {index}");
        }

        // (0, 2) is on the curve and has order 3.
        var small = new byte[G1Point.PaddedLength];
        small[^1] = 2;
        Assert.False(G1Point.TryDecodePadded(small, out _));
    }

    [Fact]
    public void IsInSubgroup_AnyPointOfTheCurve_IsWhetherTheOrderKillsIt()
    {
        G1Affine order3 = new(Fp.Zero, Fp.FromBigInteger(2));
        Assert.True(order3.IsOnCurve);
        Gen.Select(Arbitrary.CurvePoint, Arbitrary.G1, Gen.Int[0, 3])
            .Sample(
                (any, member, kind) =>
                {
                    G1Point point = kind switch
                    {
                        0 => new G1Point(any),
                        1 => member,
                        2 => member + new G1Point(order3),
                        _ => member + MultiScalarMultiplication.Sum([new(any)], Order, 4),
                    };
                    G1Affine affine = point.ToAffine();
                    Assert.True(affine.IsOnCurve);
                    Assert.Equal(
                        MultiScalarMultiplication.Sum([new(affine)], Order, 4).IsInfinity,
                        affine.IsInSubgroup()
                    );
                },
                iter: 40
            );
    }

    private static void AssertRefusedOrCanonical(byte[] bytes)
    {
        if (G1Point.TryDecode(bytes, out G1Point point))
        {
            var encoded = new byte[G1Point.CompressedLength];
            point.Encode(encoded);
            Assert.Equal(bytes, encoded);
        }
        else
        {
            Assert.True(point.IsInfinity);
        }
    }

    private static G1Point DoubleAndAdd(in G1Point point, BigInteger scalar)
    {
        G1Point result = default;
        for (int bit = 254; bit >= 0; bit--)
        {
            result = result.Double();
            if (!((scalar >> bit) & 1).IsZero)
            {
                result += point;
            }
        }

        return result;
    }
}
