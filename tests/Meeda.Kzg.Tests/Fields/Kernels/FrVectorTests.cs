using System.Numerics;
using CsCheck;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Tests.Fields.Kernels;

public sealed unsafe class FrVectorTests
{
    private const int Radix = 43;
    private const long HalfRadix = 1L << (Radix - 1);

    [SkippableFact]
    public void Kernels512_AnyElementsAndExtremeLimbs_AreTheIntegersResults() => Compare<FrLanes512>();

    [SkippableFact]
    public void Kernels256_AnyElementsAndExtremeLimbs_AreTheIntegersResults() => Compare<FrLanes256>();

    [SkippableFact]
    public void Bytes512_AnyElements_ReadAndWriteBack() => CompareBytes<FrLanes512>();

    [SkippableFact]
    public void Bytes256_AnyElements_ReadAndWriteBack() => CompareBytes<FrLanes256>();

    [SkippableFact]
    public void Sums512_ExtremeLimbs_AreTheIntegersSums() => CompareSums<FrLanes512>();

    [SkippableFact]
    public void Sums256_ExtremeLimbs_AreTheIntegersSums() => CompareSums<FrLanes256>();

    [Fact]
    public void FrLimbs_AnyElement_ReadsBackWithBalancedLimbs() =>
        Arbitrary.Fr.Sample(element =>
        {
            double[] limbs = Limbs(element);
            fixed (double* pointer = limbs)
            {
                Assert.Equal(element, FrLimbs.Read(pointer, 1));
                for (int i = 0; i < FrLimbs.Count; i++)
                {
                    Assert.InRange(limbs[i], -HalfRadix, HalfRadix - 1);
                    limbs[i] = -limbs[i];
                }

                Assert.Equal(-element, FrLimbs.Read(pointer, 1));
            }
        });

    [SkippableFact]
    public void Normalise512_SumsOfEightElements_FitTheKernels() => Normalise<FrLanes512>();

    [SkippableFact]
    public void Normalise256_SumsOfEightElements_FitTheKernels() => Normalise<FrLanes256>();

    // Limbs of an element, or every limb four times as large as a reduced one's, with signs at random.
    private static readonly Gen<double[]> Operand = Gen.Frequency(
        (3, Arbitrary.Fr.Select(Limbs)),
        (1, Extreme(FrLimbs.Count, 4.0 * HalfRadix).Select(limbs => (double[])[.. limbs[..^1], limbs[^1] / 8]))
    );

    private static Gen<double[]> Extreme(int count, double magnitude) =>
        Gen.Bool.Array[count].Select(signs => signs.Select(sign => sign ? magnitude : -magnitude).ToArray());

    private static void Compare<TLanes>()
        where TLanes : struct, IFrLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        int length = TLanes.Lanes * FrLimbs.Count;
        var memory = new AlignedDoubles(8 * length);
        double* a = memory.Pointer,
            b = a + length,
            x = b + length,
            r = x + length,
            scratch = r + length;
        Operand
            .Array[3 * TLanes.Lanes]
            .Sample(
                operands =>
                {
                    for (int i = 0; i < operands.Length; i++)
                    {
                        Scatter<TLanes>(operands[i], a + (i / TLanes.Lanes * length), i % TLanes.Lanes);
                    }

                    TLanes.Multiply(r, a, b, scratch);
                    Expect(lane => Value<TLanes>(a, lane) * Value<TLanes>(b, lane));
                    TLanes.MultiplySubtract(r, a, b, x, scratch);
                    Expect(lane => (Value<TLanes>(a, lane) * Value<TLanes>(b, lane)) - Value<TLanes>(x, lane));
                },
                iter: 500,
                threads: 1
            );
        Extreme(FrLimbs.WideCount, 1L << 52)
            .Array[TLanes.Lanes]
            .Sample(
                sums =>
                {
                    for (int lane = 0; lane < sums.Length; lane++)
                    {
                        Scatter<TLanes>([.. sums[lane][..^1], sums[lane][^1] / 1024], a, lane);
                    }

                    TLanes.Reduce(r, a, scratch);
                    Expect(lane => Value<TLanes>(a, lane, FrLimbs.WideCount));
                },
                iter: 100,
                threads: 1
            );
        GC.KeepAlive(memory);

