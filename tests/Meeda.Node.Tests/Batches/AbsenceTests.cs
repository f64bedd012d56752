using System.Security.Cryptography;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Operator.Proofs;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Meeda.Node.Tests.Batches;

/// <summary>
/// 404 is answered only if ledger and L1 prove absence, and a lost ledger is rebuilt from L1 (docs/durability.md).
/// </summary>
public sealed class AbsenceTests : IAsyncLifetime
{
    private static readonly byte[] Payload = RandomNumberGenerator.GetBytes(200_000);
    private OperatorParts _parts = null!;

    public async Task InitializeAsync() => _parts = await OperatorParts.OpenAsync();

    public async Task DisposeAsync() => await _parts.DisposeAsync();

    [Fact]
    public async Task Get_OfWhatIsNotInTheLedger_IsAbsentOnlyWhereL1IsFollowedToItsHead()
    {
        var id = new BatchId(Keccak256.Hash(Payload));
        Assert.Equal(DaError.Unavailable, await ErrorAsync(() => _parts.Reader.ReadAsync(id, default)));
        Assert.Equal(DaError.Unavailable, await ErrorAsync(() => ReadByPayloadHashAsync(Keccak256.Hash(Payload))));
        _parts.L1.Head = 50;
        await _parts.PollAsync();
        Assert.Equal(DaError.NotFound, await ErrorAsync(() => _parts.Reader.ReadAsync(id, default)));
        Assert.Equal(DaError.NotFound, await ErrorAsync(() => ReadByPayloadHashAsync(Keccak256.Hash(Payload))));
    }

    [Fact]
    public async Task Get_WhereL1WasFollowedFromBehindTheFirstAnchor_IsNotAbsent()
    {
        _parts.L1.Head = 50;
        _parts.L1.Keep(new Anchor(0, Bytes32.Zero, 0, 1, 10, 5000));
        // Its logs are incomplete
        await Assert.ThrowsAsync<InvalidDataException>(() => _parts.Follower.CatchUpAsync(default));
        Assert.Equal(
            DaError.Unavailable,
            await ErrorAsync(() => _parts.Reader.ReadAsync(new BatchId(Bytes32.Zero), default))
        );
    }

    [Fact]
    public async Task Get_OfABatchThatAnotherLedgerAnchored_IsReadFromItsRows_AndProven()
    {
        StoredBatch batch = await WithRowsAsync();
        await SeeAsync(batch, block: 60);
        Assert.Equal(DaError.Unavailable, await ErrorAsync(() => ReadByPayloadHashAsync(batch.PayloadHash)));
        Assert.Equal(Payload, await _parts.Reader.ReadAsync(batch.Id, default));
        Assert.Equal(Payload, await ReadByPayloadHashAsync(batch.PayloadHash));
        Assert.Equal(batch.Id, (await _parts.Ledger.BlobsAtAsync([0, 1], default))[1].Stored.Id);
        Assert.Equal(batch.PayloadLength, (await _parts.FindAsync(batch)).PayloadLength);
    }

    [Fact]
    public async Task Scrub_OfABatchThatAnotherLedgerAnchored_LearnsItsPayloadsHash()
    {
        StoredBatch batch = await WithRowsAsync();
        await SeeAsync(batch, block: 60);
        using RowScrub scrub = _parts.NewScrub();
        await scrub.PassAsync(default);
        Assert.Equal(Payload, await ReadByPayloadHashAsync(batch.PayloadHash));
    }

    [Fact]
    public async Task Get_OfABatchThatAnotherLedgerAnchoredWhoseRowsAreNotThere_IsUnavailable_AndAPutMendsIt()
    {
        StoredBatch batch = await WithRowsAsync();
        Directory.Delete(_parts.RowsFolder, recursive: true);
        await SeeAsync(batch, block: 60);
        Assert.Equal(DaError.Unavailable, await ErrorAsync(() => _parts.Reader.ReadAsync(batch.Id, default)));
        await _parts.PutAsync(Payload);
        Assert.Equal(Payload, await _parts.Reader.ReadAsync(batch.Id, default));
        Assert.Equal(Payload, await ReadByPayloadHashAsync(batch.PayloadHash));
    }

    [Fact]
    public async Task GetBlob_OfAGivenUpBatch_IsAbsent_AndNoAlarm()
    {
        StoredBatch batch = await WithRowsAsync();
        await SeeAsync(batch, block: 60);
        await _parts.Ledger.AdvanceAsync(new BlockPoint(1_000_000, Bytes32.Zero), [], [], default);
        Assert.True(await _parts.Ledger.ExpireAsync(batch.Id, 1_000_000, DateTimeOffset.UnixEpoch, default));
        Directory.Delete(_parts.RowsFolder, recursive: true);
        var source = new BlobSource(
            _parts.Ledger,
            _parts.Rows,
            _parts.NewAbsence(),
            OperatorParts.Key,
            NullLogger<BlobSource>.Instance
        );
        Assert.Equal(DaError.NotFound, await ErrorAsync(() => source.ReadAsync(0, default)));
        Assert.False(_parts.Rows.TryTakeDamaged(out _));
    }

    private async Task<byte[]> ReadByPayloadHashAsync(Bytes32 hash)
    {
        using BatchReading reading = await _parts.Reader.OpenByPayloadHashAsync(hash, "client", default);
        return reading.Payload.ToArray();
    }

    private static async Task<DaError> ErrorAsync(Func<Task> work) =>
        (await Assert.ThrowsAsync<DaException>(work)).Error;

    /// <summary>A batch whose rows are at the providers and that the ledger does not know.</summary>
    private async Task<StoredBatch> WithRowsAsync()
    {
        byte[] blobs = BlobEncoding.Encode(Payload);
        byte[] commitments =
        [
            .. blobs
                .Chunk(131_072)
                .SelectMany(blob =>
                {
                    var encoded = new byte[48];
                    OperatorParts.Key.Commit(blob).Encode(encoded);
                    return encoded;
                }),
        ];
        var batch = new StoredBatch(
            BatchId.Compute((uint)Payload.Length, commitments),
            Keccak256.Hash(Payload),
            (uint)Payload.Length,
            commitments,
            DateTimeOffset.UnixEpoch
        );
        await _parts.Rows.WriteAsync(batch.Id, blobs, default);
        await _parts.Rows.FlushAsync(default);
        return batch;
    }

    private Task SeeAsync(StoredBatch batch, ulong block) =>
        _parts.Ledger.AdvanceAsync(
            new BlockPoint(block, _parts.L1.HashOf(block)),
            [
                new AnchorEvent(
                    new Anchor(0, Bytes32.Zero, 0, 2, block, block + 5000),
                    Bytes32.Zero,
                    batch.Commitments,
                    [new AnchoredBatch(batch.Id, 0, 0, 2) { PayloadLength = batch.PayloadLength }]
                ),
            ],
            [],
            default,
            _parts.Account.Address
        );
}
