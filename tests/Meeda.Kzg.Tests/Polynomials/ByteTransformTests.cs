using CsCheck;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Tests.Polynomials;

public sealed class ByteTransformTests
{
    [SkippableTheory]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(4096)]
    public void Transforms_On512Bits_AreTheScalarOnes(int size) => Compare<FrLanes512>(size);

    [SkippableTheory]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(4096)]
    public void Transforms_On256Bits_AreTheScalarOnes(int size) => Compare<FrLanes256>(size);

    private static void Compare<TLanes>(int size)
        where TLanes : struct, IFrLanes
    {
        Skip.IfNot(TLanes.IsSupported, "the processor has no such vectors");
        const int Count = 8;
        var vector = new VectorByteTransform<TLanes>(size);
        var scalar = new ScalarByteTransform(size);
        Gen.Select(Arbitrary.Fr.Array[40], Gen.Int[0, int.MaxValue], Arbitrary.Fr, Gen.Bool)
            .Sample(
                (elements, seed, factor, isHalf) =>
                {
                    // Few elements, extreme ones among them, at random places: sums of like signs are as large as
                    // they get.
                    var random = new Random(seed);
                    byte[] bytes =
                    [
                        .. Enumerable
                            .Range(0, size * Count)
                            .SelectMany(_ => elements[random.Next(elements.Length)].ToArray()),
                    ];
                    int length = (isHalf ? size / 2 : size) * Fr.Length;
                    byte[] expected = new byte[size * Fr.Length],
                        found = new byte[size * Fr.Length];
                    scalar.Evaluate(bytes.AsSpan(0, length), expected);
                    vector.Evaluate(bytes.AsSpan(0, length), found);
                    Assert.True(expected.AsSpan().SequenceEqual(found), "values");

                    scalar.Interpolate(bytes.AsSpan(0, size * Fr.Length), expected);
                    vector.Interpolate(bytes.AsSpan(0, size * Fr.Length), found);
                    Assert.True(expected.AsSpan().SequenceEqual(found), "coefficients");

                    byte[] expectedMany = new byte[bytes.Length],
                        foundMany = new byte[bytes.Length];
                    scalar.EvaluateMany(bytes.AsSpan(0, length * Count), Count, factor, expectedMany);
                    vector.EvaluateMany(bytes.AsSpan(0, length * Count), Count, factor, foundMany);
                    Assert.True(expectedMany.AsSpan().SequenceEqual(foundMany), "values of many");
                },
                iter: size > 1000 ? 3 : 30,
                threads: 1
            );
    }
}
