using CsCheck;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Tests.Polynomials;

public sealed class EvaluationFormTests
{
    [Fact]
    public void Evaluate_AnyPoint_IsTheInterpolatedPolynomialsValue() =>
        Gen.Select(Arbitrary.Blob, Gen.OneOf(Arbitrary.Fr, Gen.Int[0, 4095].Select(i => EvaluationDomain.BlobOrderRoots[i]))).Sample(
            (blob, z) =>
            {
                Fr[] values = Blob.Decode(blob);
                Fr[] coefficients = [.. values];
                new FourierTransform(EvaluationDomain.Size).Interpolate(coefficients);
                Assert.Equal(Horner(coefficients, z), EvaluationForm.Evaluate(values, z));

                // Synthetic division: P = (X - z)·Q + y.
                Fr[] quotient = EvaluationForm.Quotient(values, z, out Fr y);
                new FourierTransform(EvaluationDomain.Size).Interpolate(quotient);
                Fr carry = Fr.Zero;
                for (int i = coefficients.Length - 1; i > 0; i--)
                {
                    carry = (carry * z) + coefficients[i];
                    Assert.Equal(carry, quotient[i - 1]);
                }

                Assert.Equal(Fr.Zero, quotient[^1]);
                Assert.Equal((carry * z) + coefficients[0], y);
            },
            iter: 6);

    private static Fr Horner(Fr[] coefficients, Fr x) => coefficients.Reverse().Aggregate(Fr.Zero, (value, coefficient) => (value * x) + coefficient);
}
