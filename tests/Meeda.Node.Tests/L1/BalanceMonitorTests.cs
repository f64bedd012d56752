using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.Node.Tests.Storage;
using Meeda.Operator.L1;
using Meeda.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>The alarm about an account that runs out of ether.</summary>
public sealed class BalanceMonitorTests
{
    [SkippableTheory]
    [InlineData("0x16345785d8a0000", "0.1", false)] // exactly the alarm
    [InlineData("0x16345785d89ffff", "0.099999999", true)] // a wei less
    [InlineData("0x0", "0", true)]
    [InlineData("0xffffffffffffffffffffffffffffffff", "9223372036.854775807", false)] // more than is counted
    public async Task Look_ABalance_IsToldInEtherAndComparedWithTheAlarm(string wei, string ether, bool isLow)
    {
        await using Anvil anvil = await Anvil.StartAsync();
        using var http = new HttpClient { BaseAddress = anvil.Rpc };
        var rpc = new JsonRpcClient(http);
        var account = new OperatorAccount(PrivateKeySigner.FromHex(Anvil.FundedKey).Address);
        await rpc.CallAsync("anvil_setBalance", [account.Address.ToString(), wei], CancellationToken.None);
        using var watch = new BalanceMonitor(
            Options.Create(new TransactionOptions { BalanceAlarm = 0.1m }),
            new EthereumClient(rpc),
            account,
            TimeProvider.System,
            NullLogger<BalanceMonitor>.Instance
        );
        await watch.PollAsync(CancellationToken.None);
        Assert.Equal(decimal.Parse(ether, System.Globalization.CultureInfo.InvariantCulture), watch.Balance);
        Assert.Equal(isLow, watch.IsLow);
    }

    [SkippableFact]
    public async Task Look_AtAnAccountForPublicationsThatIsLow_WarnsOfIt()
    {
        await using Anvil anvil = await Anvil.StartAsync();
        using var http = new HttpClient { BaseAddress = anvil.Rpc };
        Address publications = Address.Parse("0x00000000000000000000000000000000000b10b5");
        var account = new OperatorAccount(PrivateKeySigner.FromHex(Anvil.FundedKey).Address)
        {
            Publications = publications,
        };
        var log = new LineLogger<BalanceMonitor>();
        using var watch = new BalanceMonitor(
            Options.Create(new TransactionOptions { BalanceAlarm = 0.1m }),
            new EthereumClient(new JsonRpcClient(http)),
            account,
            TimeProvider.System,
            log
        );
        await watch.PollAsync(CancellationToken.None);
        Assert.Contains(publications.ToString(), Assert.Single(log.Lines), StringComparison.Ordinal);
        Assert.False(watch.IsLow);
    }

    [Fact]
    public void Problems_OfEverySettingOutOfItsRange_NameIt()
    {
        Assert.Empty(new TransactionOptionsValidator().Failures(new TransactionOptions()));
        var wrong = new TransactionOptions
        {
            MaxFee = 0,
            ResendAfter = TimeSpan.Zero,
            FeeBumpPercent = 9,
            GasMarginPercent = -1,
            MaxInFlight = 17,
            BalanceAlarm = -1,
        };
        string said = string.Join('\n', new TransactionOptionsValidator().Failures(wrong));
        Assert.All(
            ["MaxFee", "ResendAfter", "FeeBumpPercent", "GasMarginPercent", "MaxInFlight", "BalanceAlarm"],
            name => Assert.Contains(name, said, StringComparison.Ordinal)
        );
    }
}
