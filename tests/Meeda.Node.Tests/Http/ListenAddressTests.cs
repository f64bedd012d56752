using System.Net;
using System.Net.NetworkInformation;
using Meeda.Hosting;
using Meeda.Http;
using Meeda.Light;
using Meeda.Operator;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Meeda.Node.Tests.Http;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:3100", "127.0.0.1", true)]
    [InlineData("http://127.0.0.1:3100/", "127.0.0.1", true)]
    [InlineData("http://127.8.7.6:1", "127.8.7.6", true)]
    [InlineData("http://localhost:1", "127.0.0.1", true)]
    [InlineData("http://LOCALHOST.:1", "127.0.0.1", true)]
    [InlineData("http://[::1]:1", "::1", true)]
    [InlineData("http://[::ffff:127.0.0.1]:1", "127.0.0.1", true)]
    [InlineData("http://[::ffff:0.0.0.0]:1", "0.0.0.0", false)]
    [InlineData("http://0.0.0.0:3100", "0.0.0.0", false)]
    [InlineData("http://[::]:3100", "::", false)]
    [InlineData("http://192.168.0.1:3100", "192.168.0.1", false)]
    [InlineData("https://127.0.0.1:3100", "127.0.0.1", true)]
    [InlineData("HTTPS://0.0.0.0:3100", "0.0.0.0", false)]
    public void TryParse_AnAddress_IsWhatWillBeBound(string url, string bound, bool loopback)
    {
        Assert.True(ListenAddress.TryParse(url, out ListenAddress? address, out _));
        Assert.Equal((bound, loopback), (address.Address.ToString(), address.IsLoopback));
        Assert.Equal(url.StartsWith("https", StringComparison.OrdinalIgnoreCase), address.IsTls);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/;http://0.0.0.0:2", "list")]
    [InlineData("http://127.0.0.1:1;http://127.0.0.1:2", "list")]
    [InlineData("http://127.0.0.1:1,http://0.0.0.0:2", "list")]
    [InlineData("127.0.0.1:3100", "is http://127.0.0.1:3100 meant?")]
    [InlineData("localhost:3100", "is http://localhost:3100 meant?")]
    [InlineData(":3100", "is http://:3100 meant?")]
    [InlineData("3100", "not of the form")]
    [InlineData("https://127.0.0.1", "a port")]
    [InlineData("httpss://127.0.0.1:3100", "not of the form")]
    [InlineData("http://127.0.0.1:3100/path", "no path")]
    [InlineData("http://127.0.0.1:3100?x", "no path")]
    [InlineData("http://127.0.0.1:3100#x", "no path")]
    [InlineData("http://user@127.0.0.1:3100", "no path")]
    [InlineData("http://127.0.0.1@0.0.0.0:3100", "no path")]
    [InlineData("http://127.0.0.1", "a port")]
    [InlineData("http://127.0.0.1:65536", "65535")]
    [InlineData("http://127.0.0.1:-1", "no path")]
    [InlineData("http://127.0.0.1: 1", "no path")]
    [InlineData("http://0:3100", "neither an IP address")]
    [InlineData("http://127.1:3100", "neither an IP address")]
    [InlineData("http://0177.0.0.1:3100", "neither an IP address")]
    [InlineData("http://2130706433:3100", "neither an IP address")]
    [InlineData("http://*:3100", "neither an IP address")]
    [InlineData("http://+:3100", "neither an IP address")]
    [InlineData("http://meeda.internal:3100", "neither an IP address")]
    [InlineData("http://localhost.evil:3100", "neither an IP address")]
    [InlineData("http://unix:/tmp/socket", "no path")]
    [InlineData("unix:/tmp/socket", "not of the form")]
    [InlineData("ftp://127.0.0.1:1", "not of the form")]
    [InlineData("", "not of the form")]
    public void TryParse_AnythingElse_IsRefusedWithTheReason(string url, string reason)
    {
        Assert.False(ListenAddress.TryParse(url, out _, out string? problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:0")]
    [InlineData("http://[::ffff:127.0.0.1]:0")]
    [InlineData("http://127.0.0.1:0")]
    public async Task Operator_OnLoopback_IsBoundToLoopbackOnly(string listen)
    {
        using var folder = new TemporaryFolder();
        await using WebApplication app = await OperatorApplication.BuildAsync(
            await SettingsAsync(folder),
            listen,
            quiet: true,
            CancellationToken.None
        );
        await app.StartAsync();
        Assert.All(
            app.Urls,
            url => Assert.True(IPAddress.IsLoopback(IPAddress.Parse(new Uri(url).Host.Trim('[', ']'))))
        );
        int port = new Uri(app.Urls.First()).Port;
        Assert.All(
            IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(each => each.Port == port),
            each =>
                Assert.True(
                    IPAddress.IsLoopback(each.Address.IsIPv4MappedToIPv6 ? each.Address.MapToIPv4() : each.Address),
                    each.ToString()
                )
        );
        await app.StopAsync();
        SqliteConnection.ClearAllPools();
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://[::ffff:0.0.0.0]:0")]
    public async Task Operator_BeyondThisMachineWithoutKeys_IsRefused(string listen)
    {
        using var folder = new TemporaryFolder();
        Dictionary<string, string?> settings = await SettingsAsync(folder);
        SetupException problem = await Assert.ThrowsAsync<SetupException>(() =>
            OperatorApplication.BuildAsync(settings, listen, quiet: true, CancellationToken.None)
        );
        Assert.Contains("meeda keys create", problem.Message, StringComparison.Ordinal);
        SqliteConnection.ClearAllPools();
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "AllowAnonymous")]
    [InlineData("http://127.0.0.1:0/;http://0.0.0.0:0", "list")]
    [InlineData("https://127.0.0.1:0", "needs a certificate")]
    public async Task LightNode_BeyondThisMachineOrNoUrl_IsRefused(string listen, string reason)
    {
        using var folder = new TemporaryFolder();
        SetupException problem = await Assert.ThrowsAsync<SetupException>(() =>
            LightNodeApplication.BuildAsync(
                new LightOptions { Contract = Ethereum.Address.Zero, Folder = folder.Path },
                new Uri("http://127.0.0.1:1"),
                keyFile: null,
                listen,
                quiet: true,
                CancellationToken.None
            )
        );
        Assert.Contains("--listen", problem.Message, StringComparison.Ordinal);
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
    }

    internal static async Task<Dictionary<string, string?>> SettingsAsync(TemporaryFolder folder)
    {
        string keyFile = Path.Combine(folder.Path, "key");
        await File.WriteAllTextAsync(keyFile, new string('1', 64));
        return new Dictionary<string, string?>
        {
            ["Meeda:Storage:Folder"] = Path.Combine(folder.Path, "data"),
            ["Meeda:L1:Rpc"] = "http://127.0.0.1:1",
            ["Meeda:L1:Contract"] = "0x00000000000000000000000000000000000000c0",
            ["Meeda:L1:KeyFile"] = keyFile,
        };
    }
}
