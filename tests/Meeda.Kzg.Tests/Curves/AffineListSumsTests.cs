using CsCheck;
using Meeda.Kzg.Curves;

namespace Meeda.Kzg.Tests.Curves;

public sealed class AffineListSumsTests
{
    [Fact]
    public void Sum_ListsWithEqualOppositeAndInfinitePoints_IsEachListsSum() =>
        Arbitrary
            .G1.Array[1, 3]
            .SelectMany(pool =>
                Gen.Select(Gen.Int[0, pool.Length], Gen.Bool).Array[0, 9].Array[0, 7].Select(lists => (pool, lists))
            )
            .Sample(
                input =>
                {
                    G1Point[][] lists =
                    [
                        .. input.lists.Select(list =>
                            (G1Point[])
                                [
                                    .. list.Select(entry =>
                                        entry.Item1 == input.pool.Length ? default
                                        : entry.Item2 ? -input.pool[entry.Item1]
                                        : input.pool[entry.Item1]
                                    ),
                                ]
                        ),
                    ];
                    G1Affine[] points =
                    [
                        .. lists.SelectMany(list => G1Point.ToAffine(list)),
                        .. new G1Affine[lists.Length],
                    ];
                    int[] lengths = [.. lists.Select(list => list.Length)];
                    AffineListSums.Sum(points, lengths);
                    Assert.Equal(
                        lists.Select(list => list.Aggregate(G1Point.Infinity, (sum, point) => sum + point).ToAffine()),
                        points.Take(lists.Length)
                    );
                },
                iter: 100
            );

    [Fact]
    public void Sum_NoLists_DoesNothing() => AffineListSums.Sum([], []);
}
