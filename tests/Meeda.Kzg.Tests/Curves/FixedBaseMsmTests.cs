using System.Numerics;
using System.Runtime.InteropServices;
using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Curves;

/// <summary>Each adder that the processor supports, against the sum by complete additions.</summary>
public sealed unsafe class FixedBaseMsmTests
{
    public static TheoryData<string> Adders => ["scalar", "256", "512"];

    [SkippableTheory]
    [MemberData(nameof(Adders))]
    public void Sum_AnyScalars_IsTheCompleteSum(string name)
    {
        G1Affine[] points =
        [
            .. Enumerable
                .Range(0, 64)
                .Select(i => G1Point.Generator.Multiply(Fr.FromUInt64((ulong)((i * i * i) + 11))).ToAffine()),
        ];
        var adder = new AdderChoice(name);
        using var msm = new FixedBaseMsm(points, adder.Create);
        Gen.OneOf(Arbitrary.Fr.Array[64], Arbitrary.Fr.Select(scalar => Enumerable.Repeat(scalar, 64).ToArray()))
            .Sample(
                scalars => Assert.Equal(MultiScalarMultiplication.Sum(points, scalars), msm.Sum(Bytes(scalars))),
                iter: 30,
                threads: 2
            );
        Assert.True(msm.Sum(new byte[64 * Fr.Length]).IsInfinity);
    }

    // Digits at their limits, and scalars about half of the modulus, beyond which the negation is taken.
    [SkippableTheory]
    [MemberData(nameof(Adders))]
    public void Sum_ExtremeScalars_IsTheCompleteSum(string name)
    {
        G1Affine[] points =
        [
            .. Enumerable
                .Range(0, 8)
                .Select(i => G1Point.Generator.Multiply(Fr.FromUInt64((ulong)((i * i * i) + 5))).ToAffine()),
        ];
        var adder = new AdderChoice(name);
        using var msm = new FixedBaseMsm(points, adder.Create);
        const int Width = FixedBaseMsmPlan.Width;
        Fr Power(int bit) => Fr.FromBigInteger(BigInteger.One << bit);
        Fr half = Fr.FromBigInteger(Fr.Modulus / 2);
        Fr[] scalars =
        [
            Fr.One,
            -Fr.One,
            half,
            half + Fr.One,
            half - Fr.One,
            Fr.FromBigInteger((BigInteger.One << 254) - 1),
            .. Enumerable
                .Range(0, FixedBaseMsmPlan.Windows - 1)
                .SelectMany(window =>
                    new[]
                    {
                        Power((window * Width) + Width - 1),
                        Power((window * Width) + Width - 1) - Fr.One,
                        Power((window * Width) + Width - 1) + Fr.One,
                        Power((window * Width) + Width - 2),
                        Power(window * Width),
                        -Power((window * Width) + Width - 1),
                    }
                ),
        ];
        foreach (Fr[] chunk in scalars.Chunk(points.Length).Where(chunk => chunk.Length == points.Length))
        {
            Assert.Equal(MultiScalarMultiplication.Sum(points, chunk), msm.Sum(Bytes(chunk)));
        }
    }

