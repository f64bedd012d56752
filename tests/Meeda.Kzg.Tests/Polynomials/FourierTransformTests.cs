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
        Gen.Int[1, 4].SelectMany(bits => Arbitrary.Fr.Array[2 << bits]).Sample(CheckPoints, iter: 6);

    /// <summary>Coefficients that are zero, equal and opposite: additions of a point to itself, to its opposite and to infinity.</summary>
    [Fact]
    public void Evaluate_ExceptionalPointCoefficients_CommutesToo() =>
        Gen.Int[1, 4].SelectMany(bits => Gen.Int[-1, 1].Select(sign => sign < 0 ? -Fr.One : sign == 0 ? Fr.Zero : Fr.One).Array[2 << bits]).Sample(CheckPoints, iter: 20);

    // Two polynomials, one behind the other.
    private static void CheckPoints(Fr[] coefficients)
    {
        int size = coefficients.Length / 2;
        G1Affine[] points = Times(coefficients);
        var transform = new PointFourierTransform(size, 2);
        transform.Evaluate(points);
        Fr[] values = [.. coefficients];
        new FourierTransform(size).Evaluate(values.AsSpan(0, size));
        new FourierTransform(size).Evaluate(values.AsSpan(size));
        Assert.Equal(Times(values), points);
        transform.InterpolateScaled(points);
        Assert.Equal(Times([.. coefficients.Select(coefficient => coefficient * Fr.FromUInt64((ulong)size))]), points);
    }

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

    private static G1Affine[] Times(Fr[] scalars) => [.. scalars.Select(scalar => G1Point.Generator.Multiply(scalar).ToAffine())];
}