        void Expect(Func<int, BigInteger> expected)
        {
            for (int lane = 0; lane < TLanes.Lanes; lane++)
            {
                Assert.Equal(Fr.FromBigInteger(expected(lane)), Fr.FromBigInteger(Value<TLanes>(r, lane)));
                for (int limb = 0; limb < FrLimbs.Count; limb++)
                {
                    Assert.InRange(r[(limb * TLanes.Lanes) + lane], -HalfRadix - 64, HalfRadix + 64);
                }
            }
        }
    }

    private static void CompareBytes<TLanes>()
        where TLanes : struct, IFrLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        var memory = new AlignedDoubles(4 * TLanes.Lanes * FrLimbs.WideCount);
        double* group = memory.Pointer,
            wide = group + (TLanes.Lanes * FrLimbs.WideCount),
            scratch = wide + (TLanes.Lanes * FrLimbs.WideCount);
        const int Stride = 96;
        Arbitrary
            .Fr.Array[TLanes.Lanes]
            .Sample(
                elements =>
                {
                    byte[] bytes =
                    [
                        .. elements.SelectMany(element =>
                            (byte[])[.. element.ToArray(), .. new byte[Stride - Fr.Length]]
                        ),
                    ];
                    var written = new byte[bytes.Length];
                    fixed (
                        byte* source = bytes,
                            target = written
                    )
                    {
                        TLanes.Load(source, Stride, group);
                        for (int lane = 0; lane < elements.Length; lane++)
                        {
                            Assert.Equal(elements[lane].ToBigInteger(), Value<TLanes>(group, lane));
                        }

                        // Reduced as it comes, and as the negation of the negation.
                        new Span<double>(wide, TLanes.Lanes * FrLimbs.WideCount).Clear();
                        TLanes.Add(wide, wide, group);
                        TLanes.Reduce(group, wide, scratch);
                        TLanes.Store(group, target, Stride);
                        Assert.Equal(bytes, written);
                        TLanes.Subtract(wide, wide, wide);
                        TLanes.Subtract(wide, wide, group);
                        TLanes.Store(wide, target, Stride);
                        Assert.Equal(
                            elements.SelectMany(element => (-element).ToArray()),
                            Enumerable
                                .Range(0, elements.Length)
                                .SelectMany(i => written[(i * Stride)..((i * Stride) + Fr.Length)])
                        );
                    }
                },
                iter: 500,
                threads: 1
            );
        GC.KeepAlive(memory);
    }

    private static void CompareSums<TLanes>()
        where TLanes : struct, IFrLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        int length = TLanes.Lanes * FrLimbs.Count;
        var memory = new AlignedDoubles((FrLimbs.MostProducts * (length + FrLimbs.Count)) + (4 * length));
        double* elements = memory.Pointer,
            sums = elements + (FrLimbs.MostProducts * length),
            coefficients = sums + (4 * length);
        double[] whole = [.. Enumerable.Repeat((2.0 * HalfRadix) - 1, FrLimbs.Count - 1), 1L << 40];
        Gen.Select(Extreme(FrLimbs.Count, HalfRadix).Array[FrLimbs.MostProducts], Gen.Int[0, FrLimbs.MostProducts])
            .Sample(
                (factors, count) =>
                {
                    BigInteger expected = 0;
                    for (int i = 0; i < factors.Length; i++)
                    {
                        factors[i].CopyTo(new Span<double>(coefficients + (i * FrLimbs.Count), FrLimbs.Count));
                        for (int lane = 0; lane < TLanes.Lanes; lane++)
                        {
                            Scatter<TLanes>(whole, elements + (i * length), lane);
                        }

                        expected += i < count ? Value(factors[i]) * Value(whole) : 0;
                    }

                    TLanes.SumProducts(sums, coefficients, FrLimbs.Count, elements, length, count);
                    for (int lane = 0; lane < TLanes.Lanes; lane++)
                    {
                        Assert.Equal(expected, Value<TLanes>(sums, lane, FrLimbs.WideCount));
                    }
                },
                iter: 100,
                threads: 1
            );
        GC.KeepAlive(memory);
    }

    private static void Normalise<TLanes>()
        where TLanes : struct, IFrLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        AlignedDoubles memory = new(TLanes.Lanes * FrLimbs.Count);
        double* group = memory.Pointer;
        Gen.Select(
                Gen.Int[-8, 8],
                Gen.OneOf(Gen.Const(HalfRadix + 64), Gen.Long[-HalfRadix - 64, HalfRadix + 64]).Array[5],
                Gen.Long[-(1L << 39) + 1, (1L << 39) - 1]
            )
            .Array[TLanes.Lanes]
            .Sample(
                operands =>
                {
                    BigInteger[] expected = new BigInteger[TLanes.Lanes];
                    for (int lane = 0; lane < TLanes.Lanes; lane++)
                    {
                        (int times, long[] limbs, long top) = operands[lane];
                        Scatter<TLanes>([.. limbs.Append(top).Select(limb => times * (double)limb)], group, lane);
                        expected[lane] = Value<TLanes>(group, lane);
                    }

                    FrCarry.Normalise(group, TLanes.Lanes);
                    for (int lane = 0; lane < TLanes.Lanes; lane++)
                    {
                        BigInteger value = Value<TLanes>(group, lane);
                        Assert.True(((value - expected[lane]) % Fr.Modulus).IsZero);
                        Assert.True(BigInteger.Abs(value) * 100 < 53 * Fr.Modulus);
                        for (int limb = 0; limb < FrLimbs.Count - 1; limb++)
                        {
                            Assert.InRange(group[(limb * TLanes.Lanes) + lane], -HalfRadix - 64, HalfRadix + 64);
                        }
                    }
                },
                iter: 2000,
                threads: 1
            );
        GC.KeepAlive(memory);
    }

    private static double[] Limbs(Fr element)
    {
        var limbs = new double[FrLimbs.Count];
        fixed (double* pointer = limbs)
        {
            FrLimbs.Write(element, pointer, 1);
        }

        return limbs;
    }

    private static void Scatter<TLanes>(double[] limbs, double* group, int lane)
        where TLanes : struct, IFrLanes
    {
        for (int i = 0; i < limbs.Length; i++)
        {
            group[(i * TLanes.Lanes) + lane] = limbs[i];
        }
    }

    private static BigInteger Value<TLanes>(double* group, int lane, int count = FrLimbs.Count)
        where TLanes : struct, IFrLanes
    {
        var limbs = new double[count];
        for (int i = 0; i < count; i++)
        {
            limbs[i] = group[(i * TLanes.Lanes) + lane];
        }

        return Value(limbs);
    }

    // The definition: Σ limb_i·2^(43i).
    private static BigInteger Value(double[] limbs) =>
        limbs.Reverse().Aggregate(BigInteger.Zero, (value, limb) => (value << Radix) + new BigInteger(limb));
}
