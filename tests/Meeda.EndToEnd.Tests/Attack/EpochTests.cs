using System.Numerics;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.Client;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.EndToEnd.Tests.Attack;

/// <summary>
/// The product's operator over many epochs, with a light node that would have it slashed for anything.
/// </summary>
[Trait("Category", "Attack")]
public sealed class EpochTests
{
    [SkippableFact]
    public async Task Twenty_epochs_of_honest_work_with_batches_that_expire_cost_nothing()
    {
        await using Arena arena = await Arena.StartAsync(
            LocalParameters.Value with
            {
                Retention = 48,
                AnchorGrace = 32,
                MissPenalty = LocalParameters.Value.MinimumStake / 16,
            }
        );
        OperatorNode node = await arena.OperatorNodeAsync();
        Address light = await arena.LightNodeAsync((node.Address, node.Http.BaseAddress!));
        EpochParameters parameters = await arena.System.EpochParametersAsync(CancellationToken.None);
        var ids = new List<BatchId>();
        ulong first = 0;
        for (int proven = 0; proven < 20; proven++)
        {
            // A batch every other epoch: some expire while others come.
            if (proven % 2 == 0)
            {
                BatchId id = await node.PostAsync(40_000 * (1 + (proven % 5)));
                ids.Add(id);
                await arena.UntilAsync("the batch is anchored", async () => await node.AnchorOfAsync(id) is not null);
            }

            ulong epoch = Math.Max(
                first + 1,
                parameters.EpochAt(await arena.Client.GetBlockNumberAsync(CancellationToken.None)) + 1
            );
            await arena.MineToAsync(parameters.SeedBlockOf(epoch) + 1);
            await arena.UntilAsync(
                $"epoch {epoch} is proven",
                async () =>
                    await arena.System.Verifier.EpochStatusAsync(node.Address, epoch, CancellationToken.None)
                    == EpochStatus.Proven
            );
            first = epoch;
        }

        // All but the last have expired and were proven at least once, none was missed.
        ulong head = await arena.Client.GetBlockNumberAsync(CancellationToken.None);
        int expired = 0;
        foreach (BatchId id in ids)
        {
            HistoryBody history = (await node.HistoryOfAsync(id))!;
            Assert.InRange(history.Proven, 1, 20);
            Assert.Equal(0, history.Missed);
            expired += (await node.AnchorOfAsync(id))!.Expiry <= head ? 1 : 0;
        }

        Assert.InRange(expired, 1, ids.Count - 1);
        await arena.MineAsync((int)(parameters.SeedDelay + parameters.ProofWindow) + 1);
        Assert.Equal(
            (LocalParameters.OperatorStake, false),
            await arena.System.Anchors.StakeOfAsync(node.Address, CancellationToken.None)
        );
        Assert.Equal(0, await arena.CreditAsync(light));
    }

