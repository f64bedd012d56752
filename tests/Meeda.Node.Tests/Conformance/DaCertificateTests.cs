using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Signing;
using Meeda.Node.Tests.Http;
using Meeda.Operator.Nitro;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>
/// Certificates of <c>contracts/vectors/protocol.json</c>, which another implementation made and the contract's tests
/// validate too.
/// </summary>
public sealed class DaCertificateTests
{
    private static readonly PrivateKeySigner Signer = PrivateKeySigner.FromHex(new string('1', 64));

    private static readonly JsonElement Vectors = JsonDocument
        .Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "contracts", "vectors", "protocol.json")))
        .RootElement.GetProperty("certificates");

    [Theory]
    [MemberData(nameof(Names))]
    public void TryDecode_AVector_IsJudgedAsTheContractDoes(string name)
    {
        JsonElement vector = Vectors.EnumerateArray().Single(each => each.GetProperty("name").GetString() == name);
        byte[] encoded = Bytes(vector, "certificate");
        bool isValid = DaCertificate.TryDecode(
            encoded,
            new CertificateDomain(
                (byte)Number(vector, "provider"),
                Number(vector, "chainId"),
                Address.FromBytes(Bytes(vector, "validator"))
            ),
            out DaCertificate? certificate,
            out string? error
        );

        Assert.Equal(vector.GetProperty("isValid").GetBoolean(), isValid);
        if (certificate is null)
        {
            Assert.StartsWith("certificate: ", error);
            return;
        }

        Assert.Equal(
            (Number(vector, "payloadLength"), Number(vector, "lastBlock")),
            (certificate.PayloadLength, certificate.LastBlock)
        );
        Assert.Equal(Bytes(vector, "signer"), certificate.Signer.ToArray());
        Assert.Equal(encoded, certificate.ToArray());
    }

    /// <summary>One transaction can validate 200 commitments, and the contract rejects longer certificates.</summary>
    [Fact]
    public void Provable_IsWhatOneTransactionJudges()
    {
        const int Most = (200 * 126_976) - 31;
        Assert.True(DaCertificate.IsProvable(Most));
        Assert.False(DaCertificate.IsProvable(Most + 1));
        Assert.Equal(Most, DaCertificate.MaxProvable(1 << 28));
        Assert.Equal((1 << 24) - 1, DaCertificate.MaxProvable(1 << 24));
        foreach ((int blobs, bool isValid) in new[] { (200, true), (201, false) })
        {
            byte[] commitments =
            [
                .. Enumerable.Repeat<byte[]>([0xc0, .. new byte[47]], blobs).SelectMany(each => each),
            ];
            uint length = (uint)((blobs * 126_976) - 31);
            byte[] encoded = DaCertificate.Sign(OperatorFixture.Nitro, length, 0, commitments, Signer).ToArray();
            Assert.Equal(isValid, DaCertificate.TryDecode(encoded, OperatorFixture.Nitro, out _, out _));
        }
    }

    [Fact]
    public void Sign_ACertificate_DecodesToWhatWasSigned()
    {
        byte[] commitment = [0xc0, .. new byte[47]];
        byte[] encoded = DaCertificate.Sign(OperatorFixture.Nitro, 77, 1_234, commitment, Signer).ToArray();
        Assert.True(DaCertificate.TryDecode(encoded, OperatorFixture.Nitro, out DaCertificate? certificate, out _));
        Assert.Equal(
            (77u, 1_234ul, Signer.Address),
            (certificate.PayloadLength, certificate.LastBlock, certificate.Signer)
        );
        Assert.Equal(commitment, certificate.Commitments.ToArray());
    }

    [Fact]
    public void TryDecode_ForAnotherChainOrValidator_NamesBoth()
    {
        byte[] encoded = DaCertificate.Sign(OperatorFixture.Nitro, 77, 0, [0xc0, .. new byte[47]], Signer).ToArray();
        CertificateDomain[] others =
        [
            OperatorFixture.Nitro with
            {
                ChainId = 1,
            },
            OperatorFixture.Nitro with
            {
                Validator = Address.Zero,
            },
        ];
        Assert.All(
            others,
            other =>
            {
                Assert.False(DaCertificate.TryDecode(encoded, other, out _, out string? error));
                Assert.Contains($"not for {other.Validator} on chain {other.ChainId}", error);
            }
        );
    }

    public static TheoryData<string> Names() =>
        [.. Vectors.EnumerateArray().Select(vector => vector.GetProperty("name").GetString()!)];

    private static byte[] Bytes(JsonElement vector, string name) =>
        Convert.FromHexString(vector.GetProperty(name).GetString()!.AsSpan(2));

    private static ulong Number(JsonElement vector, string name) => vector.GetProperty(name).GetUInt64();
}
