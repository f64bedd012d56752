using CsCheck;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Tests.Fields;

/// <summary>Weighted sums and linear maps, on each path that the processor supports.</summary>
public sealed class FrSumsTests
{
    public static TheoryData<string> Paths => ["scalar", "256", "512"];

    // More terms than the vector sums hold without being reduced.
    [SkippableTheory]
    [MemberData(nameof(Paths))]
    public void WeightedSums_LargestTerms_AgreeWithElements(string path)
    {
        SkipUnlessSupported(path);
        const int Count = 24;
        Gen.Select(Arbitrary.Fr.Array[Count], Gen.OneOf(Arbitrary.UInt128, Gen.Const(UInt128.MaxValue)))
            .Array[0, 300]
            .Sample(
                terms =>
                {
                    FrWeightedSums sums = path switch
                    {
                        "512" => new VectorWeightedSums<FrLanes512>(Count),
                        "256" => new VectorWeightedSums<FrLanes256>(Count),
                        _ => new ScalarWeightedSums(Count),
                    };
                    var expected = new Fr[Count];
                    foreach ((Fr[] elements, UInt128 weight) in terms)
                    {
                        sums.Add(Bytes(elements), weight);
                        for (int i = 0; i < Count; i++)
                        {
                            expected[i] += elements[i] * Fr.FromUInt128(weight);
                        }
                    }

                    var written = new byte[Count * Fr.Length];
                    for (int times = 0; times < 2; times++)
                    {
                        sums.Write(written);
                        Assert.Equal(Bytes(expected), written);
                    }
                },
                iter: 20
            );
    }

    [SkippableTheory]
    [MemberData(nameof(Paths))]
    public void LinearMap_AnyCoefficients_IsTheSumOfProducts(string path)
    {
        SkipUnlessSupported(path);
        Gen.Int[1, 150]
            .SelectMany(inputs =>
                Gen.Select(Arbitrary.Fr.Array[3 * inputs], Arbitrary.Fr.Array[FrLinearMap.RunLength].Array[inputs])
            )
            .Sample(
                (coefficients, inputs) =>
                {
                    FrLinearMap map = path switch
                    {
                        "512" => new VectorLinearMap<FrLanes512>(inputs.Length, coefficients),
                        "256" => new VectorLinearMap<FrLanes256>(inputs.Length, coefficients),
                        _ => new ScalarLinearMap(inputs.Length, coefficients),
                    };
                    AlignedDoubles tile = map.CreateTile();
                    for (int j = 0; j < inputs.Length; j++)
                    {
                        map.Read(tile, j, Bytes(inputs[j]));
                    }

                    for (int k = 0; k < 3; k++)
                    {
                        var expected = new Fr[FrLinearMap.RunLength];
                        for (int j = 0; j < inputs.Length; j++)
                        {
                            for (int i = 0; i < expected.Length; i++)
                            {
                                expected[i] += coefficients[(k * inputs.Length) + j] * inputs[j][i];
                            }
                        }

                        var written = new byte[expected.Length * Fr.Length];
                        map.Write(tile, k, written);
                        Assert.Equal(Bytes(expected), written);
                    }
                },
                iter: 50
            );
    }

    private static byte[] Bytes(Fr[] elements) => [.. elements.SelectMany(element => element.ToArray())];

    private static void SkipUnlessSupported(string path) =>
        Skip.IfNot(
            path switch
            {
                "512" => FrLanes512.IsSupported,
                "256" => FrLanes256.IsSupported,
                _ => true,
            },
            "the processor has no such vectors"
        );
}
