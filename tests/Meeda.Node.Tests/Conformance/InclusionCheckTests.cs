using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Node.Tests.Storage;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>
/// The recency rule over a real ledger: batch anchored in block 100 until 200, and again in block 300 until 400. That 0
/// skips the check, and that a batch that fails it is code 2, is Layr-Labs/eigenda's (<c>api/proxy</c>, the store's
/// check of reference block and recency window; <c>api/clients/v2/coretypes/derivation_errors.go</c>). The compared
/// value is our own: EigenDA bounds the distance from a certificate's reference block, which does not exist here, so an
/// anchor's expiry replaces it.
/// </summary>
[Trait("Category", "Conformance")]
public sealed class InclusionCheckTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly BatchId _id = new(Bytes32.FromBytes(Enumerable.Repeat((byte)5, 32).ToArray()));
    private Ledger _ledger = null!;

    public async Task InitializeAsync()
    {
        _ledger = await SqliteLedger.OpenAsync(_folder.Path);
        AnchorEvent[] anchors = [Seen(0, 0, 100, 200), Seen(1, 1, 300, 400)];
        await _ledger.AdvanceAsync(new BlockPoint(350, Bytes32.Zero), anchors, [], CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _ledger.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0)] // 0 skips the check
    [InlineData(50)] // included before the batch was anchored
    [InlineData(100)]
    [InlineData(199)] // the last block of the first anchor
    [InlineData(300)] // anchored again
    [InlineData(399)] // beyond what is followed, and still surely held
    public async Task EnsureRecent_WhileHeld_Passes(ulong block) => await CheckAsync(block);

    [Theory]
    [InlineData(200)]
    [InlineData(299)]
    public async Task EnsureRecent_ExpiredThen_IsInvalidForEverThoughAnchoredAnewLater(ulong block)
    {
        DerivationException thrown = await Assert.ThrowsAsync<DerivationException>(() => CheckAsync(block));
        Assert.Equal(2, (int)thrown.Fault);
        await _ledger.AdvanceAsync(new BlockPoint(9_000, Bytes32.Zero), [], [], CancellationToken.None);
        Assert.Equal(thrown.Message, (await Assert.ThrowsAsync<DerivationException>(() => CheckAsync(block))).Message);
    }

    [Fact]
    public async Task EnsureRecent_ExpiredAtABlockNotFollowedYet_IsUnavailableNotInvalid()
    {
        DaException thrown = await Assert.ThrowsAsync<DaException>(() => CheckAsync(400));
        Assert.Equal(DaError.Unavailable, thrown.Error);
    }

    /// <summary>
    /// A reorganisation removes a renewal in block 500: the ledger then knows less than before, and reports that,
    /// whatever was read before.
    /// </summary>
    [Fact]
    public async Task EnsureRecent_OfALedgerThatWasTakenBack_IsUnavailableNotInvalid()
    {
        await _ledger.AdvanceAsync(
            new BlockPoint(500, Bytes32.Zero),
            [Seen(2, 2, 500, 600)],
            [],
            CancellationToken.None
        );
        await CheckAsync(500);
        await _ledger.RollBackAsync(350, CancellationToken.None);
        Assert.Equal(DaError.Unavailable, (await Assert.ThrowsAsync<DaException>(() => CheckAsync(500))).Error);
    }

    private AnchorEvent Seen(uint index, ulong first, ulong block, ulong expiry) =>
        new(
            new Anchor(index, Bytes32.Zero, first, 1, block, expiry),
            Bytes32.Zero,
            new byte[48],
            [new AnchoredBatch(_id, index, first, 1)]
        );

    private Task CheckAsync(ulong block) =>
        new InclusionCheck(_ledger).EnsureRecentAsync(_id, block, CancellationToken.None);
}