    // Equal and opposite points with the same scalar meet in one bucket, at first or after a round of additions.
    [SkippableTheory]
    [MemberData(nameof(Adders))]
    public void Sum_EqualAndOppositePoints_IsTheCompleteSum(string name)
    {
        G1Affine point = G1Affine.Generator;
        G1Affine other = G1Point.Generator.Multiply(Fr.FromUInt64(5)).ToAffine();
        G1Affine twice = G1Point.Generator.Double().ToAffine();
        Fr scalar = Fr.FromBigInteger(Fr.Modulus / 3);
        var adder = new AdderChoice(name);
        foreach (
            G1Affine[] points in new G1Affine[][]
            {
                [point, point, point, point, point, point, point, point],
                [point, -point, point, -point, point, -point, point, -point],
                [point, other, point, other, point, other, point, other],
                [point, other, -point, -other, other, point, -other, -point],
                [point, twice, -point, -twice, twice, point, -twice, -point],
            }
        )
        {
            using var msm = new FixedBaseMsm(points, adder.Create);
            Fr[] equal = [.. Enumerable.Repeat(scalar, 8)];
            Fr[] doubles =
            [
                Fr.FromUInt64(2),
                Fr.One,
                Fr.FromUInt64(6),
                Fr.FromUInt64(3),
                Fr.One,
                Fr.FromUInt64(2),
                Fr.FromUInt64(32),
                Fr.FromUInt64(64),
            ];
            Fr[] mixed = [scalar, -scalar, scalar, Fr.One, -Fr.One, Fr.Zero, scalar, -scalar];
            Assert.Equal(MultiScalarMultiplication.Sum(points, equal), msm.Sum(Bytes(equal)));
            Assert.Equal(MultiScalarMultiplication.Sum(points, mixed), msm.Sum(Bytes(mixed)));
            Assert.Equal(MultiScalarMultiplication.Sum(points, doubles), msm.Sum(Bytes(doubles)));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Adders))]
    public void TryAdd_PairOfEqualOrOppositePoints_IsRefused(string name)
    {
        var choice = new AdderChoice(name);
        using var arena = new NativeArena();
        PairAdder adder = choice.Create(arena);
        const int Count = 37;
        double* rows = (double*)NativeMemory.AlignedAlloc(8 * Count * PairAdder.RowLength * sizeof(double), 64);
        try
        {
            var expected = new G1Point[Count];
            uint* pairs = stackalloc uint[2 * (Count + PairAdder.PairPadding)];
            for (uint i = 0; i < Count; i++)
            {
                G1Affine a = G1Point.Generator.Multiply(Fr.FromUInt64((2 * i) + 1)).ToAffine();
                G1Affine b = G1Point.Generator.Multiply(Fr.FromUInt64((2 * i) + 2)).ToAffine();
                adder.Write(a, rows + (2 * i * PairAdder.RowLength));
                adder.Write(b, rows + (((2 * i) + 1) * PairAdder.RowLength));
                (pairs[2 * i], pairs[(2 * i) + 1]) = (4 * i, (4 * i) + 2 + (i & 1));
                expected[i] = new G1Point(a) + new G1Point((i & 1) == 0 ? b : -b);
            }

            double* sums = rows + (4 * Count * PairAdder.RowLength);
            Assert.True(adder.TryAdd(rows, pairs, Count, sums));
            for (uint i = 0; i < Count; i++)
            {
                Assert.Equal(expected[i], new G1Point(adder.Read(sums, 2 * i)));
            }

            pairs[2 * 20] = pairs[(2 * 20) + 1];
            Assert.False(adder.TryAdd(rows, pairs, Count, sums));
            pairs[2 * 20] ^= 1;
            Assert.False(adder.TryAdd(rows, pairs, Count, sums));
        }
        finally
        {
            NativeMemory.AlignedFree(rows);
        }
    }

    [Fact]
    public void Constructor_PointAtInfinity_Throws() =>
        Assert.Throws<ArgumentException>(() =>
            new FixedBaseMsm(new G1Affine[8], memory => new ScalarPairAdder(memory))
        );

    private static byte[] Bytes(Fr[] scalars) => [.. scalars.SelectMany(scalar => scalar.ToArray())];

    private sealed class AdderChoice
    {
        private readonly Func<NativeArena, PairAdder> _create;

        public AdderChoice(string name)
        {
            Skip.IfNot(
                name switch
                {
                    "512" => PointLanes512.IsSupported,
                    "256" => PointLanes256.IsSupported,
                    _ => true,
                },
                "the processor has no such vectors"
            );
            _create = name switch
            {
                "512" => memory => new VectorPairAdder<PointLanes512>(memory),
                "256" => memory => new VectorPairAdder<PointLanes256>(memory),
                _ => memory => new ScalarPairAdder(memory),
            };
        }

        public PairAdder Create(NativeArena memory) => _create(memory);
    }
}
