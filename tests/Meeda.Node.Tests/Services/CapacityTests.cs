using Meeda.Http;
using Meeda.Operator.Anchors;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Xunit;

namespace Meeda.Node.Tests.Services;

/// <summary>A stake that covers two live blobs, and requests beyond that.</summary>
public sealed class CapacityTests : IAsyncLifetime
{
    private ServiceWorld _world = null!;
    private BatchIntake _intake = null!;

    public async Task InitializeAsync()
    {
        _world = await ServiceWorld.OpenAsync(carriedBlobs: 2);
        _intake = _world.Own(
            _world.NewIntake(
                _world.NewPressure(),
                new BatchOptions { MaxBatchBytes = 1_000, AckLevel = BatchState.Stored }
            )
        );
        await _world.UntilAsync(() => _world.Standing.Capacity is { Most: 2, Live: 0 });
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Accept_BeyondWhatTheStakeCarries_IsRefusedUntilItCarriesMore()
    {
        await AcceptAsync(1);
        await AcceptAsync(2);
        DaException refused = await Assert.ThrowsAsync<DaException>(() => AcceptAsync(3));
        Assert.Equal(DaError.Overloaded, refused.Error);
        Assert.Contains(
            "stake: it carries 2 live blobs; 0 are anchored, 2 wait",
            refused.Message,
            StringComparison.Ordinal
        );

        _world.Chain.Stake(_world.Account.Address, _world.Parameters.StakePerBlob);
        await _world.UntilAsync(() => _world.Standing.Capacity is { Most: 3 });
        await AcceptAsync(3);
    }

    [Fact]
    public async Task Accept_AnchoredBlobs_CountUntilTheyExpire()
    {
        await _world.AnchorAsync(await AcceptAsync(1));
        await _world.AnchorAsync(await AcceptAsync(2));
        Assert.Contains(
            "2 are anchored, 0 wait",
            (await Assert.ThrowsAsync<DaException>(() => AcceptAsync(3))).Message,
            StringComparison.Ordinal
        );
        Assert.True(_world.HasLogged("half of what its stake carries is used"));

        await _world.MineAsync((int)_world.Parameters.Retention);
        await _world.UntilAsync(() => _world.Standing.Capacity is { Live: 0 });
        await AcceptAsync(3);
    }

    /// <summary>Who pays nothing cannot fill what those who pay need.</summary>
    [Fact]
    public async Task Accept_WhatNobodyPaysFor_LeavesHalfToWhatIsPaid()
    {
        IntakePressure pressure = _world.NewPressure();
        await AcceptAsync(1);
        await pressure.EnsureAcceptingAsync(1, isPaid: false, default);

        _world.Chain.SetPrice(_world.Account.Address, 1);
        await _world.UntilAsync(() => _world.Standing.HasPrice);
        Func<bool, Task>[] ways =
        [
            isPaid => pressure.EnsureAcceptingAsync(1, isPaid, default),
            isPaid => pressure.EnsureCarriedAsync(1, isPaid, default),
        ];
        foreach (Func<bool, Task> ensureAsync in ways)
        {
            await ensureAsync(true);
            DaException refused = await Assert.ThrowsAsync<DaException>(() => ensureAsync(false));
            Assert.Equal(DaError.Overloaded, refused.Error);
            Assert.Contains(
                "it carries 2 live blobs, 1 without payment (FreeCapacityPercent); 0 are anchored, 1 wait",
                refused.Message,
                StringComparison.Ordinal
            );
        }

        await Assert.ThrowsAsync<DaException>(() => pressure.EnsureAcceptingAsync(2, isPaid: true, default));
        _world.Chain.SetPrice(_world.Account.Address, 0);
        await _world.UntilAsync(() => !_world.Standing.HasPrice);
        await AcceptAsync(2);
    }

    /// <summary>Concurrent puts may exceed it: what the stake covers is anchored nevertheless.</summary>
    [Fact]
    public async Task Anchor_MoreWaitsThanTheStakeCarries_WhatItCarriesIsAnchored()
    {
        StoredBatch last = null!;
        for (byte i = 1; i <= 3; i++)
        {
            last = await _intake.AcceptAsync([i], default); // at one moment, so that none counts the others
        }

        using AnchorPoster poster = _world.NewPoster(new AnchorOptions { Interval = TimeSpan.FromSeconds(1) });
        await _world.Placement.PlaceAllAsync(CancellationToken.None);
        await poster.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("it carries 2 live blobs, and 2 are live"));
        Assert.Equal(2, _world.OnL1.Batches.Count);

        _world.Chain.Stake(_world.Account.Address, _world.Parameters.StakePerBlob);
        await _world.UntilAsync(() => _world.OnL1.Batches.Count == 3);
        Assert.Contains(_world.OnL1.Batches, batch => batch.Batch == last.Id);
    }

    private async Task<StoredBatch> AcceptAsync(byte payload)
    {
        await _world.PassAsync(TimeSpan.FromSeconds(1)); // the counts are read again
        return await _intake.AcceptAsync([payload], default);
    }
}
