using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Curves;

/// <summary>Each adder that the processor supports, against sums by complete additions.</summary>
public sealed class FixedBaseMsmBatchTests
{
    // More sums than are worked on together, and not a multiple of them.
    private const int Count = 18;
    private const int Length = 12;

    public static TheoryData<string> Adders => ["scalar", "256", "512"];

    [SkippableTheory]
    [MemberData(nameof(Adders))]
    public void Sum_AnyScalars_IsEachCompleteSum(string name)
    {
        Func<NativeArena, PairAdder> create = Creator(name);
        G1Affine[] points =
        [
            .. Enumerable
                .Range(0, Count * Length)
                .Select(i => G1Point.Generator.Multiply(Fr.FromUInt64((ulong)((i * i * i) + 11))).ToAffine()),
        ];
        using var batch = new FixedBaseMsmBatch(points, Count, create);
        Gen.OneOf(
                Arbitrary.Fr.Array[Count * Length],
                Arbitrary.Fr.Select(scalar => Enumerable.Repeat(scalar, Count * Length).ToArray()),
                Arbitrary.AnyOf(Fr.Zero, Fr.One, -Fr.One).Array[Count * Length]
            )
            .Sample(
                scalars => Assert.Equal(Expected(points, scalars), batch.Sum(Bytes(scalars))),
                iter: 10,
                threads: 2
            );
    }

    [SkippableTheory]
    [MemberData(nameof(Adders))]
    public void Sum_EqualAndOppositePoints_IsEachCompleteSum(string name)
    {
        Func<NativeArena, PairAdder> create = Creator(name);
        G1Affine one = G1Affine.Generator;
        G1Affine five = G1Point.Generator.Multiply(Fr.FromUInt64(5)).ToAffine();
        Gen.Select(
                Arbitrary.AnyOf(one, -one, five, -five).Array[Count * Length],
                Arbitrary.Fr.Array[3],
                Gen.Int[0, 2].Array[Count * Length]
            )
            .Sample(
                (points, pool, chosen) =>
                {
                    Fr[] scalars = [.. chosen.Select(i => pool[i])];
                    Assert.Equal(
                        Expected(points, scalars),
                        new FixedBaseMsmBatch(points, Count, create).Sum(Bytes(scalars))
                    );
                },
                iter: 4,
                threads: 1
            );
    }

    private static Func<NativeArena, PairAdder> Creator(string name)
    {
        Skip.If(name == "256" && !PointLanes256.IsSupported, "no AVX2");
        Skip.If(name == "512" && !PointLanes512.IsSupported, "no AVX-512");
        return name switch
        {
            "256" => memory => new VectorPairAdder<PointLanes256>(memory),
            "512" => memory => new VectorPairAdder<PointLanes512>(memory),
            _ => memory => new ScalarPairAdder(memory),
        };
    }

    private static G1Affine[] Expected(G1Affine[] points, Fr[] scalars) =>
        [
            .. Enumerable
                .Range(0, Count)
                .Select(i =>
                    MultiScalarMultiplication
                        .Sum(points.AsSpan(i * Length, Length), scalars.AsSpan(i * Length, Length))
                        .ToAffine()
                ),
        ];

    private static byte[] Bytes(Fr[] scalars) => [.. scalars.SelectMany(scalar => scalar.ToArray())];
}
