using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Commitments;

public sealed class TrustedSetupTests
{
    private static readonly TrustedSetup Setup = TrustedSetup.Ethereum;

    [Fact]
    public void Ethereum_FirstPoints_AreTheGenerators()
    {
        Assert.Equal(G1Affine.Generator, Setup.Monomial[0]);
        Assert.Equal(G2Affine.Generator, Setup.G2(0));
        Assert.Equal(TrustedSetup.G1Count, Setup.Lagrange.Length);
    }

    [Fact]
    public void Ethereum_PowersOfTau_AgreeInBothGroups()
    {
        // e(τ^i·G1, G2) = e(G1, τ^i·G2), and one step further each.
        G2Lines generator = new(Setup.G2(0));
        foreach (int power in (int[])[1, 2, 64])
        {
            G2Lines lines = new(Setup.G2(power));
            Assert.True(Pairing.IsProductOne([new(Setup.Monomial[power]), -G1Point.Generator], generator, lines));
            Assert.True(
                Pairing.IsProductOne(
                    [new(Setup.Monomial[4095]), -new G1Point(Setup.Monomial[4095 - power])],
                    generator,
                    lines
                )
            );
        }
    }

    [Fact]
    public void Ethereum_AllPoints_AreInTheSubgroup()
    {
        // A combination with 63-bit weights of each list; a single point outside shows in it unless its weight is a
        // multiple of its small order.
        var weights = new ulong[TrustedSetup.G1Count];
        var random = new Random(20231113);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = (ulong)random.NextInt64();
        }

        foreach (G1Affine[] points in (G1Affine[][])[Setup.Lagrange, Setup.Monomial])
        {
            Assert.True(MultiScalarMultiplication.Pippenger(points, weights, 1).ToAffine().IsInSubgroup());
            Assert.True(points.Take(50).All(point => point.IsInSubgroup()));
        }

        Assert.True(Enumerable.Range(0, TrustedSetup.G2Count).All(power => Setup.G2(power).IsInSubgroup()));
    }

    [Fact]
    public void Ethereum_BothBases_CommitToTheSame()
    {
        // Σ L_i = 1 and Σ ω^i·L_i = X.
        Fr[] ones = [.. Enumerable.Repeat(Fr.One, TrustedSetup.G1Count)];
        Fr[] roots = Kzg.Polynomials.EvaluationDomain.RootsOfUnity(TrustedSetup.G1Count);
        Assert.Equal(G1Point.Generator, MultiScalarMultiplication.Sum(Setup.Lagrange, ones));
        Assert.Equal(new G1Point(Setup.Monomial[1]), MultiScalarMultiplication.Sum(Setup.Lagrange, roots));
    }

    [Fact]
    public void Read_OtherBytes_AreRefused()
    {
        byte[] zeros = new byte[399456];
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(zeros));
        Assert.NotNull(TrustedSetup.Read(new MemoryStream(zeros), hash));
        Assert.Equal(
            "trusted setup: 399455 bytes, 399456 are expected",
            Assert
                .Throws<KzgFormatException>(() => TrustedSetup.Read(new MemoryStream(zeros, 1, zeros.Length - 1), hash))
                .Message
        );
        zeros[5] = 1;
        Assert.StartsWith(
            "trusted setup: SHA-256 is ",
            Assert.Throws<KzgFormatException>(() => TrustedSetup.Read(new MemoryStream(zeros), hash)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Load_EthereumsOwnPoints_CommitsAlike()
    {
        TrustedSetup loaded = TrustedSetup.LoadText(new StringReader(Text(Bytes())));
        byte[] blob = new byte[Blob.ByteLength];
        blob[31] = 7;
        Assert.Equal(new CommitmentKey(Setup).Commit(blob), new CommitmentKey(loaded).Commit(blob));
    }

    public static TheoryData<string, int, int, string> Faults =>
        new()
        {
            // Two Lagrange points in each other's place: every point is valid, and so is their sum.
            {
                "Lagrange points swapped",
                48,
                96,
                "trusted setup: its Lagrange points are not those of its powers of τ"
            },
            { "powers of G2 swapped", G2 + 192, G2 + 288, "trusted setup: its points are not the powers of one τ" },
            {
                "powers of G1 swapped",
                Monomial + 48,
                Monomial + 96,
                "trusted setup: its points are not the powers of one τ"
            },
            {
                "another generator",
                Monomial,
                Monomial + 48,
                "trusted setup: its first powers are not the generators, or τ is 0"
            },
        };

    private const int G2 = 4096 * 48;

    private const int Monomial = G2 + (65 * 96);

    [Theory]
    [MemberData(nameof(Faults))]
    public void Load_PointsInEachOthersPlace_AreRefused(string fault, int one, int other, string message)
    {
        byte[] points = Bytes();
        int length = one is >= G2 and < Monomial ? 96 : 48;
        byte[] kept = points[one..(one + length)];
        points.AsSpan(other, length).CopyTo(points.AsSpan(one));
        kept.CopyTo(points, other);
        Assert.Equal(
            (fault, message),
            (fault, Assert.Throws<KzgFormatException>(() => TrustedSetup.Load(points)).Message)
        );
    }

    [Fact]
    public void Load_APointOfTheCurveOutsideTheSubgroup_IsRefused()
    {
        byte[] points = Bytes();

        // x = 4 is on the curve and not in the subgroup.
        byte[] outside = [0x80, .. new byte[46], 4];
        Assert.True(G1Affine.TryDecode(outside, out G1Affine point));
        Assert.False(point.IsInSubgroup());
        outside.CopyTo(points, 48 * 17);
        Assert.Equal(
            "trusted setup: Lagrange point 17 is not in G1",
            Assert.Throws<KzgFormatException>(() => TrustedSetup.Load(points)).Message
        );
    }

    [Theory]
    [InlineData("4096\n64\n", "trusted setup: 65 points of G2 are expected, and the text does not say so")]
    [InlineData("", "trusted setup: 4096 points of G1 are expected, and the text does not say so")]
    [InlineData("4096\n65\nzz\n", "trusted setup: line 3 is not a point of 48 bytes in hex")]
    [InlineData("4096\n65\n", "trusted setup: line 3 is not a point of 48 bytes in hex")]
    public void LoadText_OtherText_IsRefused(string text, string message) =>
        Assert.Equal(
            message,
            Assert.Throws<KzgFormatException>(() => TrustedSetup.LoadText(new StringReader(text))).Message
        );

    [Fact]
    public void LoadText_MoreThanTheSetup_IsRefused() =>
        Assert.Equal(
            "trusted setup: there is text after the last point",
            Assert
                .Throws<KzgFormatException>(() => TrustedSetup.LoadText(new StringReader(Text(Bytes()) + "00\n")))
                .Message
        );

    private static byte[] Bytes()
    {
        using Stream stream = typeof(TrustedSetup).Assembly.GetManifestResourceStream(
            "Meeda.Kzg.Commitments.ethereum-trusted-setup.bin"
        )!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private static string Text(byte[] points)
    {
        var lines = new List<string> { "4096", "65" };
        int start = 0;
        while (start < points.Length)
        {
            int length = start is >= G2 and < Monomial ? 96 : 48;
            lines.Add(Convert.ToHexStringLower(points.AsSpan(start, length)));
            start += length;
        }

        return string.Join('\n', lines) + "\n";
    }
}
