using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Tests.Polynomials;

public sealed class FourierTransformTests
{
    [Fact]
    public void Evaluate_AnyPolynomial_GivesItsValuesInBitReversedOrder() =>
        Gen.Int[0, 6].SelectMany(bits => Arbitrary.Fr.Array[1 << bits]).Sample(
            coefficients =>
            {
                Fr[] roots = EvaluationDomain.InBitReversedOrder(EvaluationDomain.RootsOfUnity(coefficients.Length));
                Fr[] values = [.. coefficients];
                var transform = new FourierTransform(coefficients.Length);
                transform.Evaluate(values);
                Assert.Equal(roots.Select(root => Horner(coefficients, root)), values);
                transform.Interpolate(values);
                Assert.Equal(coefficients, values);
            },
            iter: 20);

    [Fact]
    public void Evaluate_PointCoefficients_CommutesWithMultiplyingTheGenerator() =>
        Gen.Int[0, 4].SelectMany(bits => Arbitrary.Fr.Array[1 << bits]).Sample(
            coefficients =>
            {
                G1Point[] points = Times(coefficients);
                Fr[] values = [.. coefficients];
                var transform = new PointFourierTransform(coefficients.Length);
                transform.Evaluate(points);
                new FourierTransform(coefficients.Length).Evaluate(values);
                Assert.Equal(Times(values), points);
                transform.Interpolate(points);
                Assert.Equal(Times(coefficients), points);
            },
            iter: 6);

    [Fact]
    public void Shift_AnyPolynomial_ScalesItsArgument() =>
        Gen.Select(Arbitrary.Fr.Array[0, 9], Arbitrary.Fr, Arbitrary.Fr).Sample((coefficients, shift, x) =>
        {
            Fr[] shifted = [.. coefficients];
            FourierTransform.Shift(shifted, shift);
            return Horner(shifted, x) == Horner(coefficients, shift * x);
        });

    [Fact]
    public void RootsOfUnity_EveryOrder_ArePrimitive()
    {
        for (int order = 2; order <= 8192; order *= 2)
        {
            Fr root = EvaluationDomain.RootsOfUnity(order)[1];
            Assert.Equal(-Fr.One, root.Power(order / 2));
        }
    }

    private static Fr Horner(ReadOnlySpan<Fr> coefficients, Fr x)
    {
        Fr value = Fr.Zero;
        for (int i = coefficients.Length - 1; i >= 0; i--)
        {
            value = (value * x) + coefficients[i];
        }

        return value;
    }

    private static G1Point[] Times(Fr[] scalars) => [.. scalars.Select(G1Point.Generator.Multiply)];
}
