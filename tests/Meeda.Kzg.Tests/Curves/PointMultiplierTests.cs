using System.Numerics;
using System.Runtime.InteropServices;
using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Curves;

public sealed unsafe class PointMultiplierTests
{
    private static readonly BigInteger CurveParameterSquare = BigInteger.Pow(Pairing.CurveParameter, 2);

    public static TheoryData<string> Multipliers => ["scalar", "256", "512"];

    [Fact]
    public void SplitScalar_AnyScalar_IsItsOddDigits() =>
        Arbitrary.Fr.Sample(scalar =>
        {
            var split = new SplitScalar(scalar);
            Assert.All(split.First.Concat(split.Second), digit => Assert.True(digit % 2 != 0 && Math.Abs(digit) < 16));
            BigInteger value =
                Value(split.First) - (Value(split.Second) * CurveParameterSquare) - scalar.ToBigInteger();
            Assert.True((value % Fr.Modulus).IsZero);
        });

    // Scalars near 0, ±1 and ±z² are those whose halves are small, where a running sum is most likely to meet a
    // table's entry.
    [SkippableTheory]
    [MemberData(nameof(Multipliers))]
    public void Multiply_AnyScalars_IsTheProduct(string name)
    {
        using var arena = new NativeArena();
        (PointMultiplier multiplier, PairAdder rows) = Create(name, arena);
        Gen<Fr> small = Gen.Select(
                Arbitrary.AnyOf(BigInteger.Zero, CurveParameterSquare, -CurveParameterSquare),
                Gen.Int[-40, 40]
            )
            .Select(sum => Fr.FromBigInteger((((sum.Item1 + sum.Item2) % Fr.Modulus) + Fr.Modulus) % Fr.Modulus));
        Gen<(Fr Point, Fr Scalar)> inputs = Gen.Select(Arbitrary.Fr, Gen.OneOf(Arbitrary.Fr, small))
            .Where(input => input.Item1 != Fr.Zero && input.Item2 != Fr.Zero);
        inputs
            .Array[1, 300]
            .Sample(
                chosen =>
                {
                    double* memory = (double*)
                        NativeMemory.AlignedAlloc(
                            (nuint)(2 * chosen.Length * PairAdder.RowLength * sizeof(double)),
                            64
                        );
                    var entries = new uint[chosen.Length];
                    for (int i = 0; i < chosen.Length; i++)
                    {
                        rows.Write(
                            G1Point.Generator.Multiply(chosen[i].Point).ToAffine(),
                            memory + (i * PairAdder.RowLength)
                        );
                        entries[i] = (uint)((2 * i) + (i % 2));
                    }

                    double* products = memory + (chosen.Length * PairAdder.RowLength);
                    multiplier.Multiply(
                        memory,
                        entries,
                        [.. chosen.Select(input => new SplitScalar(input.Scalar))],
                        products
                    );
                    for (int i = 0; i < chosen.Length; i++)
                    {
                        Fr expected = chosen[i].Point * chosen[i].Scalar;
                        Assert.Equal(
                            G1Point.Generator.Multiply(i % 2 == 0 ? expected : -expected).ToAffine(),
                            rows.Read(products, (uint)(2 * i))
                        );
                    }

                    NativeMemory.AlignedFree(memory);
                },
                iter: 6,
                threads: 1
            );
    }

    private static (PointMultiplier Multiplier, PairAdder Rows) Create(string name, NativeArena memory)
    {
        Skip.If(name == "256" && !PointLanes256.IsSupported, "no AVX2");
        Skip.If(name == "512" && !PointLanes512.IsSupported, "no AVX-512");
        return name switch
        {
            "256" => (new VectorPointMultiplier<PointLanes256>(memory), new VectorPairAdder<PointLanes256>(memory)),
            "512" => (new VectorPointMultiplier<PointLanes512>(memory), new VectorPairAdder<PointLanes512>(memory)),
            _ => (new ScalarPointMultiplier(memory), new ScalarPairAdder(memory)),
        };
    }

    private static BigInteger Value(sbyte[] digits) =>
        digits.Reverse().Aggregate(BigInteger.Zero, (value, digit) => (16 * value) + digit);
}