    [SkippableFact]
    public async Task A_row_lost_beyond_repair_costs_the_operator_the_epoch_and_is_reported()
    {
        await using Arena arena = await Arena.StartAsync();
        OperatorNode node = await arena.OperatorNodeAsync();
        BatchId id = await node.PostAsync(50_000);
        await arena.UntilAsync(
            "an epoch over the batch is proven",
            async () => (await node.HistoryOfAsync(id))?.Proven > 0
        );

        // Every copy of the one row, at every provider.
        string[] files =
        [
            .. Directory
                .EnumerateFiles(node.Folder, "*", SearchOption.AllDirectories)
                .Where(file => file.Contains(id.ToString()[2..], StringComparison.OrdinalIgnoreCase)),
        ];
        Assert.NotEmpty(files);
        Array.ForEach(files, File.Delete);
        Address light = await arena.LightNodeAsync();
        EpochParameters parameters = await arena.System.EpochParametersAsync(CancellationToken.None);
        ulong lost = parameters.EpochAt(await arena.Client.GetBlockNumberAsync(CancellationToken.None)) + 1;
        await arena.MineToAsync(parameters.LastProofBlock(lost) + 1);
        await arena.UntilAsync(
            "the miss is reported",
            async () =>
                await arena.System.Verifier.EpochStatusAsync(node.Address, lost, CancellationToken.None)
                == EpochStatus.Missed
        );
        await arena.UntilAsync(
            "the reporter is paid",
            async () => await arena.CreditAsync(light) >= LocalParameters.Value.MissReward
        );
        (BigInteger stake, bool slashed) = await arena.System.Anchors.StakeOfAsync(
            node.Address,
            CancellationToken.None
        );
        Assert.True(stake <= LocalParameters.OperatorStake - LocalParameters.Value.MissPenalty);
        Assert.False(slashed);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(8)]
    public async Task Reorganisations_of_anchor_seed_and_proof_lose_nothing_and_slash_no_operator(int depth)
    {
        await using Arena arena = await Arena.StartAsync();
        OperatorNode node = await arena.OperatorNodeAsync();
        Address light = await arena.LightNodeAsync((node.Address, node.Http.BaseAddress!));
        EpochParameters parameters = await arena.System.EpochParametersAsync(CancellationToken.None);
        await arena.MineAsync(depth); // the stake itself is out of reach
        var ids = new List<BatchId>();

        // 1. The anchor's block.
        ids.Add(await node.PostAsync(50_000));
        await arena.UntilAsync("the batch is anchored", async () => await node.AnchorOfAsync(ids[^1]) is not null);
        await arena.ReorganiseAsync(depth);

        // 2. The seed block: a proof over the old one must not count.
        ids.Add(await node.PostAsync(150_000));
        await arena.UntilAsync(
            "both batches are anchored",
            async () => await node.AnchorOfAsync(ids[0]) is not null && await node.AnchorOfAsync(ids[1]) is not null
        );
        ulong epoch = parameters.EpochAt(await arena.Client.GetBlockNumberAsync(CancellationToken.None)) + 1;
        await arena.MineToAsync(parameters.SeedBlockOf(epoch) + 1);
        await arena.ReorganiseAsync(depth);

        // 3. The proof's block.
        await arena.UntilAsync("an epoch is proven", async () => await ProvenAsync(arena, node) is not null);
        await arena.ReorganiseAsync(depth);

        await arena.UntilAsync(
            "every batch is anchored and proven on the chain that stands",
            async () =>
            {
                foreach (BatchId id in ids)
                {
                    // The operator may not have seen the last reorganisation yet, so L1 is asked too.
                    if (
                        await node.HistoryOfAsync(id) is not { Proven: > 0 }
                        || (await HoldersAsync(arena, id)).Count == 0
                    )
                    {
                        return false;
                    }
                }

                return true;
            }
        );
        foreach (BatchId id in ids)
        {
            Assert.Single(await HoldersAsync(arena, id));
        }

        Assert.Equal(
            (LocalParameters.OperatorStake, false),
            await arena.System.Anchors.StakeOfAsync(node.Address, CancellationToken.None)
        );
        Assert.Equal(0, await arena.CreditAsync(light));
    }

    /// <summary>The operator of each anchoring of a batch that stands on L1.</summary>
    private static async Task<IReadOnlyList<Address>> HoldersAsync(Arena arena, BatchId id) =>
        await arena.System.ReadHoldersAsync(
            id,
            0,
            await arena.Client.GetBlockNumberAsync(CancellationToken.None),
            CancellationToken.None
        );

    /// <summary>The newest epoch that L1 counts as proven, or null.</summary>
    private static async Task<ulong?> ProvenAsync(Arena arena, OperatorNode node)
    {
        ulong head = await arena.Client.GetBlockNumberAsync(CancellationToken.None);
        OperatorEvents events = await arena.System.ReadEventsAsync(node.Address, 0, head, CancellationToken.None);
        return events.Proofs.Count == 0 ? null : events.Proofs[^1].Seen.Epoch;
    }
}
