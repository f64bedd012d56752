using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting.Settings;
using Meeda.Light;
using Meeda.Operator;
using Meeda.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.Bounties;

/// <summary>The settings of an archive.</summary>
public sealed class BountyOptionsTests
{
    private static readonly SignerOptions WithBlobKey = new() { BlobKeyFile = "blob.key" };

    [Theory]
    [InlineData("Meeda:Bounties:Contract", "0x12", "Meeda__Bounties__Contract")]
    [InlineData("Meeda:Bounties:MarginPercent", "14", "Meeda__Bounties__MarginPercent")]
    [InlineData("Meeda:Bounties:MarginPercent", "10001", "Meeda__Bounties__MarginPercent")]
    [InlineData("Meeda:Bounties:LeastBlocksLeft", "0", "Meeda__Bounties__LeastBlocksLeft")]
    [InlineData("Meeda:Bounties:Interval", "99ms", "Meeda__Bounties__Interval")]
    [InlineData("Meeda:Bounties:Interval", "2d", "Meeda__Bounties__Interval")]
    public void Failures_OutOfRange_NameTheSetting(string name, string value, string variable) =>
        Assert.Contains(
            variable,
            Assert.Single(new BountyOptionsValidator(WithBlobKey).Failures(Read((name, value)).Get<BountyOptions>())),
            StringComparison.Ordinal
        );

    [Fact]
    public void Failures_AnArchiveWithoutASecondAccount_IsRefused()
    {
        var options = new BountyOptions { Archive = true };
        Assert.Contains(
            "Meeda__Signer__BlobKey",
            Assert.Single(new BountyOptionsValidator(new SignerOptions()).Failures(options)),
            StringComparison.Ordinal
        );
        Assert.Empty(new BountyOptionsValidator(WithBlobKey).Failures(options));
        Assert.Empty(new BountyOptionsValidator(new SignerOptions { BlobKey = "11" }).Failures(options));
        Assert.Empty(new BountyOptionsValidator(signer: null).Failures(options));
    }

    [Fact]
    public void ContractAddress_WhereNoneIsNamed_IsTheUsualOne()
    {
        Assert.Equal(BountyContract.UsualAddress, new BountyOptions().ContractAddress);
        Address other = Address.Parse("0x00000000000000000000000000000000000000c0");
        Assert.Equal(other, new BountyOptions { Contract = $"{other}" }.ContractAddress);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public void Operator_AnArchive_KeepsExpiredBatches(string archive, bool keeps)
    {
        var services = new ServiceCollection();
        SettingsReader settings = Read(
            ("Meeda:Bounties:Archive", archive),
            ("Meeda:Signer:BlobKey", new string('2', 64)),
            ("Meeda:Signer:Key", new string('1', 64)),
            ("Meeda:L1:Rpc", "http://127.0.0.1:1"),
            ("Meeda:L1:Contract", "0x00000000000000000000000000000000000000c0")
        );
        Assert.Equal(keeps, OperatorSettings.Read(settings, services).Storage.Archive);
        using ServiceProvider all = services.BuildServiceProvider();
        Assert.Equal(keeps, all.GetRequiredService<IOptions<StorageOptions>>().Value.Archive);
    }

    [Fact]
    public void Light_AsAnArchive_IsRefused() =>
        Assert.Contains(
            "Meeda__Bounties__Archive",
            Assert
                .ThrowsAny<Exception>(() =>
                    LightNodeApplication.Check(
                        Read(
                            ("Meeda:Bounties:Archive", "true"),
                            ("Meeda:L1:Rpc", "http://127.0.0.1:1"),
                            ("Meeda:L1:Contract", "0x00000000000000000000000000000000000000c0")
                        )
                    )
                )
                .Message,
            StringComparison.Ordinal
        );

    private static SettingsReader Read(params (string Name, string Value)[] settings) =>
        new(
            settings.ToDictionary(each => each.Name, each => (string?)each.Value),
            environment: new Dictionary<string, string>()
        );
}
