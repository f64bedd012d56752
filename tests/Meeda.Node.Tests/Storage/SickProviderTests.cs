using System.Diagnostics;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Batches;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Folders;
using Meeda.Storage.Redundancy;
using Meeda.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>
/// One provider of six never answers one kind of call: everything continues, and the provider costs only its threads.
/// </summary>
public sealed class SickProviderTests : IAsyncLifetime
{
    private const int Providers = 6;
    private const int Lost = 2;
    private const int Sick = 1;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Never = TimeSpan.FromDays(10);
    private static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);

    private readonly TemporaryFolder _folder = new();
    private readonly HangingProvider[] _providers =
    [
        .. Enumerable
            .Range(0, Providers)
            .Select(i => new HangingProvider($"provider {i}", i == Sick ? Deadline : Never)),
    ];

    // Time passes only while a call hangs, so a busy machine makes nothing late.
    private readonly SteppedClock _clock = new();
    private readonly CancellationTokenSource _over = new();
    private Func<bool> _isHanging = () => false;
    private Task _passing = Task.CompletedTask;
    private Ledger _ledger = null!;
    private RowPlacement _rows = null!;
    private uint _anchors;

    private HangingProvider TheSick => _providers[Sick];

    public async Task InitializeAsync()
    {
        _ledger = await SqliteLedger.OpenLeadingAsync(_folder.Path);
        _rows = new RowPlacement(_providers, Lost, Key, NullLogger<RowPlacement>.Instance, clock: _clock);
        _isHanging = () => Array.Exists(_providers, provider => provider.Hanging > 0);
        _passing = Task.Run(async () =>
        {
            while (!_over.IsCancellationRequested)
            {
                await Task.Delay(5);
                if (_isHanging())
                {
                    _clock.Advance(TimeSpan.FromMilliseconds(500));
                }
            }
        });
    }

    public async Task DisposeAsync()
    {
        Array.ForEach(_providers, provider => provider.Dispose());
        await _over.CancelAsync();
        await _passing;
        _over.Dispose();
        _rows.Dispose();
        await _ledger.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(ProviderCall.Write)]
    [InlineData(ProviderCall.Flush)]
    public async Task Placing_ACallHangs_GoesElsewhereAndOn(ProviderCall call)
    {
        TheSick.Hang(call);
        StoredBatch[] batches = [.. Enumerable.Range(0, 8).Select(seed => Batch(seed, 3).Batch)];
        for (int seed = 0; seed < batches.Length; seed++)
        {
            await _ledger.AddBatchAsync(batches[seed], Payload(seed, 3), 0, CancellationToken.None);
        }

        await PlaceAsync();
        Assert.InRange(TheSick.Hanging, 1, 4);

        // Further calls skip it.
        int asked = TheSick.Calls.Values.Sum();
        (StoredBatch another, _) = Batch(99, 6);
        await _ledger.AddBatchAsync(another, Payload(99, 6), 0, CancellationToken.None);
        await PlaceAsync();
        Assert.Equal(asked, TheSick.Calls.Values.Sum());

        foreach (StoredBatch batch in batches)
        {
            Assert.NotNull(await _rows.ReadAsync(batch.Id, batch.Commitments, CancellationToken.None));
        }

        // Once it answers, it is used again, and its failures are cleared after a successful flush.
        TheSick.Release();
        for (int seed = 200; _rows.Troubles.Length > 0; seed++)
        {
            _clock.Advance(TimeSpan.FromMinutes(10)); // however long it rests
            (StoredBatch next, byte[] blobs) = Batch(seed, 6);
            WrittenRows written = await _rows.WriteAsync(next.Id, blobs, CancellationToken.None);
            await written.FlushAsync(CancellationToken.None);
        }

        await _rows.RepairAsync(another.Id, another.Commitments, CancellationToken.None);
        Assert.True(TheSick.Calls.Values.Sum() > asked);
    }

    [Fact]
    public async Task Placing_AFlushFailsThoughWritesWork_GoesElsewhereInTheSameRound()
    {
        TheSick.Fail(ProviderCall.Flush, "EIO");
        (StoredBatch batch, byte[] blobs) = Batch(1, 3);
        WrittenRows written = await _rows.WriteAsync(batch.Id, blobs, CancellationToken.None);
        Assert.False(await written.FlushAsync(CancellationToken.None));
        int writes = TheSick.Calls[ProviderCall.Write];
        await _rows.WriteAsync(written, blobs, CancellationToken.None);
        Assert.True(await written.FlushAsync(CancellationToken.None));
        Assert.Equal(writes, TheSick.Calls[ProviderCall.Write]);
    }

    [Fact]
    public async Task Flush_FailsForOne_IsToldToEveryWriter()
    {
        TheSick.Fail(ProviderCall.Flush, "EIO");
        (StoredBatch first, byte[] firstBlobs) = Batch(1, 3);
        (StoredBatch second, byte[] secondBlobs) = Batch(2, 3);
        WrittenRows one = await _rows.WriteAsync(first.Id, firstBlobs, CancellationToken.None);
        WrittenRows other = await _rows.WriteAsync(second.Id, secondBlobs, CancellationToken.None);
        Assert.False(await one.FlushAsync(CancellationToken.None));
        TheSick.Release(); // A disk tells of what it lost once.
        Assert.False(await other.FlushAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task ReadRow_ReadsHang_ComesFromTheOthers(int blobs)
    {
        (StoredBatch batch, byte[] content) = await StoreAsync(5, blobs);
        TheSick.Hang(ProviderCall.Read);
        for (int row = 0; row < blobs; row++)
        {
            var blob = new byte[Blob.ByteLength];
            Assert.True(await _rows.ReadRowAsync(batch.Id, row, batch.Commitments, blob, CancellationToken.None));
            Assert.Equal(content.AsSpan(row * Blob.ByteLength, Blob.ByteLength).ToArray(), blob);
        }
    }

    [Fact]
    public async Task ReadRow_HeldInTheLedger_AsksNoProvider()
    {
        using var rows = new RowPlacement(
            _providers,
            Lost,
            Key,
            NullLogger<RowPlacement>.Instance,
            new LedgerRowSource(_ledger),
            _clock
        );
        (StoredBatch batch, byte[] content) = Batch(4, 3);
        await _ledger.AddBatchAsync(batch, Payload(4, 3), 0, CancellationToken.None);
        Array.ForEach(_providers, provider => provider.Hang(ProviderCall.Read));
        var blob = new byte[Blob.ByteLength];
        Assert.True(await rows.ReadRowAsync(batch.Id, 2, batch.Commitments, blob, CancellationToken.None));
        Assert.Equal(content[^Blob.ByteLength..], blob);
        Assert.All(_providers, provider => Assert.Empty(provider.Calls));
    }

    [Fact]
    public async Task Read_AHundredAtOnceWhileReadsHang_AllComeAndThreadsDoNot()
    {
        (StoredBatch batch, byte[] content) = await StoreAsync(6, 3);
        TheSick.Hang(ProviderCall.Read);
        byte[]?[] read = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => _rows.ReadAsync(batch.Id, batch.Commitments, CancellationToken.None))
        );
        Assert.All(read, blobs => Assert.Equal(content, blobs));
        Assert.InRange(TheSick.Hanging, 0, 4);
    }

    [Fact]
    public async Task Scrub_ReadsAndWritesHang_LooksAtEveryBatchAndMendsTheOthers()
    {
        (StoredBatch first, byte[] _) = await StoreAsync(7, 3);
        (StoredBatch second, byte[] _) = await StoreAsync(8, 3);
        await _providers[Sick + 1].DeleteAsync(first.Id, 0, CancellationToken.None);
        await _providers[Sick + 1].DeleteAsync(second.Id, 0, CancellationToken.None);
        int whole = _providers[Sick + 2].Rows;
        TheSick.Hang(ProviderCall.Read, ProviderCall.Write, ProviderCall.Flush);
        using LeaderElection leadership = SqliteLedger.Lead(_folder.Path);
        using var scrub = new RowScrub(
            Options.Create(new StorageOptions { ScrubBytesPerSecond = int.MaxValue }),
            _rows,
            _ledger,
            leadership,
            TimeProvider.System,
            NullLogger<RowScrub>.Instance
        );
        await scrub.PassAsync(CancellationToken.None);
        Assert.InRange(_providers[Sick + 1].Rows, whole - 1, whole + 1);
        Assert.InRange(TheSick.Hanging, 1, 4);
    }

    [Fact]
    public async Task Delete_OneHangs_IsDoneAtTheOthersAndToldOfTheOne()
    {
        (StoredBatch batch, byte[] _) = await StoreAsync(9, 6);
        TheSick.Hang(ProviderCall.Delete);
        Assert.Equal([TheSick.Name], await _rows.DeleteAsync(batch.Id, 6, CancellationToken.None));
        Assert.All(_providers.Where(provider => provider != TheSick), provider => Assert.Equal(0, provider.Rows));
    }

    [Fact]
    public async Task Clearing_OneRefuses_IsDoneAtTheOthersAndLaterAtTheOne()
    {
        StoredBatch[] batches =
        [
            .. await Task.WhenAll(Enumerable.Range(20, 3).Select(async seed => (await StoreAsync(seed, 6)).Batch)),
        ];
        foreach (StoredBatch batch in batches)
        {
            await ExpireAsync(batch);
        }

        TheSick.Fail(ProviderCall.Delete, "read-only file system");
        var clearing = new RowClearing(_ledger, _rows, TimeProvider.System, NullLogger.Instance);
        await clearing.PassAsync(CancellationToken.None);
        Assert.All(_providers.Where(provider => provider != TheSick), provider => Assert.Equal(0, provider.Rows));
        Assert.True(TheSick.Rows > 0);
        Assert.Empty(await _ledger.UnclearedBatchesAsync(10, CancellationToken.None));
        Assert.Equal(3, (await _ledger.LeftoversAsync(TheSick.Name, null, 10, CancellationToken.None)).Count);

        // The same bytes are put again: they are placed without waiting for the deletion, and keep their rows.
        await _ledger.AddBatchAsync(batches[0], Payload(20, 6), 0, CancellationToken.None);
        await PlaceAsync();
        TheSick.Release();
        await clearing.PassAsync(CancellationToken.None);
        Assert.Empty(await _ledger.LeftoversAsync(TheSick.Name, null, 10, CancellationToken.None));
        Assert.Equal(
            (0, 0),
            await _rows.RepairAsync(batches[0].Id, batches[0].Commitments, CancellationToken.None) is var report
                ? (report.Missing, report.Wrong)
                : default
        );
        Assert.Null(await _rows.ReadAsync(batches[1].Id, batches[1].Commitments, CancellationToken.None));
        Assert.NotNull(await _rows.ReadAsync(batches[0].Id, batches[0].Commitments, CancellationToken.None));
    }

    [Fact]
    public async Task Ready_NoMoreAreAwayThanMayBeLost_IsReady_AndOtherwiseNotUntilItIsOver()
    {
        var clock = new SteppedClock();
        using var readiness = new Readiness(
            Options.Create(new StorageOptions { Folder = _folder.Path, ToleratedLosses = Lost }),
            Options.Create(new BatchOptions()),
            _ledger,
            _rows,
            clock,
            NullLogger<Readiness>.Instance
        );
        TheSick.Hang(ProviderCall.Probe);
        _providers[3].Fail(ProviderCall.Probe, "no space left on device");
        Assert.Null(await readiness.ProblemAsync(CancellationToken.None));
        _providers[4].Fail(ProviderCall.Probe, "read-only file system");
        clock.Advance(TimeSpan.FromSeconds(10));
        string? problem = await readiness.ProblemAsync(CancellationToken.None);
        Assert.Contains("read-only file system", problem, StringComparison.Ordinal);
        Assert.Contains("no space left on device", problem, StringComparison.Ordinal);
        int asked = _providers[4].Calls[ProviderCall.Probe];
        Assert.Equal(problem, await readiness.ProblemAsync(CancellationToken.None)); // From memory.
        Assert.Equal(asked, _providers[4].Calls[ProviderCall.Probe]);
        _providers[4].Release();
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await readiness.ProblemAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Ready_TheDataFolderTakesNothing_IsNotReadyUntilItIsOver()
    {
        var clock = new SteppedClock();
        string data = Path.Combine(_folder.Path, "data");
        using var readiness = new Readiness(
            Options.Create(new StorageOptions { Folder = data }),
            Options.Create(new BatchOptions()),
            _ledger,
            _rows,
            clock,
            NullLogger<Readiness>.Instance
        );
        Assert.StartsWith(
            "data folder: ",
            await readiness.ProblemAsync(CancellationToken.None),
            StringComparison.Ordinal
        );
        Directory.CreateDirectory(data);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await readiness.ProblemAsync(CancellationToken.None));
        Assert.Empty(Directory.GetFileSystemEntries(data));
    }

    [Fact]
    public async Task Match_ABucketUnderAnotherHost_IsRefusedAndRenamedWhereTheSettingsSaySo()
    {
        long pack = await _ledger.BeginPackAsync("mefs:old:5001/rows", "x", 1, CancellationToken.None);
        BatchId id = Batch(1, 1).Batch.Id;
        await _ledger.EndPackAsync(pack, "mefs:old:5001/rows", [(id, 0)], CancellationToken.None);
        var options = new StorageOptions();
        options.Providers.Add("mefs+http://old:5001/rows");
        Assert.Empty(await RowProviders.MatchAsync(options, _ledger, CancellationToken.None));

        options.Providers[0] = "mefs+http://new:5001/others";
        Assert.Equal(["mefs:old:5001/rows"], await RowProviders.MatchAsync(options, _ledger, CancellationToken.None));

        options.Providers[0] = "mefs+http://new:5001/rows";
        SetupException refused = await Assert.ThrowsAsync<SetupException>(() =>
            RowProviders.MatchAsync(options, _ledger, CancellationToken.None)
        );
        Assert.Contains(
            "Meeda__Storage__RenamedProviders__0=mefs:old:5001/rows=mefs:new:5001/rows",
            refused.Message,
            StringComparison.Ordinal
        );

        options.RenamedProviders.Add("mefs:old:5001/rows=mefs:new:5001/rows");
        Assert.Empty(await RowProviders.MatchAsync(options, _ledger, CancellationToken.None));
        Assert.Equal(
            "x",
            (await _ledger.FindPackedRowAsync("mefs:new:5001/rows", id, 0, CancellationToken.None))?.ObjectName
        );

        options.RenamedProviders[0] = "mefs:new:5001/rows=";
        Assert.Empty(await RowProviders.MatchAsync(options, _ledger, CancellationToken.None));
        Assert.Empty(await _ledger.PackStoresAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Folder_RowFilesWhoseOpeningHangs_CostNoReadAndFewThreads()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // Elsewhere a FIFO may open otherwise.
        }

        using var folders = new RowPlacement(
            [
                .. Enumerable
                    .Range(0, Providers)
                    .Select(i => new FolderProvider(FolderOf(i), i == Sick ? Deadline : Never)),
            ],
            Lost,
            Key,
            NullLogger<RowPlacement>.Instance,
            clock: _clock
        );
        (StoredBatch batch, byte[] content) = Batch(10, 6);
        WrittenRows written = await folders.WriteAsync(batch.Id, content, CancellationToken.None);
        Assert.True(await written.FlushAsync(CancellationToken.None));
        string[] fifos = Directory.GetFiles(FolderOf(Sick), "*.row", SearchOption.AllDirectories);
        foreach (string file in fifos)
        {
            File.Delete(file);
            using var make = Process.Start("mkfifo", [file]);
            await make.WaitForExitAsync();
            Assert.Equal(0, make.ExitCode);
        }

        _isHanging = () => true;
        byte[]?[] read = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => folders.ReadAsync(batch.Id, batch.Commitments, CancellationToken.None))
        );
        Assert.All(read, blobs => Assert.Equal(content, blobs));
        for (int row = 0; row < 6; row++)
        {
            Assert.True(
                await folders.ReadRowAsync(
                    batch.Id,
                    row,
                    batch.Commitments,
                    new byte[Blob.ByteLength],
                    CancellationToken.None
                )
            );
        }

        foreach (string fifo in fifos)
        {
            using FileStream release = new(fifo, FileMode.Open, FileAccess.ReadWrite); // Lets its readers go.
        }
    }

    [Fact]
    public void Round_TakesLongerThanItsLimit_IsToldOnceForEachDoubling()
    {
        var clock = new SteppedClock();
        var lines = new LineLogger();
        int overdue = 0;
        using (
            RoundWatch.Begin(
                "placing",
                TimeSpan.FromSeconds(30),
                () => "provider 1: it hangs",
                clock,
                lines,
                () => overdue++
            )
        )
        {
            clock.Advance(TimeSpan.FromSeconds(29));
            Assert.Empty(lines.Lines);
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(
                "Overdue: placing has taken 30 s and is not over: provider 1: it hangs",
                Assert.Single(lines.Lines)
            );
            clock.Advance(TimeSpan.FromSeconds(30));
            Assert.Equal(2, lines.Lines.Count);
        }

        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal((2, 1), (lines.Lines.Count, overdue));
    }

    private static byte[] Payload(int seed, int blobs) =>
        [.. Enumerable.Range(0, (blobs * BlobEncoding.DataBytesPerBlob) - 1000).Select(i => (byte)((i * 7) + seed))];

    private static (StoredBatch Batch, byte[] Blobs) Batch(int seed, int blobs)
    {
        byte[] payload = Payload(seed, blobs);
        byte[] encoded = BlobEncoding.Encode(payload);
        byte[] commitments =
        [
            .. Enumerable
                .Range(0, blobs)
                .SelectMany(row => Key.Commit(encoded.AsSpan(row * Blob.ByteLength, Blob.ByteLength)).ToArray()),
        ];
        var id = BatchId.Compute((uint)payload.Length, commitments);
        return (
            new StoredBatch(id, Keccak256.Hash(payload), (uint)payload.Length, commitments, DateTimeOffset.UnixEpoch),
            encoded
        );
    }

    /// <summary>Places a batch, and drops its payload from the ledger.</summary>
    private async Task<(StoredBatch Batch, byte[] Blobs)> StoreAsync(int seed, int blobs)
    {
        (StoredBatch batch, byte[] content) = Batch(seed, blobs);
        await _ledger.AddBatchAsync(batch, Payload(seed, blobs), 0, CancellationToken.None);
        WrittenRows written = await _rows.WriteAsync(batch.Id, content, CancellationToken.None);
        Assert.True(await written.FlushAsync(CancellationToken.None));
        await _ledger.MarkPlacedAsync([batch.Id], DateTimeOffset.UnixEpoch, CancellationToken.None);
        await _ledger.TrimPayloadsAsync(0, CancellationToken.None);
        return (batch, content);
    }

    /// <summary>Expires a batch, like one whose only anchor has expired.</summary>
    private async Task ExpireAsync(StoredBatch batch)
    {
        uint index = _anchors++;
        var anchor = new Anchor(index, Bytes32.Zero, index * 100, (uint)batch.BlobCount, index + 1, index + 2);
        await _ledger.AdvanceAsync(
            new BlockPoint(index + 1, Bytes32.Zero),
            [
                new AnchorEvent(
                    anchor,
                    Bytes32.Zero,
                    batch.Commitments,
                    [new AnchoredBatch(batch.Id, index, index * 100, (uint)batch.BlobCount)]
                ),
            ],
            [],
            CancellationToken.None
        );
        Assert.True(await _ledger.ExpireAsync(batch.Id, 1000, DateTimeOffset.UnixEpoch, CancellationToken.None));
    }

    /// <summary>Runs placement until no batch waits.</summary>
    private async Task PlaceAsync()
    {
        var database = new SqliteDatabase(Path.Combine(_folder.Path, "ledger.sqlite"));
        var lease = new Lease(database, TimeSpan.FromMinutes(10));
        Assert.True(await lease.TryHoldAsync(CancellationToken.None));
        using var leadership = new LeaderElection(lease, TimeProvider.System, NullLogger<LeaderElection>.Instance);
        using var placement = new BatchPlacement(
            Options.Create(new StorageOptions()),
            _ledger,
            _rows,
            new BatchSignal(),
            leadership,
            TimeProvider.System,
            NullLogger<BatchPlacement>.Instance
        );
        await placement.StartAsync(CancellationToken.None);
        await Patience.UntilAsync(
            async () => (await _ledger.BacklogAsync(CancellationToken.None)).Count == 0,
            TimeSpan.FromSeconds(30)
        );

        await placement.StopAsync(CancellationToken.None);
    }

    private string FolderOf(int provider) => Path.Combine(_folder.Path, $"folder {provider}");
}
