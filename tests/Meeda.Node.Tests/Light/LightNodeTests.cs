using System.Numerics;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Node.Tests.Following;
using Meeda.Protocol.Proofs;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Light;

/// <summary>A light node's rounds, its budget, its sampling and its histories, on a chain in memory.</summary>
public sealed class LightNodeTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private LightWorld _world = null!;

    public async Task InitializeAsync() => _world = await LightWorld.StartAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Poll_L1IsSilent_OperatorsAreSampledAllTheSame()
    {
        await AnchorAsync();
        await _world.Node.PollAsync(None);
        _world.Api.Asked.Clear();
        _world.Clock.Advance(TimeSpan.FromMinutes(2));
        _world.L1.Mine();
        _world.Rpc.Lie = (method, parameters, truth) =>
            method == "eth_blockNumber"
                ? throw new L1UnreachableException("it is away") { Problem = L1Problem.Connection }
                : truth;
        await _world.Node.PollAsync(None);
        Assert.NotEmpty(_world.Api.Asked);
        Assert.Contains(_world.Log.Lines, line => line.Contains("Reading L1 waits", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Execute_StartedAndStopped_FollowsAndEnds()
    {
        await AnchorAsync();
        await _world.Node.StartAsync(None);
        await Patience.UntilAsync(
            async () => await _world.Ledger.Index.TipAsync(None) is { } tip && tip.Number >= _world.L1.Head,
            TimeSpan.FromSeconds(60)
        );

        await _world.Node.StopAsync(None);
        Assert.True(_world.Node.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task Sampling_ABlobIsWithheld_IsDemandedWhenPatienceIsOverAndNotBefore()
    {
        await using LightWorld watching = await LightWorld.StartAsync(hasKey: false);
        await watching.World.AnchorAsync(AnchoringChain.First, LightWorld.ZeroBlob);
        watching.L1.Mine();
        await watching.Node.PollAsync(None);
        for (int round = 1; round <= watching.Options.Patience; round++)
        {
            Assert.Equal(round, watching.Api.Asked.Count); // one blob is live: it is asked for once in a round
            Assert.Equal(round >= watching.Options.Patience, IsDemanding());
            await watching.Node.PollAsync(None); // too early
            watching.Clock.Advance(watching.Options.SampleInterval);
            await watching.Node.PollAsync(None);
        }

        bool IsDemanding() =>
            watching.Log.Lines.Any(line => line.Contains("blob 0 withheld by", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sampling_AfterARestart_BeginsToCountAgain()
    {
        await AnchorAsync();
        await _world.Node.PollAsync(None);
        _world.Clock.Advance(_world.Options.SampleInterval);
        await _world.Node.PollAsync(None);
        await _world.RestartAsync();
        await _world.Node.PollAsync(None);
        Assert.Equal(3, _world.Api.Asked.Count);
        Assert.DoesNotContain(_world.Log.Lines, line => line.Contains("; 3 attempts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sampling_TheOperatorIsSlashedOrItsBlobsExpired_IsNotAsked()
    {
        await _world.World.AnchorAsync(AnchoringChain.First); // no point: it is slashed in the same round
        _world.L1.Mine();
        await _world.Node.PollAsync(None);
        Assert.Empty(_world.Api.Asked);

        await using LightWorld other = await LightWorld.StartAsync(hasKey: false);
        await other.World.AnchorAsync(AnchoringChain.First, LightWorld.ZeroBlob);
        other.L1.Mine();
        other.L1.Mine(1_000);
        await other.Sampling.PollAsync(other.L1.Head, None);
        Assert.Empty(other.Api.Asked);
    }

    [Fact]
    public async Task Sampling_IsCancelled_Ends()
    {
        await AnchorAsync();
        await _world.Node.PollAsync(None);
        _world.Clock.Advance(_world.Options.SampleInterval);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _world.Sampling.PollAsync(_world.L1.Head, new CancellationToken(canceled: true))
        );
    }

    [Fact]
    public async Task Send_TheBudgetIsSpent_SendsNothingAndMayBeTriedAgain()
    {
        await using LightWorld poor = await LightWorld.StartAsync(budget: 1);
        Assert.True(await poor.Challenges.SendAsync(Transfer(poor, 0), "the first", None)); // nothing is spent yet
        Assert.True(await poor.Ledger.SpentAsync(None) > 1);
        await poor.RestartAsync();
        Assert.False(await poor.Challenges.SendAsync(Transfer(poor, 0), "the second", None));
        Assert.Equal(1ul, await poor.SentAsync());
        Assert.Contains(poor.Log.Lines, line => line.Contains("the budget is spent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Send_ABondThatExceedsTheBudget_IsNotSent()
    {
        Assert.False(await _world.Challenges.SendAsync(Transfer(_world, _world.Options.Budget + 1), "a bond", None));
        Assert.Equal(0ul, await _world.SentAsync());
        Assert.Equal(BigInteger.Zero, await _world.Ledger.SpentAsync(None));
    }

    /// <summary>An operator that withholds and publishes what is demanded must not silence the light node.</summary>
    [Fact]
    public async Task Send_BondsHaveTakenHalfOfTheBudget_ChallengesAreStillSent()
    {
        Assert.True(await _world.Challenges.SendAsync(Transfer(_world, _world.Options.Budget / 2), "a bond", None));
        Assert.False(await _world.Challenges.SendAsync(Transfer(_world, 1), "another bond", None));
        Assert.True(await _world.Challenges.SendAsync(Transfer(_world, 0), "a fraud proof", None));
        Assert.Equal(2ul, await _world.SentAsync());
    }

    [Fact]
    public async Task Send_TheContractRefuses_IsOverAndCostsNothing()
    {
        var late = _world.Contract.Verifier.ReportMiss(LightWorld.First, 1, new RangeHints(0, 0, 1), null);
        Assert.True(await _world.Challenges.SendAsync(late, "a miss that was none", None));
        Assert.Equal(0ul, await _world.SentAsync());
        Assert.Equal(BigInteger.Zero, await _world.Ledger.SpentAsync(None));
        Assert.Contains(_world.Log.Lines, line => line.Contains("the contract reverts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task History_OfABatch_TellsProvenMissedAndPendingEpochs()
    {
        await AnchorAsync();
        EpochParameters epochs = LocalParameters.Value.Epochs;
        _world.L1.Mine((int)(2 * epochs.EpochBlocks));
        ulong proven = epochs.EpochAt(_world.L1.Head - epochs.SeedDelay - 1);
        await _world.ProveAsync(proven);
        _world.L1.Mine(40);
        await _world.Node.PollAsync(None);
        BatchAnchoring anchoring = (await AnchoringAsync())!;
        IReadOnlyList<SampledEpoch> history = await new SamplingHistory(
            _world.Ledger.Index,
            _world.Verification
        ).OfAsync(anchoring, None);
        Assert.All(history, epoch => Assert.Equal(1, epoch.Sampled)); // one blob is live
        Assert.Equal(EpochOutcome.Proven, Assert.Single(history, epoch => epoch.Epoch == proven).Outcome);
        Assert.Equal(EpochOutcome.Pending, history[^1].Outcome);
        EpochParameters parameters = await _world.Verification.ParametersAsync(None);
        ulong tip = (await _world.Ledger.Index.TipAsync(None))!.Value.Number;
        Assert.All(
            history.Where(epoch => epoch.Epoch != proven),
            epoch =>
                Assert.Equal(
                    tip > parameters.LastProofBlock(epoch.Epoch) ? EpochOutcome.Missed : EpochOutcome.Pending,
                    epoch.Outcome
                )
        );
        Assert.Contains(history, epoch => epoch.Outcome == EpochOutcome.Missed);
    }

    [Fact]
    public async Task History_BeforeAnythingWasRead_IsEmpty()
    {
        await AnchorAsync();
        await _world.Node.PollAsync(None);
        BatchAnchoring anchoring = (await AnchoringAsync())!;
        await _world.Ledger.RollBackAsync(-1, 0, None);
        Assert.Empty(await new SamplingHistory(_world.Ledger.Index, _world.Verification).OfAsync(anchoring, None));
    }

    private static TransactionRequest Transfer(LightWorld world, BigInteger wei) =>
        new(Address.Parse("0x00000000000000000000000000000000000a11ce"), [], wei);

    private async Task AnchorAsync()
    {
        await _world.World.AnchorAsync(AnchoringChain.First, LightWorld.ZeroBlob);
        _world.L1.Mine();
    }

    private async Task<BatchAnchoring?> AnchoringAsync() =>
        await _world.Ledger.Index.LastAnchoringAsync(
            Protocol.Batches.BatchId.Compute(1_000, LightWorld.ZeroBlob),
            None
        );
}
