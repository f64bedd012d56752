using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Signatures;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Meeda.Node.Tests.Services;

/// <summary>Batch intake: an acknowledged batch is durable, and a rejected one gets a reason.</summary>
public sealed class BatchIntakeTests : IAsyncLifetime
{
    private readonly BatchOptions _options = new() { MaxBatchBytes = 1_000, AckLevel = BatchState.Stored };
    private ServiceWorld _world = null!;
    private BatchIntake _intake = null!;

    public async Task InitializeAsync()
    {
        _world = await ServiceWorld.OpenAsync();
        _intake = _world.Own(_world.NewIntake(_world.NewPressure(), _options));
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Accept_ABatch_IsDurableWhenItReturns_AndItsRoomIsFree()
    {
        using var room = new Room();
        StoredBatch batch = await _intake.AcceptAsync([1, 2, 3], room, default);
        Assert.True(room.IsFree);
        Assert.Equal([1, 2, 3], (await _world.Ledger.FindPayloadAsync(batch.Id, default))!);
        Assert.Equal(batch.Id, (await _world.FindAsync(batch)).Id);
    }

    [Theory]
    [InlineData(0, DaError.MalformedRequest)]
    [InlineData(1_001, DaError.TooLarge)]
    public async Task Accept_ALengthThatIsNotTaken_IsRefused(int length, DaError error)
    {
        DaException refused = await Assert.ThrowsAsync<DaException>(() =>
            _intake.AcceptAsync(new byte[length], default)
        );
        Assert.Equal(error, refused.Error);
        Assert.Equal(0, (await _world.Ledger.CountUnanchoredAsync(0, default)).Count);
    }

    /// <summary>Equal payloads share one job, but an order that is refused is the other put's alone.</summary>
    [Fact]
    public async Task Accept_TheSameBytesBesideARefusedOrder_AreTaken()
    {
        for (byte i = 0; i < 50; i++)
        {
            byte[] payload = [7, i];
            Task ordered = Task.Run(() => AcceptOrderedAsync(payload));
            Task<StoredBatch> plain = Task.Run(() => _intake.AcceptAsync(payload, default));
            Assert.Equal(2u, (await plain).PayloadLength);
            await Record.ExceptionAsync(() => ordered); // no rollup pays, unless the batch was known by then
        }

        async Task AcceptOrderedAsync(byte[] payload)
        {
            var context = new DefaultHttpContext();
            context.Request.Headers[SignedOrder.HeaderName] = $"1 2 0x{new string('1', 128)}";
            new HttpContextAccessor().HttpContext = context;
            await _intake.AcceptAsync(payload, default);
        }
    }

    /// <summary>
    /// A failing database is the operator's problem: the client is told to retry, and nothing is kept.
    /// </summary>
    [Fact]
    public async Task Accept_TheLedgerFails_IsUnavailable_AndTheSameBytesAreTakenLater()
    {
        _world.Database.Failure = new SqliteException("database or disk is full", 13);
        DaException refused = await Assert.ThrowsAsync<DaException>(() => _intake.AcceptAsync([1, 2, 3], default));
        Assert.Equal(DaError.Unavailable, refused.Error);
        Assert.DoesNotContain("SQLite", refused.Message, StringComparison.Ordinal);
        _world.Database.Failure = null;
        await _world.UntilAsync(async () =>
        {
            try
            {
                return (await _intake.AcceptAsync([1, 2, 3], default)).PayloadLength == 3;
            }
            catch (DaException)
            {
                return false; // until the pressure is over
            }
        });
        Assert.Equal(1, (await _world.Ledger.CountUnanchoredAsync(0, default)).Count);
    }

    [Fact]
    public async Task Accept_EqualBytesAtOnce_AreOneBatch()
    {
        StoredBatch[] batches = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(() => _intake.AcceptAsync([4, 5, 6], default)))
        );
        Assert.Single(batches.Select(batch => batch.Id).Distinct());
        Assert.Equal(1, (await _world.Ledger.CountUnanchoredAsync(0, default)).Count);
    }

    [Fact]
    public async Task Accept_WhoWaitsForAStateInVain_IsToldInTime_AndTheBatchIsKept()
    {
        using BatchIntake waiting = _world.NewIntake(
            _world.NewPressure(),
            new BatchOptions { AckLevel = BatchState.Placed, AckTimeout = TimeSpan.FromSeconds(30) }
        );
        using var room = new Room();
        DateTimeOffset began = _world.Clock.GetUtcNow();
        Task<StoredBatch> put = waiting.AcceptAsync([7], room, default);
        await _world.UntilAsync(() => put.IsCompleted);
        DaException late = await Assert.ThrowsAsync<DaException>(() => put);
        Assert.Equal(DaError.Unavailable, late.Error);
        Assert.Contains("AckTimeout", late.Message, StringComparison.Ordinal);
        Assert.True(_world.Clock.GetUtcNow() - began >= TimeSpan.FromSeconds(30));
        Assert.True(room.IsFree);
        Assert.Equal(1, (await _world.Ledger.BacklogAsync(default)).Count);
    }

    [Fact]
    public async Task Accept_TheClientHangsUp_StoresTheBatchAllTheSame()
    {
        using BatchIntake waiting = _world.NewIntake(
            _world.NewPressure(),
            new BatchOptions { AckLevel = BatchState.Placed }
        );
        using var hangsUp = new CancellationTokenSource();
        Task<StoredBatch> put = waiting.AcceptAsync([7], hangsUp.Token);
        await _world.WithoutTimeAsync(async () => (await _world.Ledger.BacklogAsync(default)).Count == 1);
        await hangsUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
        await _world.Placement.PlaceAllAsync(default);
        Assert.Equal(0, (await _world.Ledger.BacklogAsync(default)).Count);
    }

    private sealed class Room : IDisposable
    {
        public bool IsFree { get; private set; }

        public void Dispose() => IsFree = true;
    }
}
