using CsCheck;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Tests.Polynomials;

public sealed class EvaluationFormTests
{
    [Fact]
    public void Evaluate_AnyPoint_IsTheInterpolatedPolynomialsValue() =>
        Gen.Select(
                Arbitrary.Blob,
                Gen.OneOf(Arbitrary.Fr, Gen.Int[0, 4095].Select(i => EvaluationDomain.BlobOrderRoots[i]))
            )
            .Sample(
                (blob, z) =>
                {
                    Fr[] values = Blob.Decode(blob);
                    Fr[] coefficients = [.. values];
                    new FourierTransform(EvaluationDomain.Size).Interpolate(coefficients);
                    Assert.Equal(Horner(coefficients, z), EvaluationForm.Evaluate(values, z));
                    Assert.Equal(Horner(coefficients, z), EvaluationForm.Evaluate(blob, z));

                    // Synthetic division: P = (X - z)·Q + y.
                    var quotientBlob = new byte[Blob.ByteLength];
                    EvaluationForm.Quotient(blob, z, out Fr y, quotientBlob);
                    Fr[] quotient = Blob.Decode(quotientBlob);
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
                iter: 6
            );

    [SkippableFact]
    public void Evaluation512_AnyBlob_IsTheScalarOne() => Compare<FrLanes512>();

    [SkippableFact]
    public void Evaluation256_AnyBlob_IsTheScalarOne() => Compare<FrLanes256>();

    private static void Compare<TLanes>()
        where TLanes : struct, IFrLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        Gen.Select(Arbitrary.Blob, Arbitrary.Fr)
            .Sample(
                (blob, z) =>
                {
                    var expected = new byte[Blob.ByteLength];
                    var quotient = new byte[Blob.ByteLength];

                    // 0, 1 and -1 are among the points: two of them are roots.
                    bool outside = EvaluationForm.TryQuotient(blob, z, out Fr y, expected);
                    Assert.Equal(!EvaluationDomain.BlobOrderRoots.Contains(z), outside);
                    Assert.Equal(outside, VectorEvaluation<TLanes>.TryQuotient(blob, z, out Fr vectorY, quotient));
                    Assert.Equal(y, vectorY);
                    Assert.Equal(y, VectorEvaluation<TLanes>.Evaluate(blob, z));
                    Assert.Equal(expected, quotient);
                    Fr root = EvaluationDomain.BlobOrderRoots[blob[^1]];
                    Assert.False(VectorEvaluation<TLanes>.TryQuotient(blob, root, out vectorY, quotient));
                    Assert.Equal(Blob.Decode(blob)[blob[^1]], vectorY);
                },
                iter: 20
            );
    }

    private static Fr Horner(Fr[] coefficients, Fr x) =>
        coefficients.Reverse().Aggregate(Fr.Zero, (value, coefficient) => (value * x) + coefficient);
}
