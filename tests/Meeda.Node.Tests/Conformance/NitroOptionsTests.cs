using Meeda.Ethereum;
using Meeda.Operator.Nitro;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

public sealed class NitroOptionsTests
{
    private const string Validator = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(Validator, 1ul, null)]
    [InlineData(Validator, null, "both or none")]
    [InlineData(null, 1ul, "both or none")]
    [InlineData("0x5FbD", 1ul, "Meeda__Nitro__Validator")]
    public void Failures_OfAValidatorAndItsChain_NameTheSettings(string? validator, ulong? chainId, string? expected)
    {
        var options = new NitroOptions { Validator = validator, ValidatorChainId = chainId };
        string[] failures = [.. new NitroOptionsValidator().Failures(options)];
        if (expected is null)
        {
            Assert.Empty(failures);
        }
        else
        {
            Assert.Contains(expected, Assert.Single(failures), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(Validator, true)]
    [InlineData(Validator + ", " + Validator + ",", true)]
    [InlineData(Validator + " 0x5FbD", false)]
    public void Failures_OfOtherSigners_NameTheSetting(string signers, bool isRight)
    {
        var options = new NitroOptions { Signers = signers };
        string[] failures = [.. new NitroOptionsValidator().Failures(options)];
        Assert.Equal(isRight, failures.Length == 0);
        Assert.All(failures, failure => Assert.Contains("Meeda__Nitro__Signers", failure, StringComparison.Ordinal));
        Assert.Equal(isRight && signers.Length > 0, options.IsOtherSigner(Address.Parse(Validator)));
    }

    [Fact]
    public void Domain_WithoutAValidator_NamesTheSettingsThatAreMissing()
    {
        NitroException refused = Assert.Throws<NitroException>(() => new NitroOptions().Domain);
        Assert.Contains("Meeda__Nitro__ValidatorChainId", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Domain_OfAValidator_IsWhatCertificatesName() =>
        Assert.Equal(
            new CertificateDomain(0x4d, 42, Address.Parse(Validator)),
            new NitroOptions { Validator = Validator, ValidatorChainId = 42 }.Domain
        );
}
