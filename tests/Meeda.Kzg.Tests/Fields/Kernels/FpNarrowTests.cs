using System.Numerics;
using CsCheck;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Tests.Fields.Kernels;

public sealed unsafe class FpNarrowTests
{
    private const int Radix = 30;
    private const int HalfRadix = 1 << (Radix - 1);

    // Limbs of an element, or every limb at its greatest magnitude with signs at random; the top one as in a value of
    // half of p.
    private static readonly Gen<int[]> Operand = Gen.Frequency(
        (3, Arbitrary.Fp.Select(Limbs)),
        (2, Extreme(Gen.Bool.Array[FpNarrowLimbs.Count])),
        (1, Extreme(Gen.Bool.Select(sign => Enumerable.Repeat(sign, FpNarrowLimbs.Count).ToArray())))
    );

    [Fact]
    public void Kernels_AnyElementsAndExtremeLimbs_AreTheIntegersResults() =>
        Operand
            .Array[5]
            .Sample(
                operands =>
                {
                    int[] lazy = [.. operands[0].Zip(operands[4], (a, b) => a - b)];
                    int* r = stackalloc int[FpNarrowLimbs.Count];
                    fixed (
                        int* l = lazy,
                            a = operands[0],
                            b = operands[1],
                            x = operands[2],
                            y = operands[3]
                    )
                    {
                        FpNarrow.Multiply(r, l, b);
                        Expect(Value(l) * Value(b), BigInteger.Zero);
                        FpNarrow.Square(r, a);
                        Expect(Value(a) * Value(a), BigInteger.Zero);
                        FpNarrow.MultiplySubtract(r, l, b, x);
                        Expect(Value(l) * Value(b), Value(x));
                        FpNarrow.SquareSubtract(r, a, x, y);
                        Expect(Value(a) * Value(a), Value(x) + Value(y));
                    }

                    // r·2^390 is the product less 2^390 times what is subtracted.
                    void Expect(BigInteger product, BigInteger subtracted)
                    {
                        BigInteger value = Value(r);
                        Assert.True((product - ((value + subtracted) << 390)) % Fp.Modulus == 0);
                        Assert.True(BigInteger.Abs(value) * 100 < Fp.Modulus * 56, value.ToString("x"));
                        for (int i = 0; i < FpNarrowLimbs.Count - 1; i++)
                        {
                            Assert.InRange(r[i], -HalfRadix, HalfRadix - 1);
                        }
                    }
                },
                iter: 20_000,
                threads: 1
            );

    [Fact]
    public void FpNarrowLimbs_AnyElement_ReadsBackAndInverts() =>
        Arbitrary.Fp.Sample(element =>
        {
            int* limbs = stackalloc int[FpNarrowLimbs.Count];
            int* inverse = stackalloc int[FpNarrowLimbs.Count];
            FpNarrowLimbs.Write(element, limbs);
            Assert.Equal(element, FpNarrowLimbs.Read(limbs));
            Assert.Equal(!element.IsZero, FpNarrowLimbs.TryInvert(limbs, inverse));
            if (!element.IsZero)
            {
                Assert.Equal(element.Inverse(), FpNarrowLimbs.Read(inverse));
            }

            for (int i = 0; i < FpNarrowLimbs.Count; i++)
            {
                Assert.True(i == FpNarrowLimbs.Count - 1 || limbs[i] is >= -HalfRadix and < HalfRadix);
                limbs[i] = -limbs[i];
            }

            Assert.Equal(-element, FpNarrowLimbs.Read(limbs));
        });

    [Fact]
    public void SubtractSigned_EverySign_IsTheDifferenceOfWhatTheSignsMake()
    {
        int[] x = [.. Enumerable.Range(1, FpNarrowLimbs.Count)],
            y = [.. Enumerable.Range(100, FpNarrowLimbs.Count)];
        int* a = stackalloc int[FpNarrowLimbs.Count];
        int* d = stackalloc int[FpNarrowLimbs.Count];
        fixed (
            int* px = x,
                py = y
        )
        {
            foreach ((int signX, int signY) in new[] { (0, 0), (0, -1), (-1, 0), (-1, -1) })
            {
                FpNarrow.SubtractSigned(d, a, py, signY, px, signX);
                for (int i = 0; i < x.Length; i++)
                {
                    int expected = signX == 0 ? x[i] : -x[i];
                    Assert.Equal(expected, a[i]);
                    Assert.Equal((signY == 0 ? y[i] : -y[i]) - expected, d[i]);
                }
            }
        }
    }

    private static Gen<int[]> Extreme(Gen<bool[]> signs) =>
        signs.Select(array => array.Select((sign, i) => (sign ? 1 : -1) * (i < 12 ? HalfRadix : 1 << 19)).ToArray());

    private static int[] Limbs(Fp element)
    {
        var limbs = new int[FpNarrowLimbs.Count];
        fixed (int* pointer = limbs)
        {
            FpNarrowLimbs.Write(element, pointer);
        }

        return limbs;
    }

    // The definition: Σ limb_i·2^(30i).
    private static BigInteger Value(int* limbs)
    {
        BigInteger value = 0;
        for (int i = FpNarrowLimbs.Count - 1; i >= 0; i--)
        {
            value = (value << Radix) + limbs[i];
        }

        return value;
    }
}
