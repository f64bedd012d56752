using Meeda.Operator.Anchors;
using Meeda.Operator.Persistence;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Meeda.Node.Tests.Services;

/// <summary>The service that anchors stored batches: once each, whatever fails meanwhile.</summary>
public sealed class AnchorPosterTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private ServiceWorld _world = null!;
    private AnchorPoster _poster = null!;

    public async Task InitializeAsync()
    {
        _world = await ServiceWorld.OpenAsync();
        _poster = _world.Own(_world.NewPoster(new AnchorOptions { Interval = Interval, MaxBlobs = 4 }));
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Run_ABatchIsPlaced_IsAnchoredWhenTheIntervalIsOver_AndOnce()
    {
        StoredBatch batch = await _world.PutAndPlaceAsync(1, 2, 3);
        await _poster.StartAsync(default);
        await _world.PassAsync(Interval / 2);
        Assert.Empty(_world.OnL1.Anchors);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        await _world.PassAsync(Interval * 2);
        Assert.Single(_world.OnL1.AnchorsOf(batch.Id));
        Assert.Single(_world.OnL1.Anchors);
    }

    [Fact]
    public async Task Run_AFullAnchorWaits_IsSentBeforeTheIntervalIsOver()
    {
        DateTimeOffset began = _world.Clock.GetUtcNow();
        for (byte i = 0; i < 4; i++)
        {
            await _world.PutAndPlaceAsync(i);
        }

        await _poster.StartAsync(default);
        await _world.UntilAsync(() => _world.OnL1.Anchors.Count == 1);
        Assert.Equal(4, _world.OnL1.Batches.Count);
        Assert.InRange(_world.Clock.GetUtcNow() - began, TimeSpan.Zero, Interval / 2);
    }

    [Fact]
    public async Task Run_L1IsAway_AnchorsWhenItIsBack_Once()
    {
        await BeginAsync();
        StoredBatch batch = await _world.PutAndPlaceAsync(1, 2, 3);
        _world.L1.GoAway();
        await _world.UntilAsync(() => _world.HasLogged("Anchoring waits: L1 does not answer"));
        _world.L1.ComeBack();
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        Assert.Single(_world.OnL1.AnchorsOf(batch.Id));
        await _world.UntilAsync(() => _world.HasLogged("Anchoring continues after"));
    }

    /// <summary>The transaction is out, and its answer was lost.</summary>
    [Fact]
    public async Task Run_TheAnswerToTheTransactionIsLost_SendsNoSecondOne()
    {
        StoredBatch batch = await _world.PutAndPlaceAsync(1, 2, 3);
        int lost = 0;
        _world.L1.Failure = method =>
            method == "eth_getTransactionReceipt" && lost++ < 20
                ? new TaskCanceledException("the request timed out")
                : null;
        await _poster.StartAsync(default);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        await _world.PassAsync(Interval * 2);
        Assert.Single(_world.OnL1.Anchors);
        Assert.False(_poster.ExecuteTask!.IsCompleted);
        Assert.True(lost > 0);
    }

    [Theory]
    [InlineData("eth_estimateGas")]
    [InlineData("eth_blockNumber")]
    public async Task Run_ACallTimesOut_IsTriedAgain(string timedOut)
    {
        StoredBatch batch = await _world.PutAndPlaceAsync(1, 2, 3);
        await _poster.StartAsync(default);
        _world.L1.Failure = method => method == timedOut ? new TaskCanceledException("the request timed out") : null;
        int before = _world.L1.Calls.Count(method => method == timedOut);
        await _world.UntilAsync(() => _world.L1.Calls.Count(method => method == timedOut) > before + 3);
        Assert.Empty(_world.OnL1.Anchors);
        Assert.False(_poster.ExecuteTask!.IsCompleted);
        _world.L1.ComeBack();
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        Assert.Single(_world.OnL1.Anchors);
    }

    [Fact]
    public async Task Run_TheLedgerFails_SaysSo_AndAnchorsWhenItWorks()
    {
        await BeginAsync();
        StoredBatch batch = await _world.PutAndPlaceAsync(1, 2, 3);
        _world.Database.Failure = new SqliteException("disk I/O error", 10);
        await _world.UntilAsync(() => _world.HasLogged("Anchoring waits: the ledger fails"));
        _world.Database.Failure = null;
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        Assert.Single(_world.OnL1.AnchorsOf(batch.Id));
    }

    /// <summary>Another operator leads just before the transaction is journaled: this one must not send it.</summary>
    [Fact]
    public async Task Run_TheLeaseIsLostInTheMiddle_SendsNothing_UntilItLeadsAgain()
    {
        StoredBatch batch = await _world.PutAndPlaceAsync(1, 2, 3);
        await _poster.StartAsync(default);
        _world.L1.Failure = method =>
        {
            _world.Lease.IsFree &= method != "eth_estimateGas";
            return null;
        };
        await _world.UntilAsync(() => !_world.Lease.IsFree && !_world.Election.IsLeading);
        await _world.PassAsync(Interval);
        Assert.DoesNotContain("eth_sendRawTransaction", _world.L1.Calls);
        Assert.False(_world.HasLogged("Anchoring waits"));
        _world.L1.ComeBack();
        _world.Lease.IsFree = true;
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        Assert.Single(_world.OnL1.Anchors);
    }

    /// <summary>What was sent before the lease was lost may be mined while another one leads.</summary>
    [Fact]
    public async Task Run_TheLeaseIsLostAfterSending_AnchorsNothingTwice()
    {
        StoredBatch batch = await _world.PutAndPlaceAsync(1, 2, 3);
        _world.Chain.TakesTransactions = false;
        await _poster.StartAsync(default);
        await _world.UntilAsync(() => _world.Chain.PendingCount == 1);
        _world.Lease.IsFree = false;
        await _world.UntilAsync(() => !_world.Election.IsLeading);
        _world.Chain.TakesTransactions = true;
        _world.Chain.Mine();
        _world.Lease.IsFree = true;
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        await _world.PassAsync(Interval * 2);
        Assert.Single(_world.OnL1.Anchors);
    }

    [Fact]
    public async Task Run_TheContractTakesNoAnchor_SaysWhy_AndSendsNothing()
    {
        await _world.PutAndPlaceAsync(1, 2, 3);
        _world.Chain.Stake(_world.Account.Address, -_world.OnL1.Stake);
        await _world.UntilAsync(() => _world.Standing.Problem is not null);
        await _poster.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("Anchoring waits: " + _world.Standing.Problem));
        await _world.PassAsync(Interval * 2);
        Assert.DoesNotContain("eth_estimateGas", _world.L1.Calls); // it is not even tried
        Assert.DoesNotContain("eth_sendRawTransaction", _world.L1.Calls);
    }

    [Fact]
    public async Task Stop_WhileATransactionWaits_EndsAtOnce_AndTheNextStartSendsNoSecondOne()
    {
        StoredBatch batch = await _world.PutAndPlaceAsync(1, 2, 3);
        _world.Chain.TakesTransactions = false;
        await _poster.StartAsync(default);
        await _world.UntilAsync(() => _world.Chain.PendingCount == 1);
        await _poster.StopAsync(default);
        Assert.True(_poster.ExecuteTask!.IsCompleted);
        _world.Chain.TakesTransactions = true;
        await _poster.StartAsync(default);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        Assert.Single(_world.OnL1.Anchors);
    }

    /// <summary>A reorganisation undid the anchor, and the node forgot the transaction.</summary>
    [Fact]
    public async Task Run_AReorganisationUndidTheAnchor_AnchorsAgain()
    {
        StoredBatch batch = await _world.PutAndPlaceAsync(1, 2, 3);
        await _poster.StartAsync(default);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        _world.Chain.Reorganise((int)(_world.Chain.Head - _world.OnL1.Anchors[0].BlockNumber) + 1, forget: true);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is not null);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).OwedSince is null);
        Assert.Single(_world.OnL1.AnchorsOf(batch.Id));
    }

    /// <summary>Starts the poster, and lets it anchor a first batch: then it is in its rounds.</summary>
    private async Task BeginAsync()
    {
        await _world.PutAndPlaceAsync(9);
        await _poster.StartAsync(default);
        await _world.UntilAsync(() => _world.OnL1.Anchors.Count == 1);
        await _world.UntilAsync(() => _world.HasLogged("Anchored in transaction"));
    }
}
