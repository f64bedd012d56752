using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Batches;

/// <summary>
/// Deleted data cannot be recovered: no single wrong answer from L1 may cause a deletion (docs/durability.md).
/// </summary>
public sealed class RetentionTests : IAsyncLifetime
{
    private const uint Term = 640;
    private OperatorParts _parts = null!;
    private StoredBatch _batch = null!;

    public async Task InitializeAsync()
    {
        _parts = await OperatorParts.OpenAsync();
        _parts.L1.Parameters = LocalParameters.Value with { Retention = Term };
        await _parts.FollowAsync(100);
        _batch = await _parts.PutAsync([1, 2, 3]);
        await _parts.PlaceAsync();
        await _parts.AnchorAsync(0, _batch); // in block 101, until 741
    }

    public async Task DisposeAsync() => await _parts.DisposeAsync();

    [Fact]
    public async Task Pass_WhereAllAgree_DeletesAtTheSecondLook()
    {
        _parts.L1.Head = 1000;
        using Retention retention = await LookingAsync();
        await retention.PassAsync(default);
        Assert.True(await IsKeptAsync());
        await retention.PassAsync(default);
        Assert.False(await IsKeptAsync());
        Assert.Empty(RowFiles());
        await Assert.ThrowsAsync<DaException>(() => _parts.Reader.ReadAsync(_batch.Id, default));
    }

    /// <summary>A demand in a queue may be answered long after the window.</summary>
    [Fact]
    public async Task Pass_WhileADemandIsOpen_DeletesNothing()
    {
        _parts.L1.Head = 1000;
        _parts.L1.OpenDemands = 1;
        using Retention retention = await LookingAsync();
        await retention.PassAsync(default);
        await retention.PassAsync(default);
        Assert.True(await IsKeptAsync());
        _parts.L1.OpenDemands = 0;
        await retention.PassAsync(default);
        Assert.False(await IsKeptAsync());
    }

    [Fact]
    public async Task Pass_WhileFinalizedIsALie_DeletesNothing_AndNothingAfterwards()
    {
        _parts.L1.Final = 10_000_000;
        using Retention retention = await LookingAsync();
        for (int i = 0; i < 3; i++)
        {
            await PassAsync(retention);
        }

        Assert.True(await IsKeptAsync());
        _parts.L1.Final = null;
        for (int i = 0; i < 3; i++)
        {
            await PassAsync(retention);
        }

        Assert.True(await IsKeptAsync());
    }

    [Fact]
    public async Task Pass_WhereTheContractKeepsAnotherExpiry_DeletesNothing()
    {
        _parts.L1.Head = 1000;
        _parts.L1.Keep(new Anchor(0, Bytes32.Zero, 0, 1, 101, 5000));
        using Retention retention = await LookingAsync();
        for (int i = 0; i < 3; i++)
        {
            await PassAsync(retention);
        }

        Assert.True(await IsKeptAsync());
    }

    [Fact]
    public async Task Pass_WhereL1IsAnotherChainWhenItIsAskedAgain_DeletesNothing()
    {
        _parts.L1.Head = 1000;
        using Retention retention = await LookingAsync();
        await retention.PassAsync(default);
        _parts.L1.Fork = 1;
        await PassAsync(retention);
        _parts.L1.Fork = 0;
        await PassAsync(retention);
        Assert.True(await IsKeptAsync());
    }

    [Fact]
    public async Task Pass_WhereFinalJumpedFurtherThanBlocksWereFollowed_WaitsForOneLookMore()
    {
        _parts.L1.Head = 1000;
        _parts.L1.Final = 200;
        using Retention retention = await LookingAsync();
        await retention.PassAsync(default);
        _parts.L1.Final = 1000;
        await _parts.Follower.StartAsync(default); // looks once more
        await Patience.UntilAsync(() => _parts.Follower.Final == 1000, TimeSpan.FromSeconds(60));

        await retention.PassAsync(default);
        Assert.True(await IsKeptAsync());
        await retention.PassAsync(default);
        Assert.False(await IsKeptAsync());
    }

    private async Task<bool> IsKeptAsync() =>
        (await _parts.FindAsync(_batch)).DeletedAt is null && RowFiles().Length > 0;

    private string[] RowFiles() => Directory.GetFiles(_parts.RowsFolder, "*.row", SearchOption.AllDirectories);

    private async Task<Retention> LookingAsync()
    {
        await _parts.PollAsync();
        return _parts.NewRetention();
    }

    /// <summary>As in the service's loop: a pass ends when it finds L1's answers inconsistent.</summary>
    private static async Task PassAsync(Retention retention)
    {
        try
        {
            await retention.PassAsync(default);
        }
        catch (InvalidDataException) { }
    }
}
