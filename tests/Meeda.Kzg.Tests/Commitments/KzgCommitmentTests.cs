using System.Security.Cryptography;
using CsCheck;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Commitments;

public sealed class KzgCommitmentTests
{
    [Fact]
    public void From_AnyPoint_RoundTripsThroughBytes() =>
        Arbitrary.G1.Sample(
            point =>
            {
                KzgCommitment commitment = KzgCommitment.From(point);
                KzgProof proof = KzgProof.From(point);
                return KzgCommitment.TryDecode(commitment.ToArray(), out KzgCommitment decoded)
                    && decoded == commitment
                    && decoded.GetHashCode() == commitment.GetHashCode()
                    && decoded.Equals((object)commitment)
                    && commitment.Point == point
                    && commitment.ToString() == point.ToString()
                    && commitment != KzgCommitment.From(point + Kzg.Curves.G1Point.Generator)
                    && KzgProof.TryDecode(proof.ToArray(), out KzgProof decodedProof)
                    && decodedProof == proof
                    && decodedProof.Point == point
                    && decodedProof.ToString() == point.ToString();
            },
            iter: 20
        );

    [Fact]
    public void Decode_FaultyBytes_NamesTheField()
    {
        Assert.StartsWith(
            "commitment: ",
            Assert.Throws<KzgFormatException>(() => KzgCommitment.Decode(new byte[48])).Message,
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "proof: ",
            Assert.Throws<KzgFormatException>(() => KzgProof.Decode(new byte[47])).Message,
            StringComparison.Ordinal
        );
        Assert.False(KzgCommitment.TryDecode([], out KzgCommitment commitment));
        Assert.Equal(default, commitment);
    }

    [Fact]
    public void VersionedHash_AnyCommitment_IsSha256WithTheVersionInFront()
    {
        KzgCommitment commitment = KzgCommitment.From(Kzg.Curves.G1Point.Generator);
        byte[] expected = SHA256.HashData(commitment.ToArray());
        expected[0] = 1;
        Assert.Equal(expected, commitment.VersionedHash());
    }

    [Fact]
    public void Parse_WhatToStringWrites_IsTheSame()
    {
        KzgCommitment commitment = KzgCommitment.From(G1Point.Generator.Multiply(Fr.FromUInt64(5)));
        KzgProof proof = KzgProof.From(commitment.Point);
        Fr scalar = Fr.FromUInt64(77);
        Assert.Equal(commitment, KzgCommitment.Parse(commitment.ToString()));
        Assert.Equal(commitment, KzgCommitment.Parse(commitment.ToString()[2..].ToUpperInvariant()));
        Assert.Equal(proof, KzgProof.Parse(proof.ToString()));
        Assert.Equal(scalar, Fr.Parse(scalar.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("0xzz")]
    [InlineData("0xc00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void Parse_OtherText_IsRefused(string text)
    {
        Assert.Throws<KzgFormatException>(() => KzgCommitment.Parse(text));
        Assert.Throws<KzgFormatException>(() => KzgProof.Parse(text));
        Assert.Throws<KzgFormatException>(() => Fr.Parse(text));
        Assert.False(KzgCommitment.TryParse(null, null, out _));
    }
}
