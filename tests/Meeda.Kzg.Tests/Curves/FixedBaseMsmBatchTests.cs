using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Curves;

/// <summary>Many sums at once, beside plain sums, with points that meet themselves and their opposites in the lists.</summary>
public sealed class FixedBaseMsmBatchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Sum_PointsInArithmeticProgression_AreThoseOfPlainSums(int sums)
    {
        const int Length = 16;
        G1Affine[] points = [.. Enumerable.Range(0, sums * Length).Select(i => G1Point.Generator.Multiply(Fr.FromUInt64((ulong)(i % 7) + 1)).ToAffine())];
        var batch = new FixedBaseMsmBatch(points, sums, PairAdder.Create);
        var random = new Random(3);
        Func<int, Fr>[] choices = [_ => Fr.One, i => i % 2 == 0 ? Fr.One : -Fr.One, _ => Fr.Zero, i => Fr.FromUInt64((ulong)random.NextInt64()) * Fr.FromUInt64((ulong)i + 1).Inverse()];
        foreach (Func<int, Fr> choice in choices)
        {
            Fr[] scalars = [.. Enumerable.Range(0, points.Length).Select(choice)];
            G1Point[] expected = [.. Enumerable.Range(0, sums).Select(sum => MultiScalarMultiplication.Sum(points.AsSpan()[(sum * Length)..((sum + 1) * Length)], scalars.AsSpan()[(sum * Length)..((sum + 1) * Length)]))];
            Assert.Equal(expected, batch.Sum(scalars));
        }
    }
}
