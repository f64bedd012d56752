using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.DevNet;
using Meeda.Kzg.Curves;
using Meeda.L1.Rpc;
using Meeda.Light;
using Meeda.Node.Tests.Following;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.Node.Tests.Light;

/// <summary>What the light node finds and challenges, on a chain in memory.</summary>
public sealed class FraudDetectorTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private LightWorld _world = null!;

    public async Task InitializeAsync() => _world = await LightWorld.StartAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Poll_AnEpochThatWasProven_IsValidAndNothingIsSent()
    {
        ulong epoch = await AnchoredEpochAsync();
        await _world.ProveAsync(epoch);
        await _world.Node.PollAsync(None);
        Assert.Equal(Verdict.Valid, await _world.Ledger.ProofVerdictAsync(LightWorld.First, epoch, None));
        Assert.Equal(0ul, await _world.SentAsync());
    }

    [Fact]
    public async Task Poll_APartialSumIsNotThatOfTheAnchors_IsFoundInvalid()
    {
        await using LightWorld watching = await LightWorld.StartAsync(hasKey: false);
        await watching.World.AnchorAsync(AnchoringChain.First, LightWorld.ZeroBlob);
        EpochParameters epochs = LocalParameters.Value.Epochs;
        watching.L1.Mine((int)(2 * epochs.EpochBlocks));
        ulong epoch = epochs.EpochAt(watching.L1.Head - epochs.SeedDelay - 1);
        await watching.ProveAsync(epoch);
        watching.Rpc.Lie = (method, _, truth) => method == "eth_getLogs" ? WithWrongSum(truth) : truth;
        await watching.Node.PollAsync(None);
        Assert.Contains(
            watching.Log.Lines,
            line =>
                line.Contains($"submitted an invalid proof for epoch {epoch}: partial sum 0", StringComparison.Ordinal)
        );

        // Without a key that is all; it is not logged in every round.
        Assert.Equal(Verdict.Resolved, await watching.Ledger.ProofVerdictAsync(LightWorld.First, epoch, None));
        int lines = watching.Log.Lines.Count;
        await watching.Detector.PollAsync(watching.L1.Head, None);
        Assert.Equal(lines, watching.Log.Lines.Count);
    }

    [Fact]
    public async Task Poll_ACommitmentThatIsNoPoint_GetsItsOperatorSlashedOnce()
    {
        await _world.World.AnchorAsync(AnchoringChain.First);
        _world.L1.Mine();
        await _world.Node.PollAsync(None);
        await _world.Node.PollAsync(None);
        Assert.True((await _world.Contract.Anchors.AccountAsync(LightWorld.First, None)).IsSlashed);
        Assert.Equal(1ul, await _world.SentAsync());
        Assert.Empty(await _world.Ledger.AnchorsWithAsync(Verdict.Invalid, 9, None));

        // A reorganisation reverts the verdict, until L1 shows again that the operator was slashed.
        _world.L1.Reorganise(1);
        await _world.Ledger.RollBackAsync((long)_world.L1.Head - 1, 0, None);
        Assert.Single(await _world.Ledger.AnchorsWithAsync(Verdict.Invalid, 9, None));
        _world.L1.Mine();
        await _world.Node.PollAsync(None);
        Assert.Empty(await _world.Ledger.AnchorsWithAsync(Verdict.Invalid, 9, None));
        Assert.True((await _world.Contract.Anchors.AccountAsync(LightWorld.First, None)).IsSlashed);
    }

    /// <summary>A single answer from an endpoint, invented or for another block, does not exonerate a liar.</summary>
    [Fact]
    public async Task Poll_AChallengeIsRefusedThoughNothingIsDecided_IsSentAgain()
    {
        await _world.World.AnchorAsync(AnchoringChain.First);
        _world.L1.Mine();
        var refused = 0;
        _world.Rpc.Lie = (method, parameters, truth) =>
            method == "eth_estimateGas" && refused++ == 0
                ? throw new JsonRpcException(method, 3, "execution reverted", new byte[4])
                : _world.MineAfterSend(method, parameters, truth);
        await _world.Node.PollAsync(None);
        Assert.Equal(0ul, await _world.SentAsync());
        _world.Clock.Advance(TimeSpan.FromMinutes(1));
        await _world.Node.PollAsync(None);
        Assert.True((await _world.Contract.Anchors.AccountAsync(LightWorld.First, None)).IsSlashed);
    }

    [Fact]
    public async Task Poll_EpochsThatWereMissed_AreReportedEachOnce()
    {
        await AnchoredEpochAsync();
        _world.L1.Mine(44);
        await _world.Node.PollAsync(None);
        ulong first = await _world.SentAsync();
        Assert.NotEqual(0ul, first);
        await _world.Node.PollAsync(None);
        await _world.RestartAsync();
        await _world.Node.PollAsync(None);
        Assert.Equal((ulong)MissedEpochs(), await _world.SentAsync());
    }

    /// <summary>An endpoint that is a block behind answers for a contract whose window is still open.</summary>
    [Fact]
    public async Task Poll_AReportIsRefusedTooEarly_IsSentLater()
    {
        await AnchoredEpochAsync();
        _world.L1.Mine(44);
        var refused = 0;
        _world.Rpc.Lie = (method, parameters, truth) =>
            method == "eth_estimateGas" && refused++ == 0
                ? throw new JsonRpcException(method, 3, "execution reverted", new byte[4])
                : _world.MineAfterSend(method, parameters, truth);
        await _world.Node.PollAsync(None);
        Assert.Equal(0ul, await _world.SentAsync());
        _world.Clock.Advance(TimeSpan.FromMinutes(1));
        await _world.Node.PollAsync(None);
        Assert.Equal((ulong)MissedEpochs(), await _world.SentAsync());
    }

    /// <summary>A stake of a wei pays a reward of a wei: its misses must not use up the budget.</summary>
    [Fact]
    public async Task Poll_TheStakeDoesNotPayTheReward_IsNotReported()
    {
        await AnchoredEpochAsync();
        _world.L1.Stake(LightWorld.First, 1 - LocalParameters.OperatorStake);
        _world.L1.Mine(44);
        await _world.Node.PollAsync(None);
        Assert.Equal(0ul, await _world.SentAsync());
        Assert.Contains(_world.Log.Lines, line => line.Contains("its reward of 1 wei", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Poll_AReportCostsMoreThanItsReward_IsNotSent()
    {
        await AnchoredEpochAsync();
        _world.L1.BaseFee = 1_000_000_000_000; // a report costs more than its reward
        _world.L1.Mine(44);
        await _world.Node.PollAsync(None);
        Assert.Equal(0ul, await _world.SentAsync());
        Assert.Contains(
            _world.Log.Lines,
            line => line.Contains("costs more than its reward", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Poll_L1FailsAtAnyCall_ANewProcessFinishesAndNothingIsReportedTwice()
    {
        await AnchoredEpochAsync();
        _world.L1.Mine(36);
        for (int call = 1; ; call++)
        {
            _world.L1.Mine(4);
            int start = _world.Rpc.Calls;
            int target = call;
            _world.Rpc.Before = number =>
            {
                if (number - start == target)
                {
                    throw new L1UnreachableException("it is away") { Problem = L1Problem.Connection };
                }
            };
            await _world.Node.PollAsync(None);
            bool isWhole = _world.Rpc.Calls - start < target;
            _world.Rpc.Before = null;
            await _world.RestartAsync();
            await _world.Node.PollAsync(None);
            Assert.Equal(0, Reverted());
            if (isWhole)
            {
                break;
            }
        }

        Assert.True(MissedEpochs() > 0);
        Assert.Equal((ulong)MissedEpochs(), await _world.SentAsync());
    }

    [Fact]
    public async Task Poll_IsCancelledAtAnyCall_EndsAtOnce()
    {
        await AnchoredEpochAsync();
        _world.L1.Mine(44);
        for (int call = 1; call <= 12; call++)
        {
            using var stop = new CancellationTokenSource();
            int start = _world.Rpc.Calls;
            int target = call;
            _world.Rpc.Before = number =>
            {
                if (number - start == target)
                {
                    stop.Cancel();
                }
            };
            Exception? end = await Record.ExceptionAsync(() => _world.Node.PollAsync(stop.Token));
            Assert.True(stop.IsCancellationRequested is false || end is OperationCanceledException);
            _world.Rpc.Before = null;
            await _world.RestartAsync(); // which is what a cancelled process does
        }
    }

    private int MissedEpochs() =>
        _world.L1.Verified.Of(LightWorld.First).Epochs.Values.Count(epoch => epoch.Status == EpochStatus.Missed);

    private int Reverted() =>
        _world.Log.Lines.Count(line => line.Contains("the contract reverts", StringComparison.Ordinal));

    /// <summary>An anchor, and the newest epoch in which it was live.</summary>
    private async Task<ulong> AnchoredEpochAsync()
    {
        await _world.World.AnchorAsync(AnchoringChain.First, LightWorld.ZeroBlob);
        EpochParameters epochs = LocalParameters.Value.Epochs;
        _world.L1.Mine((int)(2 * epochs.EpochBlocks));
        return epochs.EpochAt(_world.L1.Head - epochs.SeedDelay - 1);
    }

    /// <summary>The logs, with another point instead of each proof's first partial sum.</summary>
    private static JsonElement WithWrongSum(JsonElement logs)
    {
        // The sums begin after seed, hints, their offset, y, the opening's offset and their length.
        const int Sums = 32 + 96 + 32 + 32 + 32 + 32;
        byte[] wrong = PackedPoints.Encode([G1Point.Generator]);
        var changed = System.Text.Json.Nodes.JsonNode.Parse(logs.GetRawText())!.AsArray();
        string topic = ContractArtifact.Verifier.Contract.TopicOf("ProofSubmitted").ToString();
        foreach (System.Text.Json.Nodes.JsonNode? log in changed)
        {
            if ((string)log!["topics"]![0]! == topic)
            {
                byte[] data = Convert.FromHexString(((string)log["data"]!)[2..]);
                wrong.CopyTo(data, Sums);
                log["data"] = "0x" + Convert.ToHexStringLower(data);
            }
        }

        return JsonSerializer.SerializeToElement(changed);
    }
}
