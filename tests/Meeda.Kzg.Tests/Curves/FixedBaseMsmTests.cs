using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Curves;

/// <summary>The vector sums against the scalar ones, which are their reference.</summary>
public sealed class FixedBaseMsmTests
{
    private const int Count = 64;

    private static readonly G1Affine[] Points = [.. Enumerable.Range(1, Count).Select(i => G1Point.Generator.Multiply(Fr.FromUInt64((ulong)(i * i * 7919) + 3)).ToAffine())];

    [SkippableFact]
    public void TrySum_RandomAndExtremeScalars_AreTheScalarSums()
    {
        Skip.IfNot(FixedBaseMsm.IsSupported, "the processor has no AVX-512");
        var msm = new FixedBaseMsm(Points);
        var random = new Random(1);
        Fr[] extremes = [Fr.Zero, Fr.One, -Fr.One, Fr.FromUInt64(1 << 12), -Fr.FromUInt64(1 << 12), Fr.FromUInt64((1 << 13) - 1), Fr.FromUInt128(UInt128.MaxValue)];
        for (int round = 0; round < 200; round++)
        {
            Fr[] scalars = [.. Enumerable.Range(0, Count).Select(_ => random.Next(3) == 0 ? extremes[random.Next(extremes.Length)] : Scalar(random))];
            Assert.True(msm.TrySum(scalars, out G1Affine sum));
            Assert.Equal(MultiScalarMultiplication.Sum(Points, scalars), new G1Point(sum));
        }
    }

    [SkippableFact]
    public void TrySum_AllZero_IsInfinity()
    {
        Skip.IfNot(FixedBaseMsm.IsSupported, "the processor has no AVX-512");
        Assert.True(new FixedBaseMsm(Points).TrySum(new Fr[Count], out G1Affine sum));
        Assert.True(sum.IsInfinity);
    }

    /// <summary>Equal and opposite points in one bucket have no affine sum by the usual formula: the vector code must say so and not give a wrong point.</summary>
    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void TrySum_EqualOrOppositePointsInABucket_IsLeftToScalarCode(bool opposite)
    {
        Skip.IfNot(FixedBaseMsm.IsSupported, "the processor has no AVX-512");
        G1Affine[] points = [.. Points];
        points[9] = opposite ? -points[8] : points[8];
        var scalars = new Fr[Count];
        scalars[8] = scalars[9] = Fr.FromUInt64(77);
        Assert.False(new FixedBaseMsm(points).TrySum(scalars, out _));
        scalars[9] = Fr.FromUInt64(78);
        Assert.True(new FixedBaseMsm(points).TrySum(scalars, out G1Affine sum) == false || new G1Point(sum) == MultiScalarMultiplication.Sum(points, scalars));
    }

    [SkippableFact]
    public async Task TrySum_FromManyThreads_IsRight()
    {
        Skip.IfNot(FixedBaseMsm.IsSupported, "the processor has no AVX-512");
        var msm = new FixedBaseMsm(Points);
        await Parallel.ForAsync(0, 64, (seed, _) =>
        {
            Fr[] scalars = [.. Enumerable.Range(0, Count).Select(_ => Scalar(new Random(seed)))];
            Assert.True(msm.TrySum(scalars, out G1Affine sum));
            Assert.Equal(MultiScalarMultiplication.Sum(Points, scalars), new G1Point(sum));
            return ValueTask.CompletedTask;
        });
    }

    private static Fr Scalar(Random random)
    {
        var bytes = new byte[Fr.Length];
        random.NextBytes(bytes);
        return Fr.Reduce(bytes);
    }
}
