using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Tests.Polynomials;

public sealed class FourierTransformTests
{
    [Fact]
    public void Evaluate_AnyPolynomial_GivesItsValuesInBitReversedOrder() =>
        Gen.Int[0, 6]
            .SelectMany(bits => Arbitrary.Fr.Array[1 << bits])
            .Sample(
                coefficients =>
                {
                    Fr[] roots = EvaluationDomain.InBitReversedOrder(
                        EvaluationDomain.RootsOfUnity(coefficients.Length)
                    );
                    Fr[] values = [.. coefficients];
                    var transform = new FourierTransform(coefficients.Length);
                    transform.Evaluate(values);
                    Assert.Equal(roots.Select(root => Horner(coefficients, root)), values);
                    transform.Interpolate(values);
                    Assert.Equal(coefficients, values);
                },
                iter: 20
            );

    [Fact]
    public void Evaluate_PointCoefficients_CommutesWithMultiplyingTheGenerator() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[1, 3])
            .SelectMany(sizes => Coefficients(1 << sizes.Item1).Array[sizes.Item2])
            .Sample(
                polynomials =>
                {
                    int size = polynomials[0].Length;
                    G1Affine[] points = [.. polynomials.SelectMany(Times)];
                    var transform = new PointFourierTransform(size, polynomials.Length);
                    transform.Evaluate(points);
                    Fr[][] values = [.. polynomials.Select(coefficients => (Fr[])coefficients.Clone())];
                    foreach (Fr[] polynomial in values)
                    {
                        new FourierTransform(size).Evaluate(polynomial);
                    }

                    Assert.Equal(values.SelectMany(Times), points);
                    transform.InterpolateScaled(points);
                    Assert.Equal(
                        polynomials.SelectMany(coefficients =>
                            Times([.. coefficients.Select(c => c * Fr.FromUInt64((ulong)size))])
                        ),
                        points
                    );
                },
                iter: 10
            );

    [Fact]
    public void Shift_AnyPolynomial_ScalesItsArgument() =>
        Gen.Select(Arbitrary.Fr.Array[0, 9], Arbitrary.Fr, Arbitrary.Fr)
            .Sample(
                (coefficients, shift, x) =>
                {
                    Fr[] shifted = [.. coefficients];
                    FourierTransform.Shift(shifted, shift);
                    return Horner(shifted, x) == Horner(coefficients, shift * x);
                }
            );

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

    // All different, all the same or some zero: sums of points that are equal, opposite and infinite.
    private static Gen<Fr[]> Coefficients(int count) =>
        Gen.OneOf(
            Arbitrary.Fr.Array[count],
            Arbitrary.Fr.Select(coefficient => Enumerable.Repeat(coefficient, count).ToArray()),
            Arbitrary.AnyOf(Fr.Zero, Fr.One, -Fr.One).Array[count]
        );

    private static IEnumerable<G1Affine> Times(Fr[] scalars) =>
        scalars.Select(scalar => G1Point.Generator.Multiply(scalar).ToAffine());
}
