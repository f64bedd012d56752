using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Rpc;

/// <summary>Logs from endpoints that limit queries, each in its own way.</summary>
public sealed class BlockRangesTests
{
    private const ulong Head = 9_999;

    public static TheoryData<string> Refusals =>
        new()
        {
            "-32005: query returned more than 10000 results",
            "-32000: exceed maximum block range: 500",
            "-32602: Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
            "-32603: internal error",
            "0: an error without a message",
            "too long",
            "cut off",
            "silence",
            "status",
        };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Read_ARangeIsRefused_IsHalvedUntilItIsAnswered_AndEveryBlockIsReadOnce(string refusal)
    {
        var rpc = new FakeRpc(
            (method, parameters) => Answer(method, parameters, blocks => blocks > 500 ? Failure(refusal) : null)
        );
        var ranges = new BlockRanges(new EthereumClient(rpc));
        Assert.Equal(Enumerable.Range(0, (int)Head + 1).Select(block => (ulong)block), await ReadAsync(rpc, ranges));
        Assert.InRange(ranges.Size, 250ul, 500ul);
    }

    [Fact]
    public async Task Read_OnlyOneDenseRegionIsRefused_WidensAgainBehindIt()
    {
        // Blocks 1,000 to 1,100 have so many logs that a query may cover only one of them.
        var rpc = new FakeRpc(
            (method, parameters) =>
                Answer(
                    method,
                    parameters,
                    (first, last) => last > first && first <= 1_100 && last >= 1_000 ? Failure("too long") : null
                )
        );
        var ranges = new BlockRanges(new EthereumClient(rpc));
        Assert.Equal((int)Head + 1, (await ReadAsync(rpc, ranges)).Count);
        Assert.True(ranges.Size > 100, $"{ranges.Size} blocks at the end");
    }

    [Theory]
    [InlineData(L1Problem.Connection)]
    [InlineData(L1Problem.Silence)]
    [InlineData(L1Problem.Status)]
    [InlineData(L1Problem.RateLimit)]
    [InlineData(L1Problem.Answer)]
    public async Task Read_TheEndpointAnswersNothing_IsAnOutage_AndTheRangeStays(L1Problem problem)
    {
        var rpc = new FakeRpc(
            (method, _) => throw new L1UnreachableException($"{method}: nothing") { Problem = problem }
        );
        var client = new EthereumClient(rpc);
        var ranges = new BlockRanges(client);
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() => ReadAsync(rpc, ranges));
        Assert.Equal("eth_getLogs: nothing", failure.Message);
        Assert.Equal(BlockRanges.MostBlocks, ranges.Size);
        Assert.Single(rpc.Calls, "eth_getLogs");
    }

    [Fact]
    public async Task Read_ASingleBlockIsRefused_IsSaidInTheEndpointsWords()
    {
        var rpc = new FakeRpc(
            (method, parameters) =>
                Answer(
                    method,
                    parameters,
                    (first, last) => first <= 700 && last >= 700 ? Failure("-32000: block 700 is haunted") : null
                )
        );
        var ranges = new BlockRanges(new EthereumClient(rpc));
        LogsRefusedException refused = await Assert.ThrowsAsync<LogsRefusedException>(() => ReadAsync(rpc, ranges));
        Assert.Equal(700ul, refused.Block);
        Assert.Contains("block 700 is haunted", refused.Message, StringComparison.Ordinal);
        Assert.Equal(BlockRanges.MostBlocks, ranges.Size);
    }

    private static Exception Failure(string refusal) =>
        refusal switch
        {
            "too long" => new L1UnreachableException("eth_getLogs: the answer is longer than 67108864 bytes")
            {
                Problem = L1Problem.TooLong,
            },
            "cut off" => new L1UnreachableException("eth_getLogs: the answer was cut off"),
            "silence" => new L1UnreachableException("eth_getLogs: no answer within 20 s")
            {
                Problem = L1Problem.Silence,
            },
            "status" => new L1UnreachableException("eth_getLogs: the node answered with HTTP status 413")
            {
                Problem = L1Problem.Status,
            },
            _ => new JsonRpcException(
                "eth_getLogs",
                int.Parse(refusal.Split(':')[0], System.Globalization.CultureInfo.InvariantCulture),
                refusal.Split(':')[1].Trim(),
                []
            ),
        };

    private static object? Answer(string method, IReadOnlyList<object?> parameters, Func<ulong, Exception?> refusal) =>
        Answer(method, parameters, (first, last) => refusal(last - first + 1));

    private static object? Answer(
        string method,
        IReadOnlyList<object?> parameters,
        Func<ulong, ulong, Exception?> refusal
    )
    {
        if (method == "eth_blockNumber")
        {
            return FakeRpc.Quantity(Head);
        }

        JsonElement filter = JsonSerializer.SerializeToElement(parameters[0]);
        ulong first = FakeRpc.Number(filter.GetProperty("fromBlock").GetString());
        ulong last = FakeRpc.Number(filter.GetProperty("toBlock").GetString());
        return refusal(first, last) is { } failure ? throw failure : Array.Empty<object>();
    }

    private static async Task<List<ulong>> ReadAsync(FakeRpc rpc, BlockRanges ranges)
    {
        var client = new EthereumClient(rpc);
        var read = new List<ulong>();
        ulong next = 0;
        while (next <= Head)
        {
            ulong first = next;
            ulong last = ranges.LastFrom(first, Head);
            if (
                await ranges.TryReadAsync(
                    first,
                    last,
                    () => client.GetLogsAsync([Address.Zero], [], first, last, CancellationToken.None),
                    CancellationToken.None
                )
                is null
            )
            {
                continue;
            }

            for (; next <= last; next++)
            {
                read.Add(next);
            }
        }

        return read;
    }
}
