using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.Light;
using Meeda.Operator;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.Settings;

/// <summary>The framework validates options, and all problems are reported at once.</summary>
public sealed class SettingsServicesTests
{
    private const string Contract = "0x00000000000000000000000000000000000000c0";
    private const string Key = "0x1111111111111111111111111111111111111111111111111111111111111111";

    private static readonly Dictionary<string, string> Good = new()
    {
        ["Meeda__L1__Rpc"] = "http://127.0.0.1:1",
        ["Meeda__L1__Contract"] = Contract,
        ["Meeda__Signer__Key"] = Key,
    };

    [Fact]
    public void Read_OfAnOperator_SaysWhatIsWrongInEverySectionAtOnce()
    {
        string[] lines = LinesOf(() =>
            OperatorSettings.Read(
                ReaderOf(
                    ("Meeda__L1__PolInterval", "2s"),
                    ("Meeda__L1__Confirmations", "many"),
                    ("Meeda__Nitro__ProviderByte", "300"),
                    ("Meeda__L1__Contract", "nowhere"),
                    ("Meeda__Signer__BlobKey", Key),
                    ("Meeda__Signer__BlobKeyFile", "also"),
                    ("Meeda__Transactions__MaxInFlight", "17"),
                    ("Meeda__Intake__MaxWait", "6m"),
                    ("Meeda__Batches__AckTimeout", "2h"),
                    ("Meeda__Storage__ToleratedLosses", "6"),
                    ("Meeda__Anchors__MaxBlobs", "257"),
                    ("Meeda__Http__MaxConnections", "0"),
                    ("Meeda__Proxy__Url", "proxy")
                ),
                new ServiceCollection()
            )
        );
        string[] named =
        [
            "Meeda__L1__PolInterval",
            "Meeda__L1__Confirmations",
            "Meeda__Nitro__ProviderByte",
            "Meeda__L1__Contract",
            "Meeda__Signer__BlobKey ",
            "Meeda__Transactions__MaxInFlight",
            "Meeda__Intake__MaxWait",
            "Meeda__Batches__AckTimeout",
            "Meeda__Storage__ToleratedLosses",
            "Meeda__Anchors__MaxBlobs",
            "Meeda__Http__MaxConnections",
            "Meeda__Proxy__Url",
        ];
        Assert.Equal(named.Length, lines.Length);
        Assert.All(named, name => Assert.Single(lines, line => line.Contains(name, StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.Contains(Key, StringComparison.Ordinal));
    }

    /// <summary>A rule between two classes is checked even if the other class has another fault.</summary>
    [Fact]
    public void Read_RuleBetweenTwoClassesOfWhichOneIsWrong_IsSaidToo()
    {
        string[] lines = LinesOf(() =>
            OperatorSettings.Read(
                ReaderOf(
                    ("Meeda__Batches__AckTimeout", "2h"),
                    ("Meeda__Batches__MaxBatchBytes", "128MiB"),
                    ("Meeda__Intake__MaxBytesInFlight", "1MiB")
                ),
                new ServiceCollection()
            )
        );
        Assert.Contains(lines, line => line.StartsWith("ack timeout:", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("max bytes in flight:", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("max batch bytes:", StringComparison.Ordinal));
    }

    /// <summary>A file that a setting names is checked with all other settings.</summary>
    [Fact]
    public void Read_SecretFileThatIsUnusable_IsSaidWithTheRest()
    {
        string[] lines = LinesOf(() =>
            OperatorSettings.Read(
                ReaderOf(("Meeda__Nitro__JwtSecretFile", "/no/such/file"), ("Meeda__L1__Confirmations", "65")),
                new ServiceCollection()
            )
        );
        Assert.Equal(2, lines.Length);
        Assert.All(
            ["JWT secret file: /no/such/file cannot be read", "confirmations: between 0 and 64"],
            begin => Assert.Single(lines, line => line.StartsWith(begin, StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Read_OfAnOperator_LeavesEveryClassToBeValidatedByTheHost()
    {
        var services = new ServiceCollection();
        OperatorSettings read = OperatorSettings.Read(ReaderOf(("Meeda__Batches__MaxBatchBytes", "1MiB")), services);
        Assert.Equal(1 << 20, read.Batches.MaxBatchBytes);
        using ServiceProvider provider = services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
        Assert.Equal(1 << 20, provider.GetRequiredService<IOptions<BatchOptions>>().Value.MaxBatchBytes);
        Assert.Equal(2, provider.GetServices<IValidateOptions<L1Options>>().Count());
        Assert.Equal(2, provider.GetServices<IValidateOptions<StorageOptions>>().Count());
        Assert.Equal(2, provider.GetServices<IValidateOptions<TransactionOptions>>().Count());
    }

    [Fact]
    public async Task Start_OfAHostWithWrongOptions_FailsBeforeAnyServiceStarts_AndTheFailuresAreLines()
    {
        var settings = new SettingsReader(
            new Dictionary<string, string?>(),
            file: null,
            new Dictionary<string, string> { ["Meeda__Http__MaxConnections"] = "0", ["Meeda__Proxy__Url"] = "proxy" }
        );
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder
            .Services.AddSettings(settings, new HttpOptionsValidator())
            .AddSettings(settings, new ProxyOptionsValidator())
            .AddHostedService<NeverStarted>();
        using IHost host = builder.Build();
        Exception wrong = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        Assert.Equal(
            ["max connections: at least 1 (Meeda__Http__MaxConnections)", .. ProxyFailures()],
            SettingsServices.FailuresOf(wrong)
        );

        static IEnumerable<string> ProxyFailures() =>
            new ProxyOptionsValidator().Failures(new ProxyOptions { Url = "proxy" });
    }

    [Fact]
    public void FailuresOf_AnyOtherException_AreNone()
    {
        Assert.Empty(SettingsServices.FailuresOf(new InvalidOperationException("a bug")));
        Assert.Empty(
            SettingsServices.FailuresOf(
                new AggregateException(
                    new InvalidOperationException("a bug"),
                    new OptionsValidationException("", typeof(L1Options), ["rpc: wrong"])
                )
            )
        );
    }

    [Fact]
    public async Task Build_OfALightNode_SaysWhatIsWrongInEverySectionAtOnce()
    {
        SetupException problem = await Assert.ThrowsAsync<SetupException>(() =>
            LightNodeApplication.BuildAsync(
                ReaderOf(
                    ("Meeda__L1__Rpc", "nowhere"),
                    ("Meeda__Light__Budget", "-1"),
                    ("Meeda__Light__Listen", "ftp://x"),
                    ("Meeda__Light__Pol", "1s"),
                    ("Meeda__Proxy__Url", "proxy")
                ),
                quiet: true,
                CancellationToken.None
            )
        );
        string[] lines = problem.Message.Split(Environment.NewLine);
        Assert.Equal(5, lines.Length);
        Assert.All(
            ["rpc:", "budget:", "--listen:", "Meeda__Light__Pol:", "proxy:"],
            begin => Assert.Single(lines, line => line.StartsWith(begin, StringComparison.Ordinal))
        );
    }

    private static string[] LinesOf(Action read) =>
        Assert.Throws<SetupException>(read).Message.Split(Environment.NewLine);

    private static SettingsReader ReaderOf(params (string Variable, string Value)[] environment)
    {
        var all = new Dictionary<string, string>(Good);
        foreach ((string variable, string value) in environment)
        {
            all[variable] = value;
        }

        return new SettingsReader(new Dictionary<string, string?>(), file: null, all);
    }

    private sealed class NeverStarted : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("started");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
