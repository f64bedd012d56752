using System.Numerics;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.EndToEnd.Tests.Attack;

/// <summary>
/// How a light node reacts to lying operators: on a real EVM, with the real contract, nothing replaced.
/// </summary>
[Trait("Category", "Attack")]
public sealed class LightNodeTests
{
    private static readonly BigInteger Reward =
        LocalParameters.OperatorStake * LocalParameters.Value.FraudRewardBps / 10_000;

    [SkippableFact]
    public async Task An_operator_that_proves_over_another_commitment_is_slashed_and_the_light_node_is_paid()
    {
        await using Arena arena = await Arena.StartAsync();
        Address light = await arena.LightNodeAsync();
        using TransactionSender account = await arena.OperatorAsync();
        var liar = new LyingOperator(arena, account);
        TransactionReceipt anchor = await liar.AnchorAsync(300_000);
        ulong epoch = await liar.ProveAsync(anchor.BlockNumber, lie: true);
        Assert.NotEqual(
            EpochStatus.None,
            await arena.System.Verifier.EpochStatusAsync(liar.Address, epoch, CancellationToken.None)
        );
        await arena.UntilSlashedAsync(liar.Address);
        Assert.Equal(
            EpochStatus.Fraudulent,
            await arena.System.Verifier.EpochStatusAsync(liar.Address, epoch, CancellationToken.None)
        );
        Assert.Equal(Reward, await arena.CreditAsync(light));
        Assert.Equal(0, (await arena.System.Anchors.StakeOfAsync(liar.Address, CancellationToken.None)).Stake);
    }

    [SkippableFact]
    public async Task An_operator_that_proves_honestly_keeps_its_stake()
    {
        await using Arena arena = await Arena.StartAsync();
        Address light = await arena.LightNodeAsync();
        using TransactionSender account = await arena.OperatorAsync();
        var honest = new LyingOperator(arena, account);
        TransactionReceipt anchor = await honest.AnchorAsync(1000);
        ulong epoch = await honest.ProveAsync(anchor.BlockNumber, lie: false);

        // A liar whose slashing shows that the light node has read past the honest proof.
        using TransactionSender second = await arena.OperatorAsync();
        var liar = new LyingOperator(arena, second);
        await liar.ProveAsync((await liar.AnchorAsync(1000)).BlockNumber, lie: true);
        await arena.UntilSlashedAsync(liar.Address);
        Assert.Equal(
            EpochStatus.Proven,
            await arena.System.Verifier.EpochStatusAsync(honest.Address, epoch, CancellationToken.None)
        );
        Assert.Equal(
            (LocalParameters.OperatorStake, false),
            await arena.System.Anchors.StakeOfAsync(honest.Address, CancellationToken.None)
        );
        Assert.Equal(Reward, await arena.CreditAsync(light));
    }

    public static TheoryData<string, string> Garbage =>
        new()
        {
            {
                "not compressed",
                "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
            },
            {
                "infinity with a bit too many",
                "c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001"
            },
            {
                "x is p",
                "9a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab"
            },
            {
                "x without y",
                "800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001"
            },
            {
                "outside the subgroup",
                "800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
            },
        };

    [SkippableTheory]
    [MemberData(nameof(Garbage))]
    public async Task An_operator_that_anchors_garbage_is_slashed(string what, string commitment)
    {
        await using Arena arena = await Arena.StartAsync();
        Address light = await arena.LightNodeAsync();
        using TransactionSender account = await arena.OperatorAsync();
        var liar = new LyingOperator(arena, account);
        await liar.AnchorRawAsync(1000, Convert.FromHexString(commitment));
        await arena.UntilSlashedAsync(liar.Address);
        Assert.True(await arena.CreditAsync(light) == Reward, what);
    }

    [SkippableFact]
    public async Task An_epoch_that_is_not_proven_is_reported_once()
    {
        await using Arena arena = await Arena.StartAsync();
        Address light = await arena.LightNodeAsync();
        using TransactionSender account = await arena.OperatorAsync();
        var silent = new LyingOperator(arena, account);
        TransactionReceipt anchor = await silent.AnchorAsync(1000);
        EpochParameters parameters = await arena.System.EpochParametersAsync(CancellationToken.None);
        ulong epoch = parameters.EpochAt(anchor.BlockNumber) + 1;
        await arena.MineAsync((int)(parameters.LastProofBlock(epoch) - anchor.BlockNumber) + 1);
        await arena.UntilAsync(
            "the miss is reported",
            async () =>
                await arena.System.Verifier.EpochStatusAsync(silent.Address, epoch, CancellationToken.None)
                == EpochStatus.Missed
        );
        await arena.UntilAsync(
            "the reporter is paid",
            async () => await arena.CreditAsync(light) >= LocalParameters.Value.MissReward
        );
    }

    [SkippableFact]
    public async Task Of_two_light_nodes_one_is_paid_and_the_other_loses_no_more_than_gas()
    {
        await using Arena arena = await Arena.StartAsync();
        Address[] lights = [await arena.LightNodeAsync(), await arena.LightNodeAsync()];
        BigInteger[] before =
        [
            .. await Task.WhenAll(
                lights.Select(light =>
                    arena.Client.GetBalanceAsync(light, Meeda.L1.Rpc.BlockTag.Latest, CancellationToken.None)
                )
            ),
        ];
        using TransactionSender account = await arena.OperatorAsync();
        var liar = new LyingOperator(arena, account);
        await liar.ProveAsync((await liar.AnchorAsync(1000)).BlockNumber, lie: true);
        await arena.UntilSlashedAsync(liar.Address);
        await arena.MineAsync(3);
        BigInteger[] credits = [.. await Task.WhenAll(lights.Select(arena.CreditAsync))];
        Assert.Equal([0, Reward], credits.Order());
        BigInteger[] after =
        [
            .. await Task.WhenAll(
                lights.Select(light =>
                    arena.Client.GetBalanceAsync(light, Meeda.L1.Rpc.BlockTag.Latest, CancellationToken.None)
                )
            ),
        ];
        Assert.All(before.Zip(after), pair => Assert.InRange(pair.First - pair.Second, 0, BigInteger.Pow(10, 17)));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task A_reorganisation_that_undoes_the_slashing_does_not_save_the_liar(int depth)
    {
        await using Arena arena = await Arena.StartAsync();
        Address light = await arena.LightNodeAsync();
        using TransactionSender account = await arena.OperatorAsync();
        var liar = new LyingOperator(arena, account);
        await liar.AnchorAsync(1000);
        await arena.MineAsync(12);
        await liar.ProveAsync(await arena.Client.GetBlockNumberAsync(CancellationToken.None), lie: true);
        await arena.UntilSlashedAsync(liar.Address);
        await arena.Rpc.CallAsync("anvil_reorg", [depth, Array.Empty<object>()], CancellationToken.None);

        // A deep enough reorganisation may have removed the lie too: then the liar repeats it.
        ulong head = await arena.Client.GetBlockNumberAsync(CancellationToken.None);
        if ((await arena.System.ReadEventsAsync(liar.Address, 0, head, CancellationToken.None)).Proofs.Count == 0)
        {
            await liar.ProveAsync(head, lie: true);
        }

        await arena.UntilSlashedAsync(liar.Address);
        await arena.UntilAsync("the light node is paid", async () => await arena.CreditAsync(light) == Reward);
    }
}
