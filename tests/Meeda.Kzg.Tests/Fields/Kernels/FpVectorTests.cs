using System.Numerics;
using System.Runtime.InteropServices;
using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Tests.Fields.Kernels;

public sealed unsafe class FpVectorTests
{
    private const long HalfRadix = 1L << 47;

    [SkippableFact]
    public void Kernels512_AnyElementsAndExtremeLimbs_AreTheScalarResults() => Compare<PointLanes512>();

    [SkippableFact]
    public void Kernels256_AnyElementsAndExtremeLimbs_AreTheScalarResults() => Compare<PointLanes256>();

    [Fact]
    public void FpLimbs_AnyElement_ReadsBackWithBalancedLimbs() =>
        Arbitrary.Fp.Sample(element =>
        {
            double* limbs = stackalloc double[FpLimbs.Count];
            FpLimbs.Write(element, limbs, 1);
            Assert.Equal(element, FpLimbs.Read(limbs, 1));
            for (int i = 0; i < FpLimbs.Count - 1; i++)
            {
                Assert.InRange(limbs[i], -HalfRadix, HalfRadix - 1);
                limbs[i] = -limbs[i];
            }

            limbs[FpLimbs.Count - 1] = -limbs[FpLimbs.Count - 1];
            Assert.Equal(-element, FpLimbs.Read(limbs, 1));
        });

    [SkippableFact]
    public void Normalise512_SumsOfManyElements_FitTheKernels() => Normalise<PointLanes512>();

    [SkippableFact]
    public void Normalise256_SumsOfManyElements_FitTheKernels() => Normalise<PointLanes256>();

    // Limbs of an element, or every limb at its greatest magnitude with signs at random.
    private static readonly Gen<double[]> Operand = Gen.Frequency(
        (3, Arbitrary.Fp.Select(Limbs)),
        (
            1,
            Gen.Bool.Array[FpLimbs.Count]
                .Select(signs =>
                    signs.Select((sign, i) => (sign ? 1.0 : -1.0) * (i < 7 ? HalfRadix : 1L << 43)).ToArray()
                )
        )
    );

    private static void Compare<TLanes>()
        where TLanes : struct, IPointLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        int lanes = TLanes.Lanes;
        int length = lanes * FpLimbs.Count;
        double* memory = (double*)NativeMemory.AlignedAlloc((nuint)(8 * length) * sizeof(double), 64);
        try
        {
            double* a = memory,
                b = a + length,
                x = b + length,
                y = x + length,
                r = y + length,
                scratch = r + length;
            Operand
                .Array[4 * lanes]
                .Sample(
                    operands =>
                    {
                        for (int i = 0; i < operands.Length; i++)
                        {
                            for (int limb = 0; limb < FpLimbs.Count; limb++)
                            {
                                memory[(i / lanes * length) + (limb * lanes) + (i % lanes)] = operands[i][limb];
                            }
                        }

                        TLanes.Multiply(r, a, b, scratch);
                        Expect(lane => Lane(a, lane) * Lane(b, lane));
                        TLanes.Square(r, a, scratch);
                        Expect(lane => Lane(a, lane).Square());
                        TLanes.MultiplySubtract(r, a, b, x, scratch);
                        Expect(lane => (Lane(a, lane) * Lane(b, lane)) - Lane(x, lane));
                        TLanes.SquareSubtract(r, a, x, y, scratch);
                        Expect(lane => Lane(a, lane).Square() - Lane(x, lane) - Lane(y, lane));
                        TLanes.Subtract(x, x, y);
                        TLanes.Multiply(r, x, b, scratch);
                        Expect(lane => Lane(x, lane) * Lane(b, lane));
                    },
                    iter: 500,
                    threads: 1
                );

            void Expect(Func<int, Fp> expected)
            {
                for (int lane = 0; lane < lanes; lane++)
                {
                    Assert.Equal(expected(lane), Lane(r, lane));
                    for (int limb = 0; limb < FpLimbs.Count; limb++)
                    {
                        Assert.InRange(r[(limb * lanes) + lane], -HalfRadix - 64, HalfRadix + 64);
                    }
                }
            }

            Fp Lane(double* vectors, int lane) => Value(vectors + lane, lanes);
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private static void Normalise<TLanes>()
        where TLanes : struct, IPointLanes
    {
        // 56 times a normalised element, all limbs of one sign or of any.
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        int lanes = TLanes.Lanes;
        AlignedDoubles memory = new(lanes * FpLimbs.Count);
        double* group = memory.Pointer;
        Gen.Select(
                Gen.Int[-56, 56],
                Gen.OneOf(Gen.Const(HalfRadix + 64), Gen.Long[-HalfRadix - 64, HalfRadix + 64]).Array[7],
                Gen.Long[-13 * (1L << 40), 13 * (1L << 40)]
            )
            .Array[lanes]
            .Sample(
                operands =>
                {
                    for (int lane = 0; lane < lanes; lane++)
                    {
                        (int times, long[] limbs, long top) = operands[lane];
                        for (int limb = 0; limb < FpLimbs.Count; limb++)
                        {
                            group[(limb * lanes) + lane] = times * (double)(limb < 7 ? limbs[limb] : top);
                        }
                    }

                    Fp[] expected = [.. Enumerable.Range(0, lanes).Select(lane => Value(group + lane, lanes))];
                    FpCarry.Normalise(group, lanes);
                    for (int lane = 0; lane < lanes; lane++)
                    {
                        Assert.Equal(expected[lane], Value(group + lane, lanes));
                        Assert.True(BigInteger.Abs(Integer(group + lane, lanes)) * 100 < 53 * Fp.Modulus);
                        for (int limb = 0; limb < 7; limb++)
                        {
                            Assert.InRange(group[(limb * lanes) + lane], -HalfRadix - 64, HalfRadix + 64);
                        }
                    }
                },
                iter: 2000,
                threads: 1
            );
        GC.KeepAlive(memory);
    }

    private static double[] Limbs(Fp element)
    {
        var limbs = new double[FpLimbs.Count];
        fixed (double* pointer = limbs)
        {
            FpLimbs.Write(element, pointer, 1);
        }

        return limbs;
    }

    // The definition: Σ limb_i·2^(48i) modulo p.
    private static Fp Value(double* limbs, int stride) => Fp.FromBigInteger(Integer(limbs, stride));

    private static BigInteger Integer(double* limbs, int stride)
    {
        BigInteger value = 0;
        for (int i = FpLimbs.Count - 1; i >= 0; i--)
        {
            value = (value << 48) + new BigInteger(limbs[i * stride]);
        }

        return value;
    }
}
