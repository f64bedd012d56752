using System.Numerics;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Mefs;
using Meeda.Node.Storage;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class RowPlacementTests : IDisposable
{
    private const int Providers = 6;
    private const int Lost = 2;

    private static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);
    private static readonly byte[] Blobs = BlobEncoding.Encode([.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))]);
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
        Assert.All(Enumerable.Range(0, Providers), provider => Assert.InRange(Rows(provider).Length, rows / Providers, (rows + Providers - 1) / Providers));
    }

    [Fact]
    public async Task Read_AnyTwoProvidersDeleted_GivesTheBatchAndTheScrubBringsAllRowsBack()
    {
        RowPlacement placement = Open();
        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        int rows = Rows().Length;
        foreach (int mask in Enumerable.Range(0, 1 << Providers).Where(mask => BitOperations.PopCount((uint)mask) == Lost))
        {
            foreach (int provider in Enumerable.Range(0, Providers).Where(provider => (mask >> provider & 1) == 1))
            {
                DeleteProvider(provider);
            }

            int lost = rows - Rows().Length;
            Assert.Equal(Blobs, await placement.ReadAsync(Id, Commitments, CancellationToken.None));
            Assert.Equal(new RepairReport(rows, lost, 0, lost), await placement.RepairAsync(Id, Commitments, CancellationToken.None));
            Assert.Equal(rows, Rows().Length);
        }

        Assert.Equal(new RepairReport(rows, 0, 0, 0), await placement.RepairAsync(Id, Commitments, CancellationToken.None));
    }

    [Fact]
    public async Task Read_RowsThatRotted_AreNeverGivenOutAndAreRepaired()
    {
        RowPlacement placement = Open();
        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        string[] rotten = [.. Enumerable.Range(0, 2).Select(row => Rows().Single(file => file.EndsWith($".{row}.row", StringComparison.Ordinal)))];
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
        Assert.Equal(new RepairReport(rows.Length, rows.Length - 2, 0, 0), await placement.RepairAsync(Id, Commitments, CancellationToken.None));
        Assert.False(await placement.ReadRowAsync(Id, 9, Commitments, new byte[Blob.ByteLength], CancellationToken.None));
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
        Assert.Equal(new RepairReport(report.Rows, 0, 0, 0), await placement.RepairAsync(Id, Commitments, CancellationToken.None));
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
        await ledger.AddBatchAsync(new StoredBatch(Id, Bytes32.Zero, 300_000, Commitments, DateTimeOffset.UnixEpoch), new byte[300_000], CancellationToken.None);
        await ledger.MarkPlacedAsync([Id], DateTimeOffset.UnixEpoch, CancellationToken.None);
        int rows = Rows().Length;
        Directory.Delete(PathOf(1), recursive: true);
        Directory.Delete(PathOf(4), recursive: true);
        using Leadership leadership = SqliteLedger.Lead(_folder.Path);
        using var scrub = new RowScrub(
            Options.Create(new StorageOptions { ScrubBytesPerSecond = int.MaxValue }), placement, ledger, leadership, TimeProvider.System, NullLogger<RowScrub>.Instance);

        await scrub.PassAsync(CancellationToken.None);

        Assert.Equal(rows, Rows().Length);
    }

    [Fact]
    public async Task Mefs_AsOneOfTheProviders_KeepsItsRowsAndIsRepaired()
    {
        await using FakeMefsNode node = await FakeMefsNode.StartAsync();
#pragma warning disable RS0030 // A test is its own host.
        using var http = new HttpClient { BaseAddress = node.Url };
#pragma warning restore RS0030
        var mefs = new MefsProvider(new MefsClient(http, FakeMefsNode.Token, TimeProvider.System), "rows");
        var placement = new RowPlacement([mefs, new FolderProvider(PathOf(1)), new FolderProvider(PathOf(2))], 1, Key, NullLogger<RowPlacement>.Instance);
        await placement.WriteAsync(Id, Blobs, CancellationToken.None);
        string[] stored = [.. Enumerable.Range(0, 6).Select(row => $"{Id.ToString()[2..]}.{row}").Where(name => node.Stored("rows", name) is not null)];
        Assert.NotEmpty(stored);
        Assert.Equal(new RepairReport(3 + ParityRows.Count(3, 3, 1), 0, 0, 0), await placement.RepairAsync(Id, Commitments, CancellationToken.None));

        node.Corrupt("rows", stored[0]);
        Assert.True(stored.Length == 1 || node.Lose("rows", stored[1]));
        Assert.Equal(Blobs, await placement.ReadAsync(Id, Commitments, CancellationToken.None));
        RepairReport report = await placement.RepairAsync(Id, Commitments, CancellationToken.None);
        Assert.Equal(stored.Length > 1 ? 2 : 1, report.Repaired);
        Assert.Equal(0, (await placement.RepairAsync(Id, Commitments, CancellationToken.None)).Repaired);

        // A put that breaks off leaves an empty object under the name; the next write replaces it.
        Assert.True(node.Lose("rows", stored[0]));
        node.Fail("PutObject", MefsFault.Truncate);
        await Assert.ThrowsAsync<IOException>(() => mefs.WriteAsync(Id, int.Parse(stored[0].Split('.')[1], System.Globalization.CultureInfo.InvariantCulture), Blobs.AsMemory(0, Blob.ByteLength), CancellationToken.None));
        await placement.RepairAsync(Id, Commitments, CancellationToken.None);
        Assert.Equal(0, (await placement.RepairAsync(Id, Commitments, CancellationToken.None)).Repaired);
    }

    [Fact]
    public void Options_ThatCannotWork_AreAllNamed()
    {
        var options = new StorageOptions { ToleratedLosses = 3, ScrubInterval = TimeSpan.Zero, ScrubBytesPerSecond = 1 };
        options.Providers.Add("/a");
        options.Providers.Add("/a");
        options.Providers.Add("mefs+http://node:5001");
        Assert.Equal(5, options.Problems().Count());
        Assert.Empty(new StorageOptions().Problems());
    }

    private static byte[] CommitmentsOf(byte[] blobs) =>
        [.. Enumerable.Range(0, blobs.Length / Blob.ByteLength).SelectMany(row => Key.Commit(blobs.AsSpan(row * Blob.ByteLength, Blob.ByteLength)).ToArray())];

    private RowPlacement Open() =>
        new([.. Enumerable.Range(0, Providers).Select(provider => new FolderProvider(PathOf(provider)))], Lost, Key, NullLogger<RowPlacement>.Instance);

    // A provider that holds no row of the batch is not made anew by the repair.
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
        Directory.Exists(PathOf(provider)) ? Directory.GetFiles(PathOf(provider), "*.row", SearchOption.AllDirectories) : [];
}
