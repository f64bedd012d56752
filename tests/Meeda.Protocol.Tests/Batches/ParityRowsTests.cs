using System.Numerics;
using CsCheck;
using Meeda.Kzg;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Protocol.Tests.Batches;

public sealed class ParityRowsTests
{
    private static readonly BigInteger R = BigInteger.Parse(
        "52435875175126190479447740508185965837690552500527637822603658699938581184513",
        System.Globalization.CultureInfo.InvariantCulture
    );
    private static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);

    public static TheoryData<int, int> SmallShapes
    {
        get
        {
            var shapes = new TheoryData<int, int>();
            foreach (int n in Enumerable.Range(1, 4))
            {
                foreach (int m in Enumerable.Range(1, 4))
                {
                    shapes.Add(n, m);
                }
            }

            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(SmallShapes))]
    public void Recover_EverySubsetOfNRows_GivesAllTheOthers(int n, int m)
    {
        byte[][] rows = Encoded(n, m, seed: (n * 10) + m);
        for (int mask = 0; mask < 1 << (n + m); mask++)
        {
            if (BitOperations.PopCount((uint)mask) == n)
            {
                AssertRecovers(rows, [.. Enumerable.Range(0, n + m).Where(row => (mask >> row & 1) == 1)]);
            }
        }
    }

    [Fact]
    public void Recover_LargerShapesAndAnyOrder_GivesAllTheOthers() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20], Gen.Int[0, int.MaxValue - 1])
            .Sample(
                (n, m, seed) =>
                {
                    int[] order = [.. Enumerable.Range(0, n + m)];
                    new Random(seed).Shuffle(order);
                    AssertRecovers(Encoded(n, m, seed), order[..n]);
                },
                iter: 20
            );

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    [InlineData(8, 8)]
    public void Encode_AnyElement_IsTheInterpolatedPolynomialsValue(int n, int m)
    {
        byte[][] rows = Encoded(n, m, seed: 7);
        foreach (int element in new[] { 0, 1, 15, 16, 17, 4095 })
        {
            BigInteger[] values =
            [
                .. rows.Select(row => new BigInteger(
                    row.AsSpan(element * 32, 32),
                    isUnsigned: true,
                    isBigEndian: true
                )),
            ];
            for (int k = 0; k < m; k++)
            {
                Assert.Equal(Interpolate(values[..n], n + k), values[n + k]);
            }
        }
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 2)]
    public void Commitments_FromTheDataRowsCommitments_AreThoseOfTheParityRows(int n, int m)
    {
        byte[][] rows = Encoded(n, m, seed: 3);
        byte[] commitments = [.. rows.SelectMany(row => Key.Commit(row).ToArray())];

        byte[] derived = ParityRows.Commitments(commitments.AsSpan(0, n * KzgCommitment.Length), m);

        Assert.Equal(commitments[(n * KzgCommitment.Length)..], derived);
    }

    [Fact]
    public void Encode_OneDataRow_CopiesIt()
    {
        byte[][] rows = Encoded(1, 2, seed: 1);
        Assert.Equal(rows[0], rows[1]);
        Assert.Equal(rows[0], rows[2]);
    }

    [Fact]
    public void Count_EveryShape_IsTheSmallestThatSurvivesTheWorstLoss()
    {
        for (int providers = 1; providers <= 9; providers++)
        {
            for (int lost = 0; lost < providers; lost++)
            {
                for (int n = 1; n <= 40; n++)
                {
                    int smallest = Enumerable.Range(0, 1000).First(m => WorstLoss(n + m, providers, lost) <= m);
                    Assert.Equal(smallest, ParityRows.Count(n, providers, lost));
                }
            }
        }
    }

    [Theory]
    [InlineData(0, 6, 2)]
    [InlineData(1, 2, 2)]
    [InlineData(1, 2, -1)]
    public void Count_OutsideItsRange_Throws(int n, int providers, int lost) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ParityRows.Count(n, providers, lost));

    [Fact]
    public void Recover_RowsThatRepeatOrAreNoBlobs_Throws()
    {
        byte[][] rows = Encoded(2, 1, seed: 5);
        var place = new byte[Blob.ByteLength];
        Assert.Throws<ArgumentException>(() => ParityRows.Recover([0, 0], [rows[0], rows[0]], [1], [place]));
        Assert.Throws<ArgumentException>(() => ParityRows.Recover([0, 1], [rows[0], rows[1]], [1], [place]));
        Assert.Throws<ArgumentException>(() => ParityRows.Recover([0, -1], [rows[0], rows[1]], [2], [place]));
        Assert.Throws<ArgumentException>(() => ParityRows.Recover([0, 1], [rows[0]], [2], [place]));
        Assert.Throws<KzgFormatException>(() =>
            ParityRows.Recover([0, 1], [rows[0], rows[1].AsMemory(1)], [2], [place])
        );
        byte[] notCanonical = [.. rows[1]];
        notCanonical.AsSpan(64, 32).Fill(0xff);
        Assert.Throws<KzgFormatException>(() => ParityRows.Recover([0, 1], [rows[0], notCanonical], [2], [place]));
    }

    // Rows spread evenly: the first `rows mod providers` providers hold one more; the worst loss takes those first.
    private static int WorstLoss(int rows, int providers, int lost) =>
        (lost * (rows / providers)) + Math.Min(lost, rows % providers);

    private static BigInteger Interpolate(BigInteger[] values, int at)
    {
        BigInteger sum = 0;
        for (int j = 0; j < values.Length; j++)
        {
            BigInteger numerator = 1;
            BigInteger denominator = 1;
            for (int k = 0; k < values.Length; k++)
            {
                if (k != j)
                {
                    numerator = numerator * (at - k) % R;
                    denominator = denominator * (j - k) % R;
                }
            }

            denominator = ((denominator % R) + R) % R;
            sum += values[j] * numerator % R * BigInteger.ModPow(denominator, R - 2, R);
        }

        return ((sum % R) + R) % R;
    }

    private static byte[][] Encoded(int n, int m, int seed)
    {
        var data = new byte[n * Blob.ByteLength];
        new Random(seed).NextBytes(data);
        for (int i = 0; i < data.Length; i += Blob.ElementLength)
        {
            data[i] &= 0x3f;
        }

        var parity = new byte[m * Blob.ByteLength];
        ParityRows.Encode(data, parity);
        return [.. data.Chunk(Blob.ByteLength), .. parity.Chunk(Blob.ByteLength)];
    }

    private static void AssertRecovers(byte[][] rows, int[] present)
    {
        int[] missing = [.. Enumerable.Range(0, rows.Length).Except(present)];
        byte[][] recovered = [.. missing.Select(_ => new byte[Blob.ByteLength])];
        ParityRows.Recover(
            present,
            [.. present.Select(row => (ReadOnlyMemory<byte>)rows[row])],
            missing,
            [.. recovered.Select(row => row.AsMemory())]
        );
        for (int i = 0; i < missing.Length; i++)
        {
            Assert.True(
                rows[missing[i]].AsSpan().SequenceEqual(recovered[i]),
                $"row {missing[i]} from {string.Join(",", present)}"
            );
        }
    }
}
