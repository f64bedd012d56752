using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Mefs;
using Meeda.Node.Tests.Http;
using Meeda.Operator.Persistence;
using Meeda.Operator.Placement;
using Meeda.Protocol.Batches;
using Meeda.Storage.Buckets;
using Meeda.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>Rows in objects of a fake MEFS node, over real HTTP, and of failing stores.</summary>
[Collection("gauges of packs")] // The gauges are shared by the process.
public sealed class PackedProviderTests : IAsyncLifetime
{
    private const int RowsInPack = 9;

    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private FakeMefsNode _node = null!;
    private HttpClient _http = null!;
    private Ledger _ledger = null!;

    public async Task InitializeAsync()
    {
        _node = await FakeMefsNode.StartAsync();
        _http = _node.Connect();
        _ledger = await SqliteLedger.OpenLeadingAsync(_folder.Path);
    }

    public async Task DisposeAsync()
    {
        await _ledger.DisposeAsync();
        _http.Dispose();
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Flush_RowsOfManyBatches_FillObjectsAndReadBack()
    {
        using PackedProvider provider = Open();
        (BatchId Id, int Row, byte[] Blob)[] rows =
        [
            .. Enumerable
                .Range(0, 20)
                .Select(i => (Batch(i / 3), i % 3, RandomNumberGenerator.GetBytes(Blob.ByteLength))),
        ];
        await WriteAsync(provider, rows);

        Assert.Equal(
            [2, RowsInPack, RowsInPack],
            _node.Names("rows").Select(name => _node.Stored("rows", name)!.Length / Blob.ByteLength).Order()
        );
        foreach ((BatchId id, int row, byte[] blob) in rows)
        {
            Assert.Equal(blob, await ReadAsync(provider, id, row));
        }

        Assert.Null(await ReadAsync(provider, Batch(0), 3));
        Assert.Null(await ReadAsync(provider, Batch(99), 0));

        // 20 rows in three stripes of 1,269,760 bytes, each stored as ten chunks of 253,952.
        PackingCosts costs = await _ledger.PackingCostsAsync(None);
        Assert.Equal((20 * Blob.ByteLength, 3 * 2_539_520), (costs.RowBytes, costs.OccupiedBytes));
    }

    [Fact]
    public async Task Write_OfTheSameRowAgain_IsTheNewOne()
    {
        using PackedProvider provider = Open();
        byte[] first = RandomNumberGenerator.GetBytes(Blob.ByteLength),
            second = RandomNumberGenerator.GetBytes(Blob.ByteLength);
        await WriteAsync(provider, (Batch(1), 0, first));
        await WriteAsync(provider, (Batch(1), 0, second));
        Assert.Equal(second, await ReadAsync(provider, Batch(1), 0));

        // The first object is empty now.
        Assert.Equal(2, _node.Names("rows").Count);
        await provider.RunAsync(None);
        Assert.Single(_node.Names("rows"));
        Assert.Equal(second, await ReadAsync(provider, Batch(1), 0));
    }

    [Fact]
    public async Task Write_OfARowThatIsThereWhole_TakesNoMoreRoom_AndOfADamagedOrLostOneIsWrittenAnew()
    {
        using PackedProvider provider = Open();
        byte[] blob = RandomNumberGenerator.GetBytes(Blob.ByteLength);
        await WriteAsync(provider, (Batch(1), 0, blob));
        string first = Assert.Single(_node.Names("rows"));
        await WriteAsync(provider, (Batch(1), 0, blob));
        Assert.Equal(first, Assert.Single(_node.Names("rows")));

        _node.Corrupt("rows", first);
        await WriteAsync(provider, (Batch(1), 0, blob));
        Assert.Equal(blob, await ReadAsync(provider, Batch(1), 0));

        Assert.All(_node.Names("rows"), name => Assert.True(_node.Lose("rows", name)));
        await WriteAsync(provider, (Batch(1), 0, blob));
        Assert.Equal(blob, await ReadAsync(provider, Batch(1), 0));
    }

    [Fact]
    public async Task Put_IntoABucketOfAnotherOperator_IsRefused_AndWhoseItIsIsTold()
    {
        using (PackedProvider first = Open())
        {
            Assert.Null(await first.BelongToAsync("chain 1, account a", None));
            await WriteAsync(first, (Batch(1), 0, new byte[Blob.ByteLength]));
        }

        using (PackedProvider again = Open())
        {
            Assert.Null(await again.BelongToAsync("chain 1, account a", None));
            await WriteAsync(again, (Batch(2), 0, new byte[Blob.ByteLength]));
        }

        using PackedProvider other = Open();
        Assert.Equal("chain 1, account a", await other.BelongToAsync("chain 1, account b", None));
        int objects = _node.Names("rows").Count;
        IOException refusal = await Assert.ThrowsAsync<IOException>(() =>
            WriteAsync(other, (Batch(3), 0, new byte[Blob.ByteLength]))
        );
        Assert.Contains("chain 1, account a", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(objects, _node.Names("rows").Count);
    }

    [Fact]
    public async Task Read_OfARowThatTheNodeCutOff_IsAMissingRow()
    {
        using PackedProvider provider = Open();
        await WriteAsync(provider, (Batch(1), 0, new byte[Blob.ByteLength]), (Batch(1), 1, new byte[Blob.ByteLength]));
        string name = Assert.Single(_node.Names("rows"));
        _node.Truncate("rows", name, _node.Stored("rows", name)!.Length - (2 * Blob.ByteLength) + 1);
        Assert.NotNull(await ReadAsync(provider, Batch(1), 0));
        Assert.Null(await ReadAsync(provider, Batch(1), 1));
    }

    [Fact]
    public async Task Delete_OfABatch_LeavesItsNeighboursAndTheObjectGoesWithTheLast()
    {
        using PackedProvider provider = Open();
        byte[] kept = RandomNumberGenerator.GetBytes(Blob.ByteLength);
        await WriteAsync(
            provider,
            (Batch(1), 0, new byte[Blob.ByteLength]),
            (Batch(1), 1, new byte[Blob.ByteLength]),
            (Batch(2), 0, kept)
        );
        await provider.DeleteAsync(Batch(1), 2, None);
        await provider.RunAsync(None);
        Assert.Null(await ReadAsync(provider, Batch(1), 1));
        Assert.Equal(kept, await ReadAsync(provider, Batch(2), 0));
        await provider.DeleteAsync(Batch(2), 2, None);
        await provider.RunAsync(None);
        Assert.Empty(_node.Names("rows"));
    }

    [Theory]
    [InlineData(MefsFault.Refuse)]
    [InlineData(MefsFault.Disconnect)]
    [InlineData(MefsFault.DoAndDisconnect)]
    [InlineData(MefsFault.Corrupt)]
    [InlineData(MefsFault.Truncate)]
    [InlineData(MefsFault.Duplicate)]
    [InlineData(MefsFault.ServerError)]
    public async Task Flush_WhosePutFails_SaysSoAndLeavesNothingBehind(MefsFault fault)
    {
        using PackedProvider provider = Open();
        byte[] blob = RandomNumberGenerator.GetBytes(Blob.ByteLength);
        await WriteAsync(provider, (Batch(1), 0, blob)); // The bucket is there.
        _node.Fail("PutObject", fault);
        await provider.WriteAsync(Batch(2), 0, blob, None);
        await Assert.ThrowsAsync<IOException>(() => provider.FlushAsync(None));
        Assert.Null(await ReadAsync(provider, Batch(2), 0));

        // Only the writer gets the failure: the next flush reports none.
        await WriteAsync(provider, (Batch(3), 0, blob));
        await provider.RunAsync(None);
        Assert.Equal(2, _node.Names("rows").Count);
        await WriteAsync(provider, (Batch(2), 0, blob));
        Assert.Equal(blob, await ReadAsync(provider, Batch(2), 0));
    }

    [Fact]
    public async Task Flush_AFullObjectThatFailed_IsToldThoughTheLastOneWentWell()
    {
        using PackedProvider provider = Open();
        await WriteAsync(provider, (Batch(0), 0, new byte[Blob.ByteLength]));
        _node.Fail("PutObject", MefsFault.Refuse);
        for (int row = 0; row < RowsInPack + 1; row++)
        {
            await provider.WriteAsync(Batch(1), row, new byte[Blob.ByteLength], None);
        }

        await Assert.ThrowsAsync<IOException>(() => provider.FlushAsync(None));
    }

    [Fact]
    public async Task Care_AfterTheProcessDiedBetweenPutAndNote_DeletesTheStray()
    {
        using (var dying = new PackedProvider(new DyingStore(Store()), _ledger))
        {
            await dying.WriteAsync(Batch(1), 0, new byte[Blob.ByteLength], None);
            await Assert.ThrowsAsync<IOException>(() => dying.FlushAsync(None));
        }

        Assert.Single(_node.Names("rows"));
        using PackedProvider restarted = Open();
        Assert.Null(await ReadAsync(restarted, Batch(1), 0));
        await restarted.RunAsync(None);
        Assert.Empty(_node.Names("rows"));
    }

    [Fact]
    public async Task Care_WhileAnObjectIsOnItsWay_LeavesItAlone()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = new SlowStore(Store(), gate.Task);
        using var provider = new PackedProvider(slow, _ledger);
        await provider.WriteAsync(Batch(1), 0, new byte[Blob.ByteLength], None);
        Task flush = provider.FlushAsync(None);
        await slow.Arrived;
        await provider.RunAsync(None);
        gate.SetResult();
        await flush;
        Assert.NotNull(await ReadAsync(provider, Batch(1), 0));

        // Another process that cleans up after this one takes the name first: then the rows are missing, and their
        // writer gets an error.
        await provider.WriteAsync(Batch(2), 0, new byte[Blob.ByteLength], None);
        StoredPack onItsWay = default;
        slow.Meanwhile = async () =>
        {
            onItsWay = Assert.Single(await _ledger.EmptyPacksAsync(provider.Name, 0, 10, None));
            Assert.True(await _ledger.GiveUpPackAsync(onItsWay.Sequence, None));
        };
        await Assert.ThrowsAsync<IOException>(() => provider.FlushAsync(None));
        Assert.Null(await ReadAsync(provider, Batch(2), 0));
        await provider.RunAsync(None);
        Assert.Single(_node.Names("rows"));
    }

    [Fact]
    public async Task Care_AnObjectThatBecomesConfirmed_IsNotedOnce()
    {
        _node.LooksUntilObjectConfirmed = 2;
        using PackedProvider provider = Open();
        await WriteAsync(provider, (Batch(1), 0, new byte[Blob.ByteLength]));
        Assert.Equal(0, await provider.RunAsync(None));
        int confirmed = 0;
        for (int look = 0; look < 4; look++)
        {
            confirmed += await provider.RunAsync(None);
        }

        Assert.Equal(1, confirmed);
        Assert.Empty(await _ledger.UnconfirmedPacksAsync(provider.Name, 0, 10, None));
    }

    [Fact]
    public async Task Operator_OverMefs_WaitsForOthersServesMeanwhileAndReadsBackFromTheObjects()
    {
        _node.LooksUntilObjectConfirmed = 1;
        var fixture = new OperatorFixture();
        string token = Path.Combine(_folder.Path, "token");
        await File.WriteAllTextAsync(token, FakeMefsNode.Token);
        fixture.Settings["Meeda:Storage:MefsTokenFile"] = token;
        fixture.Settings["Meeda:Storage:ToleratedLosses"] = "1";
        fixture.Settings["Meeda:Storage:PackDelay"] = "00:00:08";
        fixture.Settings["Meeda:Storage:LocalCopyBytes"] = "0";
        for (int i = 0; i < 3; i++)
        {
            fixture.Settings[$"Meeda:Storage:Providers:{i}"] =
                $"mefs+{_node.Url.GetLeftPart(UriPartial.Authority)}/bucket-{i}";
        }

        await fixture.InitializeAsync();
        try
        {
            byte[][] payloads = [.. Enumerable.Range(0, 6).Select(_ => RandomNumberGenerator.GetBytes(100_000))];
            var commitments = new List<string>();
            foreach (byte[] payload in payloads)
            {
                (HttpStatusCode status, byte[] answer) = await fixture.PostAsync("put", payload);
                Assert.Equal(HttpStatusCode.OK, status);
                commitments.Add($"0x{Convert.ToHexStringLower(answer)}");
                Assert.Equal(payload, (await fixture.GetAsync($"get/{commitments[^1]}")).Body); // The ledger serves.
            }

            var ledger = fixture.Services.GetRequiredService<Ledger>();
            await Patience.UntilAsync(
                async () => (await ledger.BacklogAsync(None)).Count == 0,
                TimeSpan.FromSeconds(60)
            );

            // Six batches of a data row and a parity row: some four rows at each of three providers, in one object,
            // unless the machine is so slow that the six arrived in two groups.
            Assert.InRange(Enumerable.Range(0, 3).Sum(i => _node.Names($"bucket-{i}").Count), 2, 6);
            Assert.NotNull(await ledger.FindPayloadAsync(Id(commitments[0]), None)); // Not confirmed.
            await fixture.Services.GetRequiredService<PackMaintenance>().PassAsync(None);
            Dictionary<string, double> gauges = await GaugesAsync(() =>
                fixture.Services.GetRequiredService<PackMaintenance>().PassAsync(None)
            );
            Assert.Equal((0, 0), (gauges["meeda.storage.unpacked"], gauges["meeda.storage.unconfirmed"]));
            // A stripe of 2,539,520 bytes for six rows to two.
            Assert.InRange(gauges["meeda.storage.amplification"], 3.2, 9.7);
            Assert.Null(await ledger.FindPayloadAsync(Id(commitments[0]), None));
            foreach ((byte[] payload, string commitment) in payloads.Zip(commitments))
            {
                Assert.Equal(payload, (await fixture.GetAsync($"get/{commitment}")).Body);
            }

            // One bucket is lost, once all rows are at their assigned providers.
            await fixture.Services.GetRequiredService<RowScrub>().PassAsync(None);
            foreach (string name in _node.Names("bucket-1"))
            {
                Assert.True(_node.Lose("bucket-1", name));
            }

            foreach ((byte[] payload, string commitment) in payloads.Zip(commitments))
            {
                Assert.Equal(payload, (await fixture.GetAsync($"get/{commitment}")).Body);
            }
        }
        finally
        {
            await fixture.DisposeAsync();
        }
    }

    /// <summary>The values of the gauges meanwhile.</summary>
    private static async Task<Dictionary<string, double>> GaugesAsync(Func<Task> work)
    {
        var gauges = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Meeda")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => gauges[instrument.Name] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => gauges[instrument.Name] = value);
        listener.Start();
        await work();
        return gauges;
    }

    private static BatchId Id(string commitment) =>
        AltDaCommitment.TryDecode(
            Convert.FromHexString(commitment[2..]),
            AltDaCommitment.DefaultDaLayerByte,
            out AltDaCommitment decoded,
            out string? error
        )
            ? new BatchId(decoded.Hash)
            : throw new InvalidDataException(error);

    private static BatchId Batch(int number) => new(Bytes32.FromBytes([.. new byte[31], (byte)number]));

    private static async Task WriteAsync(PackedProvider provider, params (BatchId Id, int Row, byte[] Blob)[] rows)
    {
        foreach ((BatchId id, int row, byte[] blob) in rows)
        {
            await provider.WriteAsync(id, row, blob, None);
        }

        await provider.FlushAsync(None);
    }

    private static async Task<byte[]?> ReadAsync(PackedProvider provider, BatchId id, int row)
    {
        var blob = new byte[Blob.ByteLength];
        return await provider.ReadAsync(id, row, blob, None) ? blob : null;
    }

    private MefsStore Store() => new(new MefsClient(_http, FakeMefsNode.Token, TimeProvider.System), _node.Url, "rows");

    private PackedProvider Open() => new(Store(), _ledger);

    /// <summary>Stores, and then never answers.</summary>
    private sealed class DyingStore(IObjectStore store) : Through(store)
    {
        public override async Task PutAsync(
            string name,
            ReadOnlyMemory<byte> content,
            CancellationToken cancellationToken
        )
        {
            await base.PutAsync(name, content, cancellationToken);
            throw new IOException("dead");
        }
    }

    /// <summary>Stores once the gate opens.</summary>
    private sealed class SlowStore(IObjectStore store, Task gate) : Through(store)
    {
        private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Arrived => _arrived.Task;

        public Func<Task> Meanwhile { get; set; } = () => Task.CompletedTask;

        public override async Task PutAsync(
            string name,
            ReadOnlyMemory<byte> content,
            CancellationToken cancellationToken
        )
        {
            _arrived.TrySetResult();
            await gate;
            await Meanwhile();
            await base.PutAsync(name, content, cancellationToken);
        }
    }

    private abstract class Through(IObjectStore store) : IObjectStore
    {
        public string Name => store.Name;

        public int ObjectBytes => store.ObjectBytes;

        public long OccupiedBytes(long contentBytes) => store.OccupiedBytes(contentBytes);

        public virtual Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            store.PutAsync(name, content, cancellationToken);

        public Task<bool> ReadAsync(
            string name,
            long offset,
            Memory<byte> content,
            CancellationToken cancellationToken
        ) => store.ReadAsync(name, offset, content, cancellationToken);

        public Task<bool> IsConfirmedAsync(string name, CancellationToken cancellationToken) =>
            store.IsConfirmedAsync(name, cancellationToken);

        public Task DeleteAsync(string name, CancellationToken cancellationToken) =>
            store.DeleteAsync(name, cancellationToken);

        public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancellationToken) =>
            store.ListAsync(cancellationToken);
    }
}
