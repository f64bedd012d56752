using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.Chain.Verification;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Hosting.Settings;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Light;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// Operator, light node and verifier on an endpoint as providers run them: with a password, limits on log queries,
/// errors with all kinds of HTTP statuses, without optional tags and methods, and with a wrong start block.
/// </summary>
public sealed class HostedEndpointTests
{
    private const ulong MaxBlocks = 40;
    private const string Password = "pa:ss wörd@/%";

    [SkippableFact]
    public async Task An_operator_on_a_hosted_endpoint_anchors_and_proves()
    {
        await using Arena arena = await Arena.StartAsync();
        await arena.MineAsync(150);
        await using RpcProxy proxy = Hosted(arena.L1);
        OperatorNode node = await arena.OperatorNodeAsync(
            ("Meeda:L1:Rpc", Url(proxy)),
            ("Meeda:L1:FromBlock", "1000000")
        );
        BatchId id = await node.PostAsync(1_000);
        await arena.UntilAsync(
            "an epoch over the batch is proven",
            async () => (await node.HistoryOfAsync(id))?.Proven > 0
        );

        // A new ledger, and a start block after the first anchor: epochs are nevertheless proven over all anchors.
        ulong first = (await node.AnchorOfAsync(id))!.BlockNumber;
        await arena.MineAsync(100);
        await node.StopAsync();
        Directory.Delete(node.Folder, recursive: true);
        await node.StartAsync();
        await arena.UntilAsync(
            "the anchor is read from L1",
            async () =>
                (await node.Http.GetFromJsonAsync<StatusBody>(new Uri("status", UriKind.Relative)))!.L1Block
                > first + 100
        );
        using HttpResponseMessage history = await node.Http.GetAsync(new Uri($"batches/{id}/proof", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, history.StatusCode);
    }

    [SkippableFact]
    public async Task A_light_node_on_a_hosted_endpoint_sees_every_operator_whatever_is_odd_about_one()
    {
        await using Arena arena = await Arena.StartAsync();
        await arena.MineAsync(150);
        using TransactionSender odd = await arena.OperatorAsync();
        using TransactionSender account = await arena.OperatorAsync();
        await new LyingOperator(arena, odd).AnchorAsync(1_000);
        var liar = new LyingOperator(arena, account);
        await liar.ProveAsync((await liar.AnchorAsync(1_000)).BlockNumber, lie: true);
        ulong late = await arena.Client.GetBlockNumberAsync(CancellationToken.None);
        await using RpcProxy proxy = Hosted(arena.L1);
        proxy.Lie = (method, _, result) =>
        {
            // The other operator's logs contain nonsense.
            foreach (JsonNode? log in method == "eth_getLogs" ? result!.AsArray() : [])
            {
                if (
                    log!["topics"]![1]!
                        .GetValue<string>()
                        .EndsWith(odd.Address.ToString()[2..], StringComparison.OrdinalIgnoreCase)
                )
                {
                    log["data"] = "0x01";
                }
            }

            return result;
        };
        string folder = Path.Combine(arena.Folder, "light");
        (_, string keyFile) = await arena.StakedKeyAsync();
        await using LightRole light = await LightNodeApplication.BuildAsync(
            new LightOptions
            {
                Contract = arena.System.Address,
                FromBlock = late,
                Folder = folder,
                PollInterval = TimeSpan.FromMilliseconds(200),
            },
            new Uri(Url(proxy)),
            keyFile,
            listen: null,
            quiet: true,
            CancellationToken.None
        );
        using var stop = new CancellationTokenSource();
        Task watching = light.RunAsync(stop.Token);
        await arena.UntilSlashedAsync(liar.Address);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [SkippableFact]
    public async Task A_verifier_on_a_hosted_endpoint_finds_the_batch_from_any_start_block()
    {
        await using Arena arena = await Arena.StartAsync();
        await arena.MineAsync(150);
        OperatorNode node = await arena.OperatorNodeAsync();
        BatchId id = await node.PostAsync(1_000);
        await arena.UntilAsync(
            "an epoch over the batch is proven",
            async () => (await node.HistoryOfAsync(id))?.Proven > 0
        );
        ulong anchored = (await node.AnchorOfAsync(id))!.BlockNumber;
        await using RpcProxy proxy = Hosted(arena.L1);
        using var http = new HttpClient { BaseAddress = new Uri(Url(proxy)) };
        var client = new EthereumClient(new JsonRpcClient(http));
        var contract = new SystemContract(client, arena.System.Address);
        foreach (ulong hint in (ulong[])[0, anchored + 1, 1_000_000])
        {
            var inspection = new BatchInspection(
                client,
                contract,
                new CommitmentKey(TrustedSetup.Ethereum),
                new VerificationKey(TrustedSetup.Ethereum),
                hint
            );
            BatchReport report = await inspection.ReportAsync(
                AltDaCommitment.Of(id),
                operatorAddress: null,
                [],
                CancellationToken.None
            );
            Assert.True(report.Holds, string.Join('\n', report.Checks));
        }
    }

    /// <summary>
    /// Light node and verifier accept several endpoints, like the operator: one that is down or lies about the head
    /// stops neither.
    /// </summary>
    [SkippableFact]
    public async Task A_light_node_and_a_verifier_with_several_endpoints_work_while_one_of_them_does()
    {
        await using Arena arena = await Arena.StartAsync();
        using TransactionSender account = await arena.OperatorAsync();
        var liar = new LyingOperator(arena, account);
        await liar.ProveAsync((await liar.AnchorAsync(1_000)).BlockNumber, lie: true);
        await using RpcProxy down = RpcProxy.Start(arena.L1);
        down.Faults = _ => ProxyFault.Unavailable;
        string rpc = $"{down.Rpc},{arena.L1}";
        (_, string keyFile) = await arena.StakedKeyAsync();
        var settings = new Dictionary<string, string?>
        {
            ["Meeda:L1:Rpc"] = rpc,
            ["Meeda:L1:Contract"] = arena.System.Address.ToString(),
            ["Meeda:Light:Folder"] = Path.Combine(arena.Folder, "light"),
            ["Meeda:Light:KeyFile"] = keyFile,
            ["Meeda:Light:PollInterval"] = "200ms",
            ["Meeda:Light:Listen"] = "",
        };
        await using LightRole light = await LightNodeApplication.BuildAsync(
            new SettingsReader(settings),
            quiet: true,
            CancellationToken.None
        );
        using var stop = new CancellationTokenSource();
        Task watching = light.RunAsync(stop.Token);
        await arena.UntilSlashedAsync(liar.Address);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);

        (int exitCode, string output, string error) = await CommandLine.RunAsync(
            arena.Folder,
            "verify",
            new string('7', 64),
            "--rpc",
            rpc,
            "--contract",
            arena.System.Address.ToString(),
            "--json"
        );
        Assert.True(exitCode == 1, output + error);
        Assert.Contains("\"holds\":false", output, StringComparison.Ordinal);
        Assert.Contains("L1 endpoint 0 (127.0.0.1) is left out", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_operator_without_a_stake_says_so_and_takes_nothing_until_it_has_one()
    {
        await using Arena arena = await Arena.StartAsync();
        (Address address, string keyFile) = await arena.AccountKeyAsync();
        await using OperatorNode node = await OperatorNode.StartAsync(
            address,
            keyFile,
            Path.Combine(arena.Folder, "poor"),
            arena.L1,
            arena.System.Address,
            new Dictionary<string, string?>()
        );
        await arena.UntilAsync(
            "it is not ready",
            async () => await StatusOfAsync(node, "health/ready") == HttpStatusCode.ServiceUnavailable
        );
        using var body = new ByteArrayContent(new byte[100]);
        using (HttpResponseMessage refused = await node.Http.PostAsync(new Uri("put", UriKind.Relative), body))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
            Assert.Contains("stake", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await arena.StakeAsync(keyFile);
        await arena.UntilAsync(
            "it is ready",
            async () => await StatusOfAsync(node, "health/ready") == HttpStatusCode.OK
        );
        BatchId id = await node.PostAsync(1_000);
        await arena.UntilAsync("the batch is anchored", async () => await node.AnchorOfAsync(id) is not null);
    }

    private static async Task<HttpStatusCode> StatusOfAsync(OperatorNode node, string path)
    {
        using HttpResponseMessage answer = await node.Http.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }

    private static string Url(RpcProxy proxy) =>
        $"http://us%40er:{Uri.EscapeDataString(Password)}@{proxy.Rpc.Authority}/";

    private static RpcProxy Hosted(Uri node)
    {
        RpcProxy proxy = RpcProxy.Start(node);
        proxy.Credentials = $"us@er:{Password}";
        int sent = 0;
        proxy.Refusals = (method, parameters) =>
            method switch
            {
                "eth_getLogs"
                    when Number(parameters[0]!["toBlock"]) - Number(parameters[0]!["fromBlock"]) >= MaxBlocks => new(
                    400,
                    -32600,
                    "block range is limited to 40"
                ),
                "eth_getBlockByNumber" when parameters[0]!.GetValue<string>() is "finalized" or "safe" => new(
                    200,
                    -39001,
                    "Unknown block"
                ),
                "eth_getTransactionCount" when parameters[1]!.GetValue<string>() == "pending" => new(
                    400,
                    -32602,
                    "pending is not supported"
                ),
                "eth_maxPriorityFeePerGas" or "eth_feeHistory" or "eth_blobBaseFee" => new(404, 0, null),
                "eth_sendRawTransaction" when Interlocked.Increment(ref sent) % 3 == 1 => new(
                    429,
                    -32005,
                    "limit exceeded"
                ),
                _ => null,
            };
        return proxy;
    }

    private static ulong Number(JsonNode? hex) =>
        ulong.Parse(hex!.GetValue<string>()[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
