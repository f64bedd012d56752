using System.Collections.Concurrent;
using System.Globalization;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>L1 according to the settings: one endpoint or several.</summary>
public sealed class L1ConnectionTests
{
    [Theory]
    [InlineData("http://one/", 1)]
    [InlineData("http://one/, https://user:secret@two/path?key=secret", 2)]
    public void Endpoints_OfTheSetting_AreReadInTheirOrder(string rpc, int count)
    {
        var options = new L1Options { Rpc = rpc, Contract = Address.Zero.ToString() };
        Assert.Empty(new L1OptionsValidator().Failures(options));
        Assert.Equal(count, options.Endpoints().Count);
        Assert.Equal(new Uri("http://one/"), options.Endpoints()[0]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("http://one/,two")]
    [InlineData("http://one/,ftp://two")]
    public void Problems_OfAnEndpointThatIsNone_NameTheSettingAndNotTheUrl(string rpc)
    {
        string problem = Assert.Single(
            new L1OptionsValidator().Failures(new L1Options { Rpc = rpc, Contract = Address.Zero.ToString() })
        );
        Assert.Contains("Meeda__L1__Rpc", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("two", problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Client_OfTwoEndpointsOfWhichOneMakesABlockUp_ReadsTheOther_AndLogsTheHostAlone()
    {
        await using Anvil anvil = await Anvil.StartAsync();
        await using RpcProxy liar = RpcProxy.Start(anvil.Rpc);
        liar.Lie = (method, parameters, result) =>
        {
            if (method == "eth_getBlockByNumber" && parameters[0]!.GetValue<string>() == "latest")
            {
                result!["number"] = "0x1000";
                result["hash"] = "0x" + new string('a', 64);
                result["timestamp"] =
                    "0x"
                    + DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeSeconds().ToString("x", CultureInfo.InvariantCulture);
            }

            return result;
        };
        var log = new ListLogger();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(log));
        services.AddSingleton(TimeProvider.System);
        L1Connection.Add(services, new L1Options { Rpc = $"{liar.Rpc}?key=secret,{anvil.Rpc}" });
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(
            0ul,
            await provider.GetRequiredService<EthereumClient>().GetBlockNumberAsync(CancellationToken.None)
        );
        Assert.Contains(
            log.Lines,
            line => line.Contains("L1 endpoint 0 (127.0.0.1) is excluded from the quorum", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void RevertReason_OfWhatTheContractSays_IsItsErrorWithItsArguments()
    {
        byte[] text = Convert.FromHexString(
            "08c379a0" + new string('0', 62) + "20" + new string('0', 62) + "03" + "6e6f21" + new string('0', 58)
        );
        var receipt = new TransactionReceipt(Bytes32.Zero, 7, Bytes32.Zero, 21_000, null, Succeeded: false, []);
        Assert.Contains(
            "Error(no!)",
            RevertReason.Of(new TransactionRevertedException(receipt, text)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Error(no!)",
            RevertReason.Of(new JsonRpcException("eth_estimateGas", 3, "execution reverted", text)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "block 7",
            RevertReason.Of(new TransactionRevertedException(receipt)),
            StringComparison.Ordinal
        );
        Assert.Equal("eth_call: busy", RevertReason.Of(new JsonRpcException("eth_call", -32000, "busy", [])));
    }

    /// <summary>Keeps what is logged.</summary>
    private sealed class ListLogger : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Enqueue(formatter(state, exception));

        public void Dispose() { }
    }
}
