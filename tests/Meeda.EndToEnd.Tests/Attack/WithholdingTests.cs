using System.Numerics;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.EndToEnd.Tests.Attack;

/// <summary>
/// Operators that have the data and do not serve it: what a light node demands of them appears on L1 as a real blob, or
/// costs them their stake.
/// </summary>
[Trait("Category", "Attack")]
public sealed class WithholdingTests
{
    private static readonly BigInteger Reward =
        LocalParameters.OperatorStake * LocalParameters.Value.FraudRewardBps / 10_000;

    [SkippableFact]
    public async Task An_operator_that_withholds_publishes_what_is_demanded_and_is_repaid()
    {
        await using Arena arena = await Arena.StartAsync();
        OperatorNode node = await arena.OperatorNodeAsync();
        BatchId id = await node.PostAsync(100_000);
        await arena.UntilAsync("the batch is anchored", async () => await node.AnchorOfAsync(id) is not null);

        // The light node reaches the operator only through a wall: the operator itself is honest and answers the
        // demand.
        using var wall = new Wall();
        Address light = await arena.LightNodeAsync((node.Address, wall.Url));
        await arena.UntilAsync("the blob is demanded", async () => await DemandsAsync(arena) is [_, ..]);
        DemandEvent demand = (await DemandsAsync(arena))[0];
        Assert.Equal(light, demand.Demander);
        await arena.UntilAsync(
            "the blob is published",
            async () =>
                await arena.System.Publication.DemandStatusAsync(demand.Id, CancellationToken.None)
                == DemandStatus.Published
        );

        // The published blob is the demanded one: its versioned hash is that of the anchored commitment.
        ulong block = (await arena.Client.GetBlockNumberAsync(CancellationToken.None));
        byte[] blob = await arena.PublishedBlobAsync(demand.VersionedHash, demand.BlockNumber, block);
        Assert.True(BlobEncoding.TryDecode(blob, out byte[] payload, out _));
        Assert.Equal(100_000, payload.Length);
        Assert.True(await arena.CreditAsync(node.Address) > 0);
        Assert.Equal(
            (LocalParameters.OperatorStake, false),
            await arena.System.Anchors.StakeOfAsync(node.Address, CancellationToken.None)
        );
    }

    [SkippableFact]
    public async Task An_operator_that_stays_silent_is_slashed_and_the_light_node_is_paid()
    {
        await using Arena arena = await Arena.StartAsync();
        using TransactionSender account = await arena.OperatorAsync();
        var silent = new LyingOperator(arena, account);
        await silent.AnchorAsync(1000);
        using var wall = new Wall();
        Address light = await arena.LightNodeAsync((silent.Address, wall.Url));
        await arena.UntilAsync("the blob is demanded", async () => await DemandsAsync(arena) is [_, ..]);
        await arena.MineAsync((int)LocalParameters.Value.PublishWindow + 1);
        await arena.UntilSlashedAsync(silent.Address);

        // The epochs that it missed meanwhile cost it some of the stake that the reward is a part of.
        await arena.UntilAsync(
            "the light node is paid, and has its bond back",
            async () => await arena.CreditAsync(light) >= (Reward * 8 / 10) + LocalParameters.Value.DemandBond
        );
    }

    /// <summary>
    /// While a demand is open, no other account can demand the blob, so an operator has it demanded by an accomplice
    /// that never expires the demand.
    /// </summary>
    [SkippableFact]
    public async Task A_demand_that_an_accomplice_leaves_lying_shields_nobody()
    {
        await using Arena arena = await Arena.StartAsync();
        using TransactionSender account = await arena.OperatorAsync();
        using TransactionSender accomplice = await arena.AccountAsync();
        var silent = new LyingOperator(arena, account);
        TransactionReceipt anchored = await silent.AnchorAsync(1000);
        OperatorEvents events = await arena.System.ReadEventsAsync(
            silent.Address,
            0,
            anchored.BlockNumber,
            CancellationToken.None
        );
        byte[] commitment = events.Anchors[0].Commitments;
        var leaf = new AnchoredLeaf(0, commitment, [], AnchorRoots.Of(commitment, [BatchId.Compute(1000, commitment)]));
        BigInteger bond = BigInteger.Pow(10, 18);
        await accomplice.SendAsync(
            arena.System.Publication.Demand(silent.Address, leaf, 0, bond),
            CancellationToken.None
        );
        using var wall = new Wall();
        Address light = await arena.LightNodeAsync((silent.Address, wall.Url));
        await arena.MineAsync((2 * (int)LocalParameters.Value.PublishWindow) + 2);
        await arena.UntilSlashedAsync(silent.Address);
        await arena.UntilAsync(
            "the light node has the reward",
            async () => await arena.CreditAsync(light) >= Reward * 7 / 10
        );
        Assert.Equal(accomplice.Address, Assert.Single(await DemandsAsync(arena)).Demander);
    }

    [SkippableFact]
    public async Task An_operator_that_answers_right_is_left_alone()
    {
        await using Arena arena = await Arena.StartAsync();
        OperatorNode honest = await arena.OperatorNodeAsync();
        BatchId id = await honest.PostAsync(300_000);
        await arena.UntilAsync("the batch is anchored", async () => await honest.AnchorOfAsync(id) is not null);
        using TransactionSender account = await arena.OperatorAsync();
        var silent = new LyingOperator(arena, account);
        await silent.AnchorAsync(1000);
        using var wall = new Wall();
        await arena.LightNodeAsync((honest.Address, honest.Http.BaseAddress!), (silent.Address, wall.Url));

        // That the silent one is demanded shows that the light node has sampled the honest one at least as often.
        await arena.UntilAsync(
            "the silent one's blob is demanded",
            async () => (await DemandsAsync(arena)).Any(demand => demand.Operator == silent.Address)
        );
        Assert.DoesNotContain(await DemandsAsync(arena), demand => demand.Operator == honest.Address);
    }

    private static async Task<IReadOnlyList<DemandEvent>> DemandsAsync(Arena arena) =>
        await arena.System.ReadDemandsAsync(
            operatorAddress: null,
            0,
            await arena.Client.GetBlockNumberAsync(CancellationToken.None),
            CancellationToken.None
        );
}
