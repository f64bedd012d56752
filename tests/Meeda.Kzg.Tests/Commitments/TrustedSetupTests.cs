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
            Assert.True(Pairing.IsProductOne([new(Setup.Monomial[4095]), -new G1Point(Setup.Monomial[4095 - power])], generator, lines));
        }
    }

    [Fact]
    public void Ethereum_AllPoints_AreInTheSubgroup()
    {
        // A combination with 63-bit weights of each list; a single point outside shows in it unless its weight is a multiple of its small order.
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
            Assert.Throws<KzgFormatException>(() => TrustedSetup.Read(new MemoryStream(zeros, 1, zeros.Length - 1), hash)).Message);
        zeros[5] = 1;
        Assert.StartsWith(
            "trusted setup: SHA-256 is ",
            Assert.Throws<KzgFormatException>(() => TrustedSetup.Read(new MemoryStream(zeros), hash)).Message,
            StringComparison.Ordinal);
    }
}
