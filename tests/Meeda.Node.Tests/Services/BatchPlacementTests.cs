using Meeda.Hosting.Persistence;
using Meeda.Node.Tests.Model;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Meeda.Node.Tests.Services;

/// <summary>The service that writes the rows of acknowledged batches to the providers.</summary>
public sealed class BatchPlacementTests : IAsyncLifetime
{
    private ServiceWorld _world = null!;

    public async Task InitializeAsync() => _world = await ServiceWorld.OpenAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    /// <summary>The put wakes it: no time passes.</summary>
    [Fact]
    public async Task Run_ABatchIsStored_IsPlacedAtOnce()
    {
        await _world.Placement.StartAsync(default);
        DateTimeOffset began = _world.Clock.GetUtcNow();
        for (byte i = 0; i < 3; i++)
        {
            StoredBatch batch = await _world.PutAsync([1, i]);
            await _world.WithoutTimeAsync(async () => (await _world.FindAsync(batch)).PlacedAt is not null);
        }

        Assert.Equal(began, _world.Clock.GetUtcNow());
    }

    [Fact]
    public async Task Run_EveryProviderIsDown_SaysSo_AndPlacesWhenTheyAreBack()
    {
        await _world.Placement.StartAsync(default);
        SetAll(ProviderFault.Down);
        StoredBatch batch = await _world.PutAsync([1, 2]);
        await _world.UntilAsync(() => _world.Placement.IsRefused(batch.Id));
        TimeSpan failing = _world.Placement.FailingFor;
        await _world.UntilAsync(() => _world.Placement.FailingFor > failing + TimeSpan.FromSeconds(5));
        Assert.Single(
            _world.Lines.Lines,
            line => line.Contains("too few providers accept it", StringComparison.Ordinal)
        );
        SetAll(ProviderFault.None);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).PlacedAt is not null);

        // The ledger has it a moment before the service reports it.
        await _world.UntilAsync(() => _world.Placement.FailingFor == TimeSpan.Zero);
        await _world.UntilAsync(() => !_world.Placement.IsRefused(batch.Id));
    }

    [Fact]
    public async Task Run_OneProviderIsDown_PlacesAtTheOthers()
    {
        _world.Providers[0].Fault = ProviderFault.Down;
        await _world.Placement.StartAsync(default);
        StoredBatch batch = await _world.PutAsync([1, 2]);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).PlacedAt is not null);
        Assert.Empty(_world.Providers[0].Rows);
        Assert.NotNull(await _world.Rows.ReadAsync(batch.Id, batch.Commitments, default));
    }

    [Fact]
    public async Task Run_TheLedgerFails_SaysSo_AndGoesOn()
    {
        await _world.Placement.StartAsync(default);
        _world.Database.Failure = new SqliteException("disk I/O error", 10);
        await _world.UntilAsync(() => _world.HasLogged("Placement waits: the ledger fails"));
        _world.Database.Failure = null;
        StoredBatch batch = await _world.PutAsync([1, 2]);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).PlacedAt is not null);
        await _world.UntilAsync(() => _world.HasLogged("Placement continues after"));
    }

    /// <summary>A former leader must not report what it found; the next leader finds out itself.</summary>
    [Fact]
    public async Task Run_TheLeaseIsLostWhileProvidersRefuse_ForgetsIt_AndPlacesWhenItLeadsAgain()
    {
        await _world.Placement.StartAsync(default);
        SetAll(ProviderFault.Down);
        StoredBatch batch = await _world.PutAsync([1, 2]);
        await _world.UntilAsync(() => _world.Placement.IsRefused(batch.Id));
        _world.Lease.IsFree = false;
        await _world.UntilAsync(() => !_world.Placement.IsRefused(batch.Id));
        Assert.Equal(TimeSpan.Zero, _world.Placement.FailingFor);
        SetAll(ProviderFault.None);
        await _world.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Null((await _world.FindAsync(batch)).PlacedAt);
        _world.Lease.IsFree = true;
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).PlacedAt is not null);
    }

    /// <summary>
    /// A payload that is damaged in the ledger gives no rows, and does not block the batches behind it.
    /// </summary>
    [Fact]
    public async Task Run_APayloadIsDamaged_IsMarked_AndTheNextIsPlaced()
    {
        StoredBatch damaged = await _world.PutAsync([1, 2]);
        StoredBatch next = await _world.PutAsync([3, 4]);
        await _world.Database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE payload SET content = @content WHERE batch_id = @Id",
                    new { content = (byte[])[9, 9], damaged.Id },
                    transaction,
                    default
                ),
            default
        );
        await _world.Placement.StartAsync(default);
        await _world.UntilAsync(async () => (await _world.FindAsync(next)).PlacedAt is not null);
        await _world.UntilAsync(async () => (await _world.FindAsync(damaged)).IsDamaged);
        Assert.Null((await _world.FindAsync(damaged)).PlacedAt);
        Assert.True(_world.HasLogged($"Batch {damaged.Id} is at risk"));
    }

    [Fact]
    public async Task Run_BatchesWaitForOthers_ArePlacedWhenTheDelayIsOver()
    {
        _world.Storage.PackDelay = TimeSpan.FromMinutes(1);
        await _world.Placement.StartAsync(default);
        StoredBatch batch = await _world.PutAsync([1, 2]);
        await _world.PassAsync(TimeSpan.FromSeconds(50));
        Assert.Null((await _world.FindAsync(batch)).PlacedAt);
        await _world.UntilAsync(async () => (await _world.FindAsync(batch)).PlacedAt is not null);
    }

    [Fact]
    public async Task Stop_WhileAProviderHangs_Ends()
    {
        SetAll(ProviderFault.Hanging);
        await _world.Placement.StartAsync(default);
        await _world.PutAsync([1, 2]);
        await _world.PassAsync(TimeSpan.FromSeconds(2));
        Task stopped = _world.Placement.StopAsync(default);
        await _world.UntilAsync(() => stopped.IsCompleted);
        SetAll(ProviderFault.None);
    }

    /// <summary>
    /// Waits for states end by a signal without time passing, by polling without a signal, or by their token.
    /// </summary>
    [Fact]
    public async Task States_WaitedFor_EndByTheSignal_ByTimeOrByTheirToken()
    {
        StoredBatch first = await _world.PutAsync([1]);
        Task placed = _world.States.WaitForStateAsync(first.Id, BatchState.Placed, default);
        await _world.Placement.PlaceAllAsync(default);
        await _world.WithoutTimeAsync(() => Task.FromResult(placed.IsCompletedSuccessfully));

        // Another operator on the same ledger places it: there is no signal here.
        StoredBatch second = await _world.PutAsync([2]);
        Task other = _world.States.WaitForStateAsync(second.Id, BatchState.Placed, default);
        await _world.Ledger.MarkPlacedAsync([second.Id], _world.Clock.GetUtcNow(), default);
        await _world.UntilAsync(() => other.IsCompletedSuccessfully);

        using var stop = new CancellationTokenSource();
        Task never = _world.States.WaitForStateAsync(second.Id, BatchState.Final, stop.Token);
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.False(never.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
    }

    [Fact]
    public async Task State_OfABatch_GoesFromStoredToFinal()
    {
        StoredBatch batch = await _world.PutAsync([1, 2]);
        Assert.Equal(BatchState.Stored, await StateAsync());
        await _world.Placement.PlaceAllAsync(default);
        Assert.Equal(BatchState.Placed, await StateAsync());
        await _world.AnchorAsync(await _world.FindAsync(batch));
        Assert.Equal(BatchState.Anchored, await StateAsync());
        await _world.MineAsync(70);
        await _world.UntilAsync(async () => await StateAsync() == BatchState.Final);

        async Task<BatchState> StateAsync() =>
            (await _world.States.OfAsync(await _world.FindAsync(batch), default)).State;
    }

    private void SetAll(ProviderFault fault)
    {
        foreach (MemoryProvider provider in _world.Providers)
        {
            provider.Fault = fault;
        }
    }
}
