using Meeda.Operator.Batches;
using Xunit;

namespace Meeda.Node.Tests.Model;

/// <summary>The shortest sequences with which the random test has broken a promise, as regression tests.</summary>
public sealed class FoundSequenceTests
{
    private static readonly NodeSettings Ordinary = new();

    [Fact]
    public Task Final_OneAnswerFarAhead_GivesNothingUp() =>
        AssertKeptAsync(new Put(0), new Tick(), new Lying(Lie.Finalized), new Look(), new Retain());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public Task Put_ExpiredWhileItIsGivenUp_IsKept(int use) =>
        AssertKeptAsync(
            new Put(0),
            new Tick(),
            new Expire(0, 16),
            new Wait(1),
            new During(new Put(0), use, new Retain())
        );

    [Fact]
    public Task Put_ExpiredBeforeL1IsRead_IsAnchoredAnew() =>
        AssertKeptAsync(
            new Put(0),
            new Tick(),
            new Expire(0, 16),
            new Silence(true),
            new Restart(Ordinary),
            new Put(0)
        );

    [Fact]
    public Task Put_ExpiredOnALedgerReadAnewFromL1_IsAnchoredAnew() =>
        AssertKeptAsync(new Put(0), new Tick(), new Expire(0, 1), new LoseLedger(), new Look(), new Put(0));

    [Fact]
    public Task Put_Expired_ItsInclusionBeforeTheNewAnchorIsValid() =>
        AssertKeptAsync(new Put(0), new Tick(), new Expire(0, 1), new Put(0), new Mine(2), new Look());

    [Theory]
    [InlineData(-1)]
    [InlineData(-3)]
    public Task Put_NearlyExpired_IsAnchoredAnew(int after) =>
        AssertKeptAsync(new Put(0), new Tick(), new Expire(0, after), new Put(0));

    [Fact]
    public Task Get_AnchoredBatchOnAnEmptyLedger_IsNotDenied() =>
        AssertKeptAsync(new Put(0), new Tick(), new LoseLedger());

    [Fact]
    public Task Get_AnchoredBatchOnALedgerReadAnewFromL1_IsNotDenied() =>
        AssertKeptAsync(new Put(0), new Tick(), new LoseLedger(), new Look());

    [Fact]
    public Task Restart_FewerBlobsInAnAnchorThanABatchHas_AnchorsItAndWhatCameLater() =>
        AssertKeptAsync(new Put(3), new Restart(Ordinary with { MaxBlobs = 2, MaxBatchBytes = 200_000 }), new Put(0));

    [Fact]
    public Task Put_ExpiredThatWaitsForItsAnchor_WaitsForTheNewOne() =>
        AssertKeptAsync(new Put(0), new Tick(), new Expire(0, 1), new Put(0, BatchState.Anchored));

    [Fact]
    public Task Put_GivenUpThatWaitsForItsAnchor_WaitsForTheNewOne() =>
        AssertKeptAsync(new Put(0), new Tick(), new Expire(0, 16), new Retain(), new Put(0, BatchState.Anchored));

    [Fact]
    public Task Put_WhoseRowsAreLost_IsStoredAgain() =>
        AssertKeptAsync(
            new Restart(Ordinary with { LocalCopyBytes = 0 }),
            new Put(0),
            new Tick(),
            new LoseRows(7),
            new Scrub(),
            new Put(0)
        );

    [Fact]
    public Task Put_WhoseRowsAreLostWhileThePayloadIsHeld_OutlivesThePayload() =>
        AssertKeptAsync(
            new Put(0, BatchState.Anchored),
            new LoseRows(7),
            new Put(0),
            new Put(2),
            new Restart(Ordinary with { LocalCopyBytes = 0 })
        );

    [Fact]
    public Task Put_WhileTheClockWasAhead_IsAnchoredWithinTheInterval() =>
        AssertKeptAsync(new SetClock(200), new Put(0), new SetClock(0), new Put(1));

    [Fact]
    public Task Put_WhileTheClockWasAheadAndRowsArePacked_IsAnchoredSoon() =>
        AssertKeptAsync(
            new Restart(Ordinary with { PackDelay = TimeSpan.FromMinutes(2) }),
            new SetClock(200),
            new Put(0),
            new SetClock(0),
            new Put(1)
        );

    [Fact]
    public Task Put_NearlyExpiredOnAnEmptyLedger_ItsInclusionBeforeTheNewAnchorIsValid() =>
        AssertKeptAsync(new Put(0), new Tick(), new Expire(0, -1), new LoseLedger(), new Put(0));

    [Fact]
    public Task Renew_BeforeAReorganisationDownToAnOldPoint_IsStillOwed() =>
        AssertKeptAsync(
            new Put(0),
            new Tick(),
            new Tick(),
            new Tick(),
            new Tick(),
            new Reorganise(4),
            new Expire(0, 16),
            new Renew(0),
            new Reorganise(4, Forget: true)
        );

    [Fact]
    public Task Logs_OneEmptyAnswer_AnchorsWhatComesLater() =>
        AssertKeptAsync(new Put(0), new Lying(Lie.Logs), new Put(1, BatchState.Anchored));

    [Fact]
    public Task Head_OneAnswerFarAhead_StopsNothing() => AssertKeptAsync(new Lying(Lie.Head), new Anchors(0));

    [Fact]
    public Task Scrub_OfABatchKnownFromL1AloneWhoseRowsAreLost_Ends() =>
        AssertKeptAsync(new Put(0), new Tick(), new LoseRows(7), new LoseLedger(), new Look(), new Scrub());

    private static async Task AssertKeptAsync(params Operation[] operations)
    {
        BrokenInvariantException? broken = await ModelTests.RunAsync(
            new SqliteLedgers(),
            nodes: 1,
            operations,
            new HashSet<Invariant>()
        );
        Assert.True(broken is null, broken?.Message);
    }
}
