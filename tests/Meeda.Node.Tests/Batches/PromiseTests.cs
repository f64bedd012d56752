using Meeda.Chain.Index;
using Meeda.DevNet;
using Meeda.Http;
using Meeda.Operator.Anchors;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Meeda.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.Batches;

/// <summary>
/// What a 200 promises: a whole term from then on, whatever the batch's past (docs/durability.md). Retention is 640
/// blocks here, so the margin is 10.
/// </summary>
public sealed class PromiseTests : IAsyncLifetime
{
    private const uint Retention = 640;
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 5000).Select(i => (byte)i)];

    private OperatorParts _parts = null!;

    public async Task InitializeAsync()
    {
        _parts = await OperatorParts.OpenAsync();
        _parts.L1.Parameters = LocalParameters.Value with { Retention = Retention };
    }

    public async Task DisposeAsync() => await _parts.DisposeAsync();

    [Fact]
    public async Task Put_AgainAfterExpiryWhileL1IsNotKnownYet_OwesAnAnchor()
    {
        StoredBatch batch = await AnchoredAsync();
        await _parts.FollowAsync(1000);
        _parts.Restart();
        _parts.L1.IsAway = true;

        await _parts.PutAsync(Payload);

        Assert.NotNull((await _parts.FindAsync(batch)).OwedSince);
        Assert.False(await _parts.Ledger.ExpireAsync(batch.Id, 1000, DateTimeOffset.UnixEpoch, default));
        _parts.L1.IsAway = false;
        await _parts.FollowAsync(1001);
        Assert.Equal(BatchState.Placed, await PlacedStateAsync(batch));
    }

    [Fact]
    public async Task Put_AgainWhileTheTipStoodStill_OwesAnAnchor()
    {
        StoredBatch batch = await AnchoredAsync();
        _parts.L1.IsAway = true;
        _parts.Clock.Advance(TimeSpan.FromHours(1));
        _parts.L1.Head += 300;

        await _parts.PutAsync(Payload);

        Assert.Null(_parts.Follower.Head);
        Assert.NotNull((await _parts.FindAsync(batch)).OwedSince);
        _parts.L1.IsAway = false;
        await _parts.FollowAsync(_parts.L1.Head);
        Assert.NotNull((await _parts.FindAsync(batch)).OwedSince);
    }

    [Fact]
    public async Task Put_AgainSoonAfterTheAnchor_OwesNone_AlsoWhereL1WasNotKnown()
    {
        StoredBatch batch = await AnchoredAsync();
        await _parts.FollowAsync(_parts.L1.Head + 5);
        await _parts.PutAsync(Payload);
        Assert.Null((await _parts.FindAsync(batch)).OwedSince);

        _parts.Restart();
        await _parts.PutAsync(Payload);
        Assert.NotNull((await _parts.FindAsync(batch)).OwedSince);
        await _parts.FollowAsync(_parts.L1.Head + 1);
        Assert.Null((await _parts.FindAsync(batch)).OwedSince);
    }

    [Fact]
    public async Task Put_AgainLaterThanTheMargin_LivesAWholeTermFromThen()
    {
        StoredBatch batch = await AnchoredAsync();
        await _parts.FollowAsync(_parts.L1.Head + 20);
        ulong at = _parts.L1.Head;
        await _parts.PutAsync(Payload);
        Assert.NotNull((await _parts.FindAsync(batch)).OwedSince);
        Assert.Equal(BatchState.Placed, await PlacedStateAsync(batch));

        await _parts.AnchorAsync(1, batch);
        Assert.Equal(BatchState.Anchored, await _parts.StateAsync(batch));
        Assert.True((await _parts.Ledger.FindAnchoringAsync(batch.Id, default))!.Value.Anchor.Expiry >= at + Retention);
    }

    [Fact]
    public async Task Put_OfABatchWhoseOldAnchorIsReadFromL1Afterwards_StaysOwed()
    {
        // A new folder: L1 still holds an old anchor of these bytes, which this ledger has not read yet.
        StoredBatch batch = await _parts.PutAsync(Payload);
        await _parts.PlaceAsync();
        await _parts.AnchorAsync(0, batch);
        await _parts.Ledger.AdvanceAsync(new BlockPoint(1000, _parts.L1.HashOf(1000)), [], [], default);
        await _parts.FollowAsync(1000);
        Assert.Null((await _parts.FindAsync(batch)).OwedSince); // kept: it was promised before that anchor

        byte[] other = [1, 2, 3];
        StoredBatch late = await _parts.PutAsync(other);
        await _parts.PlaceAsync();
        await _parts.Ledger.AdvanceAsync(
            new BlockPoint(1001, _parts.L1.HashOf(1001)),
            [
                new AnchorEvent(
                    new(1, default, 500, 1, 300, 300 + Retention),
                    default,
                    late.Commitments,
                    [new AnchoredBatch(late.Id, 1, 500, 1)]
                ),
            ],
            [],
            default
        );
        Assert.NotNull((await _parts.FindAsync(late)).OwedSince);
    }

    [Fact]
    public async Task Put_RacingWithRetention_IsNeverDeletedAllTheSame()
    {
        var payloads = Enumerable.Range(0, 24).Select(i => (byte[])[.. BitConverter.GetBytes(i), 7, 7]).ToArray();
        var batches = new List<StoredBatch>();
        foreach (byte[] payload in payloads)
        {
            batches.Add(await _parts.PutAsync(payload));
        }

        await _parts.PlaceAsync();
        for (int i = 0; i < batches.Count; i++)
        {
            await _parts.AnchorAsync((uint)i, batches[i]);
        }

        await _parts.FollowAsync(2000);
        Task givingUp = Task.Run(async () =>
        {
            foreach (StoredBatch batch in batches)
            {
                await _parts.Ledger.ExpireAsync(batch.Id, 2000, DateTimeOffset.UnixEpoch, default);
            }
        });
        await Task.WhenAll(payloads.Select(payload => Task.Run(() => _parts.PutAsync(payload))));
        await givingUp;
        foreach (StoredBatch batch in batches)
        {
            await _parts.Ledger.ExpireAsync(batch.Id, 2000, DateTimeOffset.UnixEpoch, default);
            StoredBatch now = await _parts.FindAsync(batch);
            Assert.Null(now.DeletedAt);
            Assert.NotNull(now.OwedSince);
        }

        foreach ((StoredBatch batch, byte[] payload) in batches.Zip(payloads))
        {
            Assert.Equal(payload, await _parts.Reader.ReadAsync(batch.Id, default));
        }
    }

    [Fact]
    public async Task Put_AgainWhoseRowsAreLost_StoresItAgain()
    {
        StoredBatch batch = await AnchoredAsync();
        Directory.Delete(_parts.RowsFolder, recursive: true);

        await _parts.PutAsync(Payload);

        Assert.Equal(Payload, await _parts.Reader.ReadAsync(batch.Id, default));
        await _parts.PlaceAsync();
        Assert.Null(await _parts.Ledger.FindPayloadAsync(batch.Id, default));
        Assert.Equal(Payload, await _parts.Reader.ReadAsync(batch.Id, default));
    }

    [Fact]
    public async Task Put_AgainOfABatchThatReadersFoundDamagedWhileThePayloadIsHeld_IsPlacedAgain()
    {
        _parts.Storage.LocalCopyBytes = 1 << 30;
        StoredBatch batch = await AnchoredAsync();
        await _parts.Ledger.MarkDamagedAsync(batch.Id, default);
        await _parts.PutAsync(Payload);
        Assert.Single(await _parts.Ledger.UnplacedBatchesAsync(10, default));
    }

    [Fact]
    public async Task Get_AtABlockThatAPutCovered_IsNever418_BeforeTheAnchorAndAfterIt()
    {
        StoredBatch batch = await AnchoredAsync(); // in block 101, until 741
        await _parts.FollowAsync(800);
        await _parts.PutAsync(Payload); // at 800
        await _parts.FollowAsync(810);
        await RefusedAsync(batch, 799);
        await _parts.Inclusion.EnsureRecentAsync(batch.Id, 800, default);
        await _parts.Inclusion.EnsureRecentAsync(batch.Id, 810, default);
        await _parts.PlaceAsync();
        await _parts.AnchorAsync(1, batch); // in 811, until 1451
        await _parts.Inclusion.EnsureRecentAsync(batch.Id, 805, default);
        await RefusedAsync(batch, 799);
        await _parts.FollowAsync(1500);
        await RefusedAsync(batch, 1451);
    }

    [Fact]
    public async Task Get_AtABlockThatAPutBeforeExpiryCovered_IsNever418()
    {
        StoredBatch batch = await AnchoredAsync(); // in block 101, until 741
        await _parts.FollowAsync(738);
        await _parts.PutAsync(Payload);
        await _parts.FollowAsync(745);
        await _parts.Inclusion.EnsureRecentAsync(batch.Id, 742, default);
    }

    [Fact]
    public async Task Get_AtABlockThatAPutWithoutL1Covered_IsNever418()
    {
        StoredBatch batch = await AnchoredAsync();
        await _parts.FollowAsync(800);
        _parts.Restart();
        await _parts.PutAsync(Payload);
        _parts.L1.Head = 900;
        await _parts.FollowAsync(900);
        await _parts.Inclusion.EnsureRecentAsync(batch.Id, 850, default);
        await RefusedAsync(batch, 799);
    }

    [Fact]
    public async Task Reached_OfABatchPutAgainAfterExpiry_WaitsForTheNewAnchor()
    {
        StoredBatch batch = await AnchoredAsync();
        await _parts.FollowAsync(1000);
        Assert.Equal(BatchState.Expired, await _parts.StateAsync(batch));
        _parts.Options_.AckLevel = BatchState.Anchored;
        Task<StoredBatch> put = _parts.PutAsync(Payload);
        await UntilAsync(async () => (await _parts.FindAsync(batch)).OwedSince is not null);
        await _parts.PlaceAsync();
        Assert.Equal(BatchState.Placed, await _parts.StateAsync(batch));
        Assert.False(put.IsCompleted);
        await _parts.AnchorAsync(1, batch);
        await put;
    }

    [Fact]
    public async Task Put_WhileTheContractWouldTakeNoAnchor_IsRefused_UntilItWould()
    {
        await _parts.FollowAsync(100);
        _parts.L1.Stake = 0;
        await _parts.Standing.PollAsync(default);
        DaException refused = await Assert.ThrowsAsync<DaException>(() => _parts.PutAsync(Payload));
        Assert.Equal(DaError.Unavailable, refused.Error);
        Assert.StartsWith("stake", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await _parts.Ledger.UnplacedBatchesAsync(10, default));
        _parts.L1.Stake = _parts.L1.Parameters.MinimumStake;
        await _parts.Standing.PollAsync(default);
        await _parts.PutAsync(Payload);
        Assert.Single(await _parts.Ledger.UnplacedBatchesAsync(10, default));
    }

    [Fact]
    public async Task Put_ThatWaitsForItsAnchor_GivesItsRoomBackOnceItIsDurable()
    {
        await _parts.FollowAsync(100);
        _parts.Options_.AckLevel = BatchState.Anchored;
        using var room = new Room();
        Task<StoredBatch> put = _parts.PutAsync(Payload, room);
        await room.Given;
        Assert.False(put.IsCompleted);
        StoredBatch batch = Assert.Single(await _parts.Ledger.UnplacedBatchesAsync(10, default));
        await _parts.PlaceAsync();
        await _parts.AnchorAsync(0, batch);
        await put;
    }

    [Fact]
    public async Task Place_ABatchWhosePayloadIsLost_StopsNoneBehindIt_AndTheNextPutMendsIt()
    {
        StoredBatch lost = await _parts.PutAsync(Payload);
        await _parts.Ledger.WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                using var command = connection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = "UPDATE payload SET content = X'00'";
                await command.ExecuteNonQueryAsync();
            },
            default
        );
        StoredBatch behind = await _parts.PutAsync([1, 2, 3]);
        await _parts.PlaceAsync();
        await _parts.PlaceAsync();
        Assert.NotNull((await _parts.FindAsync(behind)).PlacedAt);
        Assert.Null((await _parts.FindAsync(lost)).PlacedAt);
        await _parts.PutAsync(Payload);
        await _parts.PlaceAsync();
        Assert.NotNull((await _parts.FindAsync(lost)).PlacedAt);
    }

    [Theory]
    [InlineData(3, true)] // a stamp from a clock that was ahead
    [InlineData(0, false)]
    [InlineData(-1, true)]
    public async Task DueAndPlacing_WhateverTheClockWas_WaitForNoStampToBeReached(int hours, bool due)
    {
        _parts.Storage.PackDelay = TimeSpan.FromMinutes(30);
        DateTimeOffset stored = _parts.Clock.GetUtcNow() + TimeSpan.FromHours(hours);
        var batch = new StoredBatch(
            new(Ethereum.Keccak256.Hash([1])),
            Ethereum.Keccak256.Hash([2]),
            3,
            new byte[48],
            stored
        );
        await _parts.Ledger.AddBatchAsync(batch, [1, 2, 3], 0, default);
        Assert.Equal(due, await _parts.Placement.IsTimeAsync(default));
        await _parts.Ledger.MarkPlacedAsync([batch.Id], stored, default);
        using AnchorPoster poster = Poster(new AnchorOptions { Interval = TimeSpan.FromMinutes(30) });
        Assert.Equal(due ? 1 : 0, (await poster.DueAsync(default)).Count);
    }

    [Fact]
    public async Task Due_ARenewalOfAnOldBatch_WaitsForTheIntervalLikeANewBatch()
    {
        StoredBatch batch = await AnchoredAsync();
        using AnchorPoster poster = Poster(new AnchorOptions { Interval = TimeSpan.FromMinutes(30) });
        _parts.Clock.Advance(TimeSpan.FromHours(2));
        Assert.True(
            await _parts.Ledger.RenewAsync(batch.Id, 200, payer: null, order: null, _parts.Clock.GetUtcNow(), default)
        );
        Assert.Empty(await poster.DueAsync(default));
        _parts.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Single(await poster.DueAsync(default));
    }

    [Fact]
    public async Task Due_ABatchLargerThanTheLimit_GoesAlone_AndThoseBehindItFollow()
    {
        foreach ((byte number, int blobs) in ((byte, int)[])[(1, 24), (2, 1), (3, 1)])
        {
            var batch = new StoredBatch(
                new(Ethereum.Keccak256.Hash([number])),
                Ethereum.Keccak256.Hash([number, 1]),
                3,
                new byte[48 * blobs],
                _parts.Clock.GetUtcNow()
            );
            await _parts.Ledger.AddBatchAsync(batch, [number], 0, default);
            await _parts.Ledger.MarkPlacedAsync([batch.Id], _parts.Clock.GetUtcNow(), default);
        }

        using AnchorPoster poster = Poster(new AnchorOptions { MaxBlobs = 16 });
        StoredBatch large = Assert.Single(await poster.DueAsync(default));
        Assert.Equal(24, large.BlobCount);
        await _parts.AnchorAsync(0, large);
        _parts.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(2, (await poster.DueAsync(default)).Count);
    }

    private sealed class Room : IDisposable
    {
        private readonly TaskCompletionSource _given = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Given => _given.Task;

        public void Dispose() => _given.TrySetResult();
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        await Patience.UntilAsync(condition, TimeSpan.FromSeconds(60));
    }

    private AnchorPoster Poster(AnchorOptions options) =>
        new(
            Options.Create(options),
            _parts.Ledger,
            _parts.Placement,
            null!,
            _parts.Terms,
            null!,
            _parts.Follower,
            _parts.Contract,
            null!,
            null!,
            null!,
            null!,
            _parts.Clock,
            NullLogger<AnchorPoster>.Instance
        );

    private async Task RefusedAsync(StoredBatch batch, ulong block) =>
        await Assert.ThrowsAsync<DerivationException>(() =>
            _parts.Inclusion.EnsureRecentAsync(batch.Id, block, default)
        );

    private async Task<BatchState> PlacedStateAsync(StoredBatch batch)
    {
        await _parts.PlaceAsync();
        return await _parts.StateAsync(batch);
    }

    /// <summary>The batch, put at block 100, placed and anchored in block 101.</summary>
    private async Task<StoredBatch> AnchoredAsync()
    {
        await _parts.FollowAsync(100);
        StoredBatch batch = await _parts.PutAsync(Payload);
        await _parts.PlaceAsync();
        await _parts.AnchorAsync(0, batch);
        Assert.Null((await _parts.FindAsync(batch)).OwedSince);
        return batch;
    }
}
