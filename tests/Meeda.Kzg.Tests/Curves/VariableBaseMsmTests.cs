using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CsCheck;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Curves;

public sealed class VariableBaseMsmTests
{
    private static readonly G1Affine[] Points = TrustedSetup.Ethereum.FirstMonomials(1200);

    [Theory]
    [InlineData(40)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(385)]
    [InlineData(1200)]
    public void TrySum_DifferentPointsRandomScalars_IsPippengersSum(int count)
    {
        ulong[] scalars = MemoryMarshal.Cast<byte, ulong>(Bytes(count))[..(2 * count)].ToArray();

        Assert.True(VariableBaseMsm.TrySum(Points.AsSpan(0, count), scalars, out G1Point sum));
        Assert.Equal(MultiScalarMultiplication.Pippenger(Points.AsSpan(0, count), scalars, 2), sum);
    }

    [Fact]
    public void TrySum_AnyScalars_IsPippengersSumOrNone() =>
        Gen.OneOf(Gen.ULong, Arbitrary.AnyOf(0UL, 1UL, ulong.MaxValue, 1UL << 63))
            .Array[0, 200]
            .Sample(
                limbs =>
                {
                    // Equal scalars leave most buckets empty: a row's sum is then a column's, and both count the same.
                    ReadOnlySpan<ulong> scalars = limbs.AsSpan(0, limbs.Length & ~1);
                    ReadOnlySpan<G1Affine> points = Points.AsSpan(0, scalars.Length / 2);
                    if (VariableBaseMsm.TrySum(points, scalars, out G1Point sum))
                    {
                        Assert.Equal(MultiScalarMultiplication.Pippenger(points, scalars, 2), sum);
                    }
                },
                iter: 30
            );

    [Fact]
    public void TrySum_InfinitePointsBetween_AreLeftOut()
    {
        G1Affine[] points = [default, Points[1], default, Points[2], default];
        Assert.True(
            VariableBaseMsm.TrySum(points, [9, 9, 5, 0, 1, 1, 7, 0, ulong.MaxValue, ulong.MaxValue], out G1Point sum)
        );
        Assert.Equal(
            new G1Point(Points[1]).Multiply(Fr.FromUInt64(5)) + new G1Point(Points[2]).Multiply(Fr.FromUInt64(7)),
            sum
        );
    }

    [Fact]
    public void TrySum_EqualOrOppositePointsInABucket_SaysSo()
    {
        // Digits of 3 put both into bucket 3.
        Assert.False(VariableBaseMsm.TrySum([Points[5], Points[5]], [3, 0, 3, 0], out _));
        Assert.False(VariableBaseMsm.TrySum([Points[5], -Points[5]], [3, 0, 3, 0], out _));
    }

    [Fact]
    public void Sums_EqualAndOppositePoints_AreThoseOfTheScalars() =>
        Gen.Select(Gen.Int[0, 3], Gen.Bool, Arbitrary.UInt128)
            .Array[1, 90]
            .Sample(
                inputs =>
                {
                    // Four points of known multiples, either sign.
                    G1Point[] points =
                    [
                        .. inputs.Select(input =>
                            Signed(G1Point.Generator.Multiply(Fr.FromUInt64((ulong)input.Item1)), input.Item2)
                        ),
                    ];
                    Fr expected = inputs.Aggregate(
                        Fr.Zero,
                        (sum, input) =>
                        {
                            Fr product = Fr.FromUInt64((ulong)input.Item1) * Fr.FromUInt128(input.Item3);
                            return input.Item2 ? sum + product : sum - product;
                        }
                    );
                    Assert.Equal(
                        G1Point.Generator.Multiply(expected),
                        G1Point.WeightedSum(points, [.. inputs.Select(input => input.Item3)])
                    );
                    Assert.Equal(
                        G1Point.Generator.Multiply(expected),
                        G1Point.MultiScalarMultiply(points, [.. inputs.Select(input => Fr.FromUInt128(input.Item3))])
                    );
                },
                iter: 20
            );

    private static G1Point Signed(G1Point point, bool isPositive) => isPositive ? point : -point;

    private static byte[] Bytes(int count) =>
        [.. Enumerable.Range(0, (count + 1) / 2).SelectMany(i => SHA256.HashData(BitConverter.GetBytes(i)))];
}
