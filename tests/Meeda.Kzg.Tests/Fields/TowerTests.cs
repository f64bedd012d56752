using System.Numerics;
using CsCheck;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Fields;

/// <summary>
/// The tower Fp ⊂ Fp2 ⊂ Fp6 ⊂ Fp12: defining relations, inverses, and every shortcut against the plain product.
/// </summary>
public sealed class TowerTests
{
    private static readonly BigInteger P = Fp.Modulus;

    [Fact]
    public void Fp2_ProductAndSquare_AgreeWithIntegers() =>
        Gen.Select(Arbitrary.Fp2, Arbitrary.Fp2)
            .Sample(
                (a, b) =>
                {
                    (BigInteger a0, BigInteger a1) = (a.C0.ToBigInteger(), a.C1.ToBigInteger());
                    (BigInteger b0, BigInteger b1) = (b.C0.ToBigInteger(), b.C1.ToBigInteger());
                    return a * b
                            == new Fp2(
                                Fp.FromBigInteger((a0 * b0) - (a1 * b1)),
                                Fp.FromBigInteger((a0 * b1) + (a1 * b0))
                            )
                        && a.Square() == a * a
                        && a.Double() == a + a
                        && a.MultiplyByXi() == a * Fp2.Xi
                        && a * b.C0 == a * new Fp2(b.C0, Fp.Zero)
                        && a - b == a + (-b);
                }
            );

    [Fact]
    public void Fp2_SquareRoot_ExistsExactlyForSquares()
    {
        Arbitrary.Fp2.Sample(a => a.Square().TrySquareRoot(out Fp2 root) && (root == a || root == -a), iter: 10);
        Arbitrary.Fp2.Sample(a => a.IsZero || !(a.Square() * Fp2.Xi).TrySquareRoot(out _), iter: 10);
        Arbitrary.Fp.Sample(
            a => new Fp2(a, Fp.Zero).TrySquareRoot(out Fp2 root) && root.Square() == new Fp2(a, Fp.Zero),
            iter: 10
        );
    }

    [Fact]
    public void Fp2_EncodedAndDecoded_IsTheSame() =>
        Arbitrary.Fp2.Sample(a =>
        {
            var bytes = new byte[Fp2.Length];
            a.Encode(bytes);
            return Fp2.TryDecode(bytes, out Fp2 decoded)
                && decoded == a
                && (a.IsZero || a.IsLexicographicallyLargest() != (-a).IsLexicographicallyLargest());
        });

    [Fact]
    public void Fp6_Product_IsThatOfPolynomialsModuloVCubedMinusXi() =>
        Gen.Select(Arbitrary.Fp6, Arbitrary.Fp6)
            .Sample(
                (a, b) =>
                {
                    Fp2[] x = [a.C0, a.C1, a.C2];
                    Fp2[] y = [b.C0, b.C1, b.C2];
                    var sums = new Fp2[3];
                    for (int i = 0; i < 3; i++)
                    {
                        for (int j = 0; j < 3; j++)
                        {
                            sums[(i + j) % 3] += i + j < 3 ? x[i] * y[j] : x[i] * y[j] * Fp2.Xi;
                        }
                    }

                    return a * b == new Fp6(sums[0], sums[1], sums[2])
                        && a.MultiplyBy01(b.C0, b.C1) == a * new Fp6(b.C0, b.C1, Fp2.Zero)
                        && a.MultiplyByV() == a * new Fp6(Fp2.Zero, Fp2.One, Fp2.Zero)
                        && a * b.C0 == a * new Fp6(b.C0, Fp2.Zero, Fp2.Zero)
                        && a - b == a + (-b);
                }
            );

    [Fact]
    public void Fp12_Product_ObeysItsDefinition() =>
        Gen.Select(Arbitrary.Fp12, Arbitrary.Fp12)
            .Sample(
                (a, b) =>
                    a * b == new Fp12((a.C0 * b.C0) + (a.C1 * b.C1).MultiplyByV(), (a.C0 * b.C1) + (a.C1 * b.C0))
                    && a.Square() == a * a
                    && a.MultiplyByLine(b.C0.C0, b.C0.C1)
                        == a * new Fp12(new(b.C0.C0, b.C0.C1, Fp2.Zero), new(Fp2.Zero, Fp2.One, Fp2.Zero))
            );

    [Fact]
    public void Inverse_NonZero_TimesTheElementIsOne()
    {
        Arbitrary.Fp2.Sample(a => a.IsZero ? a.Inverse().IsZero : a * a.Inverse() == Fp2.One, iter: 10);
        Arbitrary.Fp6.Where(a => a != Fp6.Zero).Sample(a => a * a.Inverse() == Fp6.One, iter: 10);
        Arbitrary.Fp12.Where(a => a != default).Sample(a => a * a.Inverse() == Fp12.One, iter: 10);
        Arbitrary
            .Fp2.Array[0, 6]
            .Sample(
                elements =>
                {
                    Fp2[] inverted = [.. elements];
                    Fp2.InvertAll(inverted);
                    Assert.Equal(elements.Select(element => element.Inverse()), inverted);
                },
                iter: 10
            );
    }

    [Fact]
    public void Frobenius_AnyElement_IsThePthPower() =>
        Arbitrary.Fp12.Sample(a => a.Frobenius() == a.Power(P), iter: 3);

    [Fact]
    public void CyclotomicSquare_InTheCyclotomicSubgroup_IsTheSquare() =>
        Arbitrary
            .Fp12.Where(a => a != default)
            .Sample(
                a =>
                {
                    // a^((p⁶-1)(p²+1)) lies in the subgroup of order p⁴ - p² + 1.
                    Fp12 half = a.Conjugate() * a.Inverse();
                    Fp12 cyclotomic = half.Frobenius().Frobenius() * half;
                    return cyclotomic.CyclotomicSquare() == cyclotomic * cyclotomic
                        && cyclotomic.Conjugate() * cyclotomic == Fp12.One;
                },
                iter: 10
            );
}
