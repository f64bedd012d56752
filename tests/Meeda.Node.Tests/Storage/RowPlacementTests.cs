using System.Numerics;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Mefs;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Buckets;
using Meeda.Storage.Folders;
using Meeda.Storage.Redundancy;
using Meeda.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class RowPlacementTests : IDisposable
{
    private const int Providers = 6;
    private const int Lost = 2;

    private static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);
    private static readonly byte[] Blobs = BlobEncoding.Encode([
        .. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7)),
    ]);
    private static readonly byte[] Commitments = CommitmentsOf(Blobs);
    private static readonly BatchId Id = BatchId.Compute(300_000, Commitments);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_AllRows_AreSpreadEvenly()
    {
        await Open().WriteAsync(Id, Blobs, CancellationToken.None);
        int rows = 3 + ParityRows.Count(3, Providers, Lost);
        Assert.Equal(rows, Rows().Length);
        Assert.All(
            Enumerable.Range(0, Providers),
            provider => Assert.InRange(Rows(provider).Length, rows / Providers, (rows + Providers - 1) / Providers)
        );
    }

    [Fact]
    public async Task Read_AnyTwoProvidersDeleted_GivesTheBatchAndTheScrubBringsAllRowsBack()
    {
        RowPlacement placement = Open();
        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        int rows = Rows().Length;
        foreach (
            int mask in Enumerable.Range(0, 1 << Providers).Where(mask => BitOperations.PopCount((uint)mask) == Lost)
        )
        {
            foreach (int provider in Enumerable.Range(0, Providers).Where(provider => (mask >> provider & 1) == 1))
            {
                DeleteProvider(provider);
            }

            int lost = rows - Rows().Length;
            Assert.Equal(Blobs, await placement.ReadAsync(Id, Commitments, CancellationToken.None));
            Assert.Equal(
                new RepairReport(rows, lost, 0, lost),
                await placement.RepairAsync(Id, Commitments, CancellationToken.None)
            );
            Assert.Equal(rows, Rows().Length);
        }

        Assert.Equal(
            new RepairReport(rows, 0, 0, 0),
            await placement.RepairAsync(Id, Commitments, CancellationToken.None)
        );
    }

    [Fact]
    public async Task Read_RowsThatRotted_AreNeverGivenOutAndAreRepaired()
    {
        RowPlacement placement = Open();
        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        string[] rotten =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(row => Rows().Single(file => file.EndsWith($".{row}.row", StringComparison.Ordinal))),
        ];
        foreach (string file in rotten)
        {
            byte[] content = await File.ReadAllBytesAsync(file);
            content[1000] ^= 1;
            await File.WriteAllBytesAsync(file, content);
        }

        Assert.Equal(Blobs, await placement.ReadAsync(Id, Commitments, CancellationToken.None));
        Assert.True(placement.TryTakeDamaged(out BatchId damaged));
        Assert.Equal(Id, damaged);
        RepairReport report = await placement.RepairAsync(Id, Commitments, CancellationToken.None);
        Assert.Equal((2, 2), (report.Wrong, report.Repaired));
        Assert.Equal(Blobs, await placement.ReadAsync(Id, Commitments, CancellationToken.None));
        Assert.False(placement.TryTakeDamaged(out _));
    }

    [Fact]
    public async Task Read_TooFewRowsLeft_IsNullAndTheRepairSaysSo()
    {
        RowPlacement placement = Open();
        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        string[] rows = Rows();
        foreach (string file in rows[..(rows.Length - 2)])
        {
            File.Delete(file);
        }

        Assert.Null(await placement.ReadAsync(Id, Commitments, CancellationToken.None));
        Assert.Equal(
            new RepairReport(rows.Length, rows.Length - 2, 0, 0),
            await placement.RepairAsync(Id, Commitments, CancellationToken.None)
        );
        Assert.False(
            await placement.ReadRowAsync(Id, 9, Commitments, new byte[Blob.ByteLength], CancellationToken.None)
        );
    }

    [Fact]
    public async Task Write_TwoProvidersRefuse_IsDurableElsewhereAndTheRepairBringsTheRowsHome()
    {
        RowPlacement placement = Open();
        string[] inTheWay = [.. new[] { 0, 3 }.Select(provider => Path.Combine(PathOf(provider), Id.ToString()[2..4]))];
        Assert.All(inTheWay, file => File.WriteAllText(file, ""));

        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        Assert.Equal(Blobs, await placement.ReadAsync(Id, Commitments, CancellationToken.None));

        Assert.All(inTheWay, File.Delete);
        RepairReport report = await placement.RepairAsync(Id, Commitments, CancellationToken.None);
        Assert.True(report.Repaired > 0);
        Assert.Equal(
            new RepairReport(report.Rows, 0, 0, 0),
            await placement.RepairAsync(Id, Commitments, CancellationToken.None)
        );
    }

    [Fact]
    public async Task Write_MoreProvidersRefuseThanMayBeLost_Throws()
    {
        RowPlacement placement = Open();
        foreach (int provider in Enumerable.Range(0, Lost + 1))
        {
            await File.WriteAllTextAsync(Path.Combine(PathOf(provider), Id.ToString()[2..4]), "");
        }

        await Assert.ThrowsAnyAsync<IOException>(() => placement.WriteAsync(Id, Blobs, CancellationToken.None));
    }

    [Fact]
    public async Task ReadRow_MissingRow_IsComputedFromTheOthers()
    {
        RowPlacement placement = Open();
        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        File.Delete(Rows().Single(file => file.EndsWith(".1.row", StringComparison.Ordinal)));
        var blob = new byte[Blob.ByteLength];
        Assert.True(await placement.ReadRowAsync(Id, 1, Commitments, blob, CancellationToken.None));
        Assert.Equal(Blobs[Blob.ByteLength..(2 * Blob.ByteLength)], blob);
    }

    [Fact]
    public async Task Scrub_OnePass_RepairsEveryBatch()
    {
        RowPlacement placement = Open();
        await using Ledger ledger = await SqliteLedger.OpenAsync(_folder.Path);
        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        await ledger.AddBatchAsync(
            new StoredBatch(Id, Bytes32.Zero, 300_000, Commitments, DateTimeOffset.UnixEpoch),
            new byte[300_000],
            0,
            CancellationToken.None
        );
        await ledger.MarkPlacedAsync([Id], DateTimeOffset.UnixEpoch, CancellationToken.None);
        int rows = Rows().Length;
        Directory.Delete(PathOf(1), recursive: true);
        Directory.Delete(PathOf(4), recursive: true);
        using LeaderElection leadership = SqliteLedger.Lead(_folder.Path);
        using var scrub = new RowScrub(
            Options.Create(new StorageOptions { ScrubBytesPerSecond = int.MaxValue }),
            placement,
            ledger,
            leadership,
            TimeProvider.System,
            NullLogger<RowScrub>.Instance
        );

        await scrub.PassAsync(CancellationToken.None);

        Assert.Equal(rows, Rows().Length);
    }

    [Fact]
    public async Task Mefs_AsOneOfTheProviders_KeepsItsRowsAndIsRepaired()
    {
        await using FakeMefsNode node = await FakeMefsNode.StartAsync();
        await using Ledger ledger = await SqliteLedger.OpenLeadingAsync(_folder.Path);
        using HttpClient http = node.Connect();
        using var mefs = new PackedProvider(
            new MefsStore(new MefsClient(http, FakeMefsNode.Token, TimeProvider.System), node.Url, "rows"),
            ledger
        );
        using var placement = new RowPlacement(
            [mefs, new FolderProvider(PathOf(1)).Open(), new FolderProvider(PathOf(2)).Open()],
            1,
            Key,
            NullLogger<RowPlacement>.Instance,
            clock: new FakeTimeProvider()
        );
        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        await placement.FlushAsync(CancellationToken.None);
        string stored = Assert.Single(node.Names("rows"));
        Assert.Equal(
            new RepairReport(3 + ParityRows.Count(3, 3, 1), 0, 0, 0),
            await placement.RepairAsync(Id, Commitments, CancellationToken.None)
        );

        // The damaged object has one corrupt row, its first; the repair puts that row into another object.
        node.Corrupt("rows", stored);
        Assert.Equal(Blobs, await placement.ReadAsync(Id, Commitments, CancellationToken.None));
        Assert.Equal((1, 1), await RepairAsync());
        Assert.Equal((0, 0), await RepairAsync());

        // Both objects vanish, and the first put that would restore the rows breaks off: they stay missing until the
        // next pass.
        foreach (string name in node.Names("rows"))
        {
            Assert.True(node.Lose("rows", name));
        }

        node.Fail("PutObject", MefsFault.Truncate);
        Assert.Equal(Blobs, await placement.ReadAsync(Id, Commitments, CancellationToken.None));
        await RepairAsync();
        Assert.Equal((2, 2), await RepairAsync());
        Assert.Equal((0, 0), await RepairAsync());

        async Task<(int Bad, int Repaired)> RepairAsync()
        {
            RepairReport report = await placement.RepairAsync(Id, Commitments, CancellationToken.None);
            return (report.Missing + report.Wrong, report.Repaired);
        }
    }

    [Fact]
    public void Claim_HeldByOneTask_IsGivenToNoOther()
    {
        using RowPlacement placement = Open();
        using (placement.TryClaim(Id))
        {
            Assert.Null(placement.TryClaim(Id));
        }

        Assert.NotNull(placement.TryClaim(Id));
    }

    [Fact]
    public async Task Scrub_BatchGivenUpSinceItsPageWasRead_WritesNoRow()
    {
        using RowPlacement placement = Open();
        await using Ledger ledger = await SqliteLedger.OpenAsync(_folder.Path);
        await ledger.AddBatchAsync(
            new StoredBatch(Id, Bytes32.Zero, 300_000, Commitments, DateTimeOffset.UnixEpoch),
            new byte[300_000],
            0,
            CancellationToken.None
        );
        await ledger.MarkPlacedAsync([Id], DateTimeOffset.UnixEpoch, CancellationToken.None);
        WrittenRows written = await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        Assert.True(await written.FlushAsync(CancellationToken.None));
        Directory.Delete(PathOf(1), recursive: true);
        using LeaderElection leadership = SqliteLedger.Lead(_folder.Path);
        using var scrub = new RowScrub(
            Options.Create(new StorageOptions { ScrubBytesPerSecond = int.MaxValue }),
            placement,
            ledger,
            leadership,
            TimeProvider.System,
            NullLogger<RowScrub>.Instance
        );
        using (placement.TryClaim(Id)) // As who clears it away does.
        {
            await scrub.PassAsync(CancellationToken.None);
        }

        Assert.False(Directory.Exists(PathOf(1)));
    }

    [Fact]
    public void Options_ThatCannotWork_AreAllNamed()
    {
        var options = new StorageOptions
        {
            ToleratedLosses = 3,
            ScrubInterval = TimeSpan.Zero,
            ScrubBytesPerSecond = 1,
        };
        options.Providers.Add("/a");
        options.Providers.Add("/a");
        options.Providers.Add("mefs+http://node:5001");
        var validator = new StorageOptionsValidator();
        Assert.Equal(5, validator.Failures(options).Count());
        Assert.Empty(validator.Failures(new StorageOptions()));
    }

    private static byte[] CommitmentsOf(byte[] blobs) =>
        [
            .. Enumerable
                .Range(0, blobs.Length / Blob.ByteLength)
                .SelectMany(row => Key.Commit(blobs.AsSpan(row * Blob.ByteLength, Blob.ByteLength)).ToArray()),
        ];

    private RowPlacement Open() =>
        new(
            [
                .. Enumerable
                    .Range(0, Providers)
                    .Select(provider => new FolderProvider(PathOf(provider), TimeSpan.FromHours(1)).Open()),
            ],
            Lost,
            Key,
            NullLogger<RowPlacement>.Instance,
            clock: new FakeTimeProvider()
        );

    // The repair does not create a provider that has no row of the batch.
    private void DeleteProvider(int provider)
    {
        if (Directory.Exists(PathOf(provider)))
        {
            Directory.Delete(PathOf(provider), recursive: true);
        }
    }

    private string PathOf(int provider) => Path.Combine(_folder.Path, $"{provider}");

    private string[] Rows() => [.. Enumerable.Range(0, Providers).SelectMany(Rows)];

    private string[] Rows(int provider) =>
        Directory.Exists(PathOf(provider))
            ? Directory.GetFiles(PathOf(provider), "*.row", SearchOption.AllDirectories)
            : [];
}
