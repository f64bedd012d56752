using System.Globalization;
using System.Text.Json.Nodes;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.Client;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// An operator with two L1 endpoints, the preferred of which lies about the head, on a chain that reorganises its
/// anchors away.
/// </summary>
public sealed class LyingEndpointTests
{
    private const ulong MadeUp = 1_000;

    [SkippableFact]
    public async Task An_operator_with_one_honest_endpoint_of_two_anchors_each_batch_once_and_proves_its_epochs()
    {
        await using Arena arena = await Arena.StartAsync();
        await using RpcProxy liar = RpcProxy.Start(arena.L1);
        int lies = 0;
        liar.Lie = (method, parameters, result) =>
        {
            bool isHead = method == "eth_getBlockByNumber" && parameters[0]!.GetValue<string>() == "latest";
            if (isHead || method == "eth_blockNumber")
            {
                Interlocked.Increment(ref lies);
            }

            return isHead ? MakeUpHead(result!)
                : method == "eth_blockNumber" ? Ahead(result!)
                : result;
        };
        OperatorNode node = await arena.OperatorNodeAsync(("Meeda:L1:Rpc", $"{liar.Rpc},{arena.L1}"));
        await arena.MineAsync(5); // the stake is not to be taken back too
        BatchId first = await node.PostAsync(1_000);
        AnchorBody? anchor = null;
        await arena.UntilAsync(
            "the batch is anchored",
            async () => (anchor = await node.AnchorOfAsync(first)) is not null
        );

        // The blocks from the anchor's on are replaced by empty ones and no mempool knows the anchor any more, while
        // the next batch arrives.
        await arena.ReorganiseAsync(
            (int)(await arena.Client.GetBlockNumberAsync(CancellationToken.None) - anchor!.BlockNumber) + 2
        );
        await arena.Rpc.CallAsync("anvil_dropAllTransactions", [], CancellationToken.None);
        BatchId second = await node.PostAsync(2_000);
        await arena.UntilAsync(
            "both are anchored",
            async () =>
                (await AnchoredAsync(arena, node)).Contains(first)
                && (await AnchoredAsync(arena, node)).Contains(second)
        );
        await arena.UntilAsync(
            "the operator sees both",
            async () => await node.AnchorOfAsync(first) is not null && await node.AnchorOfAsync(second) is not null
        );
        await arena.UntilAsync(
            "an epoch over both is proven",
            async () =>
                (await node.HistoryOfAsync(first))?.Proven > 0 && (await node.HistoryOfAsync(second))?.Proven > 0
        );

        BatchId[] anchored = await AnchoredAsync(arena, node);
        Assert.Equal(1, anchored.Count(id => id == first));
        Assert.Equal(1, anchored.Count(id => id == second));
        Assert.True(lies > 0);
        Assert.Contains("eth_sendRawTransaction", liar.Calls);
    }

    /// <summary>
    /// L1 reorganises just after the operator has checked that its newest block is still on the chain, and before it
    /// reads on: what it had read must be rolled back nevertheless.
    /// </summary>
    [SkippableFact]
    public async Task A_reorganisation_between_two_questions_of_one_look_is_not_missed()
    {
        await using Arena arena = await Arena.StartAsync();
        await using RpcProxy proxy = RpcProxy.Start(arena.L1);
        bool isArmed = false;
        int reorganised = 0;
        proxy.Lie = (method, _, result) =>
        {
            if (
                method == "eth_blockNumber"
                && Volatile.Read(ref isArmed)
                && Interlocked.Exchange(ref reorganised, 1) == 0
            )
            {
                arena.ReorganiseAsync(4).GetAwaiter().GetResult();
                arena.Rpc.CallAsync("anvil_dropAllTransactions", [], CancellationToken.None).GetAwaiter().GetResult();
            }

            return result;
        };
        OperatorNode node = await arena.OperatorNodeAsync(("Meeda:L1:Rpc", $"{proxy.Rpc}"));
        await arena.MineAsync(8);
        BatchId first = await node.PostAsync(1_000);
        await arena.UntilAsync("the batch is anchored", async () => await node.AnchorOfAsync(first) is not null);
        Volatile.Write(ref isArmed, true);
        await arena.UntilAsync("L1 has reorganised", () => Task.FromResult(Volatile.Read(ref reorganised) == 1));

        BatchId second = await node.PostAsync(2_000);
        await arena.UntilAsync(
            "the operator sees what L1 has",
            async () =>
            {
                OperatorEvents events = await arena.System.ReadEventsAsync(
                    node.Address,
                    0,
                    await arena.Client.GetBlockNumberAsync(CancellationToken.None),
                    CancellationToken.None
                );
                ulong? On(BatchId id) =>
                    events
                        .Anchors.FirstOrDefault(anchor => anchor.Batches.Any(batch => batch.Batch == id))
                        ?.Anchor.BlockNumber;
                return On(first) is { } one
                    && On(second) is { } two
                    && (await node.AnchorOfAsync(first))?.BlockNumber == one
                    && (await node.AnchorOfAsync(second))?.BlockNumber == two;
            }
        );
        BatchId[] anchored = await AnchoredAsync(arena, node);
        Assert.Equal(1, anchored.Count(id => id == first));
        Assert.Equal(1, anchored.Count(id => id == second));
    }

    private static async Task<BatchId[]> AnchoredAsync(Arena arena, OperatorNode node)
    {
        OperatorEvents events = await arena.System.ReadEventsAsync(
            node.Address,
            0,
            await arena.Client.GetBlockNumberAsync(CancellationToken.None),
            CancellationToken.None
        );
        return [.. events.Anchors.SelectMany(anchor => anchor.Batches).Select(batch => batch.Batch)];
    }

    private static JsonNode MakeUpHead(JsonNode block)
    {
        block["number"] = Ahead(block["number"]!);
        block["hash"] = "0x" + new string('b', 64);
        return block;
    }

    private static JsonNode Ahead(JsonNode number) =>
        "0x"
        + (
            ulong.Parse(number.GetValue<string>()[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) + MadeUp
        ).ToString("x", CultureInfo.InvariantCulture);
}
