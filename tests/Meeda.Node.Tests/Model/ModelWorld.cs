using Meeda.DevNet;
using Meeda.Hosting.Persistence;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Testing;

namespace Meeda.Node.Tests.Model;

/// <summary>The invariants, whatever happens (docs/durability.md).</summary>
internal enum Invariant
{
    /// <summary>A batch that was answered 200 reads back byte for byte until its term is over.</summary>
    Held,

    /// <summary>
    /// A batch that was answered 200, or renewed, is anchored for a term from then on within the interval, once L1
    /// works.
    /// </summary>
    Anchored,

    /// <summary>No batch is anchored twice for one reason.</summary>
    AnchoredOnce,

    /// <summary>404 is never returned for a batch that was answered 200 and whose term is not over.</summary>
    NotDenied,

    /// <summary>
    /// 418 is never returned for a commitment that was included right after a 200, or while an anchor was live.
    /// </summary>
    NotCalledInvalid,

    /// <summary>The reported state matches ledger and chain.</summary>
    StateIsTrue,

    /// <summary>A put that waits for a state returns in that state, and not before.</summary>
    PutWaits,

    /// <summary>No pass waits forever.</summary>
    NothingIsStuck,

    /// <summary>A put or a get fails with a proper message, never with an unexpected exception.</summary>
    NoSurprise,
}

/// <summary>The services broke a promise.</summary>
internal sealed class BrokenInvariantException(Invariant invariant, string message)
    : Exception($"{invariant}: {message}")
{
    public Invariant Invariant => invariant;
}

/// <summary>The promises about one payload: the simple model that the services are compared with.</summary>
internal sealed class Promise(string name, byte[] payload)
{
    /// <summary>Its name in messages.</summary>
    public string Name => name;

    /// <summary>The bytes.</summary>
    public byte[] Payload => payload;

    /// <summary>Its id, once it was answered 200.</summary>
    public BatchId? Id { get; set; }

    /// <summary>The heads of L1 at which a put was answered 200.</summary>
    public List<ulong> Acknowledged { get; } = [];

    /// <summary>An anchor that lasts beyond this block is owed; null if nothing is promised.</summary>
    public ulong? Beyond { get; set; }

    /// <summary>The maximum number of anchors.</summary>
    public int Reasons { get; set; }

    /// <summary>Whether more rows than tolerated were lost since the last put: then it need not be readable.</summary>
    public bool IsLost { get; set; }

    /// <summary>
    /// Whether the ledger was lost since the last put: then it need not be readable either, and must not be denied.
    /// </summary>
    public bool IsForgotten { get; set; }
}

/// <summary>
/// Opens ledgers: each number is an empty one, and nodes with one number share it where the database allows that.
/// </summary>
internal delegate Task<Database> OpenDatabase(int ledger);

/// <summary>An L1, providers, and one or two operators of one account on one ledger, with their promises.</summary>
internal sealed class ModelWorld : IAsyncDisposable
{
    /// <summary>Providers that may be lost.</summary>
    public const int ToleratedLosses = 1;

    /// <summary>Blocks for which an anchor holds.</summary>
    public const int Term = 40;

    /// <summary>Blocks after a 200 within which a rollup includes the commitment.</summary>
    public const ulong InclusionDelay = 4;

    // An anchor that was already in flight may satisfy a renewal.
    private const ulong RenewalSlack = 10;

    private static readonly byte[][] Payloads = [Bytes(1, 100), Bytes(2, 5_000), Bytes(3, 130_000), Bytes(4, 260_000)];

    private readonly OpenDatabase _open;
    private readonly IReadOnlySet<Invariant> _ignored;
    private int _ledger;

    private ModelWorld(OpenDatabase open, IReadOnlySet<Invariant> ignored)
    {
        _open = open;
        _ignored = ignored;
        Chain = new FakeChain(
            LocalParameters.Value with
            {
                Retention = Term,
                EpochBlocks = 4,
                ProofWindow = 4,
                PublishWindow = 4,
            }
        )
        {
            FinalityDepth = 4,
        };
        Chain.Stake(ModelNode.Signer.Address, LocalParameters.OperatorStake);
        Chain.Mine(5);
        Providers = [.. Enumerable.Range(0, 3).Select(i => new MemoryProvider($"p{i}", Activity))];
        Promises = [.. Payloads.Select((payload, i) => new Promise($"batch {i}", payload))];
    }

    public ManualClock Clock { get; } = new();

    public Activity Activity { get; } = new();

    public FakeChain Chain { get; }

    public IReadOnlyList<MemoryProvider> Providers { get; }

    public IReadOnlyList<Promise> Promises { get; }

    public List<ModelNode> Nodes { get; } = [];

    /// <summary>Whether L1 ever lied.</summary>
    public bool HasLied { get; set; }

    /// <summary>The leading node, or the first one if none leads.</summary>
    public ModelNode Leader => Nodes.Find(node => node.IsLeading) ?? Nodes[0];

    public static async Task<ModelWorld> StartAsync(OpenDatabase open, int nodes, IReadOnlySet<Invariant> ignored)
    {
        var world = new ModelWorld(open, ignored);
        for (int i = 0; i < nodes; i++)
        {
            world.Nodes.Add(await ModelNode.StartAsync(world, new NodeSettings(), await open(0)));
        }

        await world.Nodes[0].HoldAsync();
        return world;
    }

    public ModelNode Node(int number) => Nodes[number % Nodes.Count];

    /// <summary>Puts a payload, and records what the response promises.</summary>
    public async Task PutAsync(ModelNode node, Promise promise, BatchState waitsFor)
    {
        promise.Reasons++; // Each put may be one, since it means a whole term from then on.
        StoredBatch batch;
        try
        {
            batch = await PutAsync(node, promise.Payload, waitsFor);
        }
        catch (DaException)
        {
            return;
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception failure)
        {
            Break(Invariant.NoSurprise, $"a put of {promise.Name} failed: {failure}");
            return;
        }

        promise.Id = batch.Id;
        promise.Acknowledged.Add(Chain.Head);
        promise.Beyond = Math.Max(promise.Beyond ?? 0, Chain.Head + InclusionDelay);
        promise.IsLost = promise.IsForgotten = false;
        if (waitsFor == BatchState.Anchored && !HasLied && !IsCovered(promise, Chain.Head + 1))
        {
            Break(
                Invariant.PutWaits,
                $"a put of {promise.Name} that waits for Anchored was answered 200 at block {Chain.Head}; its "
                    + $"anchors expire at [{Expiries(promise)}]"
            );
        }

        if (waitsFor >= BatchState.Placed && RowsOf(promise) < BlobEncoding.BlobCount(promise.Payload.Length))
        {
            Break(
                Invariant.PutWaits,
                $"a put of {promise.Name} that waits for {waitsFor} was answered 200, and {RowsOf(promise)} of "
                    + "its rows are at providers"
            );
        }
    }

    /// <summary>Renews a batch, and records what the response promises.</summary>
    public async Task RenewAsync(ModelNode node, Promise promise)
    {
        if (promise.Id is not { } id)
        {
            return;
        }

        promise.Reasons++;
        if (await node.RenewAsync(id))
        {
            promise.Beyond = Math.Max(promise.Beyond ?? 0, Chain.Head + Term - RenewalSlack);
        }
    }

    /// <summary>Restarts a node.</summary>
    public async Task RestartAsync(int number, NodeSettings settings)
    {
        int index = number % Nodes.Count;
        if (Nodes[index].IsLeading)
        {
            await Nodes[index].ReleaseAsync();
        }

        bool isSilent = Nodes[index].L1.IsSilent;
        await Nodes[index].DisposeAsync();
        Nodes[index] = await ModelNode.StartAsync(this, settings, await _open(_ledger));
        Nodes[index].L1.IsSilent = isSilent;
        await Nodes[index].HoldAsync();
    }

    /// <summary>Restarts all nodes on an empty ledger. Batches without an anchor are lost with the old one.</summary>
    public async Task LoseLedgerAsync()
    {
        _ledger++;
        for (int i = 0; i < Nodes.Count; i++)
        {
            await RestartAsync(i, Nodes[i].Settings);
        }

        foreach (Promise promise in Promises.Where(promise => promise.Beyond is not null))
        {
            promise.IsForgotten = true;
            promise.Acknowledged.Clear();
            ForgiveUnanchored(promise);
        }
    }

    /// <summary>Reorganises the chain.</summary>
    public void Reorganise(int depth, bool forget)
    {
        Chain.Reorganise(depth, forget);
        foreach (Promise promise in Promises.Where(promise => promise.IsForgotten))
        {
            ForgiveUnanchored(promise);
        }
    }

    /// <summary>Loses all rows at some providers.</summary>
    public async Task LoseRowsAsync(int providers)
    {
        for (int i = 0; i < Providers.Count; i++)
        {
            if ((providers & (1 << i)) != 0)
            {
                Providers[i].Lose();
            }
        }

        foreach (Promise promise in Promises)
        {
            if (
                promise.Id is { } id
                && RowsOf(promise) < BlobEncoding.BlobCount(promise.Payload.Length)
                && await Leader.Ledger.FindBatchAsync(id, CancellationToken.None) is { PlacedAt: not null }
            )
            {
                promise.IsLost = true;
            }
        }
    }

    /// <summary>
    /// Mines until a batch's last anchor has been expired for that many blocks, or, if negative, is that many blocks
    /// from expiring.
    /// </summary>
    public async Task ExpireAsync(Promise promise, int after)
    {
        if (
            Anchors(promise) is { Length: > 0 } anchors
            && (long)anchors.Max(anchor => anchor.Expiry) + after - (long)Chain.Head is > 0 and var blocks
        )
        {
            Chain.Mine((int)blocks);
            await Leader.PollAsync();
        }
    }

    /// <summary>Lets an interval pass, in which all nodes do their work.</summary>
    public async Task TickAsync()
    {
        foreach (ModelNode node in Nodes.ToArray())
        {
            Clock.Advance(ModelNode.Interval + TimeSpan.FromSeconds(1));
            Chain.Mine();
            await node.PollAsync();
            await node.PlaceAsync();
            await node.AnchorAsync(blocks: 3);
        }
    }

    /// <summary>Repairs all faults, lets the nodes complete their work, and checks every promise.</summary>
    public async Task SettleAsync()
    {
        foreach (MemoryProvider provider in Providers)
        {
            provider.Fault = ProviderFault.None;
        }

        foreach (ModelNode node in Nodes)
        {
            node.L1.IsSilent = false;
            node.L1.Repent();
        }

        Clock.WrongBy = TimeSpan.Zero;
        Chain.TakesTransactions = true;
        for (int round = 0; round < 8; round++)
        {
            foreach (ModelNode node in Nodes)
            {
                await node.HoldAsync();
            }

            await TickAsync();
            if (round is 2 or 3 or 5)
            {
                await Leader.ScrubAsync();
                await Leader.RetainAsync();
            }
        }

        foreach (ModelNode node in Nodes)
        {
            await node.PollAsync();
            if (node.Unfinished.ToArray() is { Length: > 0 } stuck)
            {
                Break(Invariant.NothingIsStuck, $"still waiting: {string.Join(", ", stuck)}; {Complaints()}");
            }
        }

        await CheckAsync(isSettled: true);
    }

    /// <summary>Compares the nodes' responses with their promises.</summary>
    /// <param name="isSettled">Whether everything works, and there was time to fulfil what is owed.</param>
    public async Task CheckAsync(bool isSettled)
    {
        foreach (Promise promise in Promises.Where(promise => promise is { Id: not null, Beyond: not null }))
        {
            if (Anchors(promise).Length > promise.Reasons)
            {
                Break(
                    Invariant.AnchoredOnce,
                    $"{promise.Name} has {Anchors(promise).Length} anchors for {promise.Reasons} reasons"
                );
            }

            if (isSettled && !promise.IsForgotten && !IsCovered(promise, promise.Beyond!.Value))
            {
                Break(
                    Invariant.Anchored,
                    $"{promise.Name} is owed an anchor beyond block {promise.Beyond}, at block {Chain.Head} its "
                        + $"anchors expire at [{Expiries(promise)}]; {Complaints()}"
                );
            }

            foreach (ModelNode node in Nodes)
            {
                await CheckAsync(node, promise, isSettled);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (MemoryProvider provider in Providers)
        {
            provider.Fault = ProviderFault.None;
        }

        foreach (ModelNode node in Nodes)
        {
            await node.DisposeAsync();
        }
    }

    private void Break(Invariant invariant, string message)
    {
        if (!_ignored.Contains(invariant))
        {
            throw new BrokenInvariantException(invariant, message);
        }
    }

    private static byte[] Bytes(byte seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private async Task<StoredBatch> PutAsync(ModelNode node, byte[] payload, BatchState waitsFor)
    {
        if (waitsFor == BatchState.Stored)
        {
            return await node.PutAsync(payload, waitsFor, CancellationToken.None);
        }

        using var patience = new CancellationTokenSource();
        await Leader.PollAsync();
        Task<StoredBatch> put = node.PutAsync(payload, waitsFor, patience.Token);
        for (int i = 0; i < 4; i++)
        {
            await node.QuietAsync(put, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(300));
            if (put.IsCompleted)
            {
                break;
            }

            await TickAsync();
        }

        await patience.CancelAsync();
        return await put;
    }

    private async Task CheckAsync(ModelNode node, Promise promise, bool isSettled)
    {
        BatchId id = promise.Id!.Value;
        bool isHeld =
            !IsCovered(promise, promise.Beyond!.Value) || Chain.Head < Anchors(promise).Max(anchor => anchor.Expiry);
        if (isHeld)
        {
            try
            {
                byte[] read = await node
                    .Reader.ReadAsync(id, CancellationToken.None)
                    .WaitAsync(Patience.Of(TimeSpan.FromSeconds(isSettled ? 60 : 2)));
                if (!read.AsSpan().SequenceEqual(promise.Payload))
                {
                    Break(Invariant.Held, $"{promise.Name} is read back as other bytes");
                }
            }
            catch (DaException denied) when (denied.Error == DaError.NotFound)
            {
                Break(
                    Invariant.NotDenied,
                    $"at block {Chain.Head} 404 for {promise.Name}, acknowledged at "
                        + $"[{string.Join(", ", promise.Acknowledged)}], anchors expire at [{Expiries(promise)}]: "
                        + $"{denied.Message}"
                );
            }
            catch (DaException unavailable) when (!isSettled || promise.IsLost || promise.IsForgotten)
            {
                _ = unavailable; // It may be there later.
            }
            catch (TimeoutException) when (!isSettled)
            {
                // A provider hangs.
            }
            catch (Exception failure) when (failure is not BrokenInvariantException)
            {
                Break(
                    failure is DaException ? Invariant.Held : Invariant.NoSurprise,
                    $"{promise.Name} cannot be read: {failure.Message}; {Complaints()}"
                );
            }

            if (
                await node.Ledger.FindBatchAsync(id, CancellationToken.None) is { } batch
                && !promise.IsForgotten
                && await node.States.OfAsync(batch, CancellationToken.None) is { State: BatchState.Expired }
            )
            {
                Break(
                    Invariant.StateIsTrue,
                    $"{promise.Name}, acknowledged at [{string.Join(", ", promise.Acknowledged)}], is called "
                        + $"expired at block {Chain.Head}; anchors expire at [{Expiries(promise)}]"
                );
            }
        }

        IEnumerable<ulong> blocks = promise
            .Acknowledged.SelectMany(said => new[] { said + 1, said + InclusionDelay })
            .Concat(Anchors(promise).SelectMany(anchor => new[] { anchor.BlockNumber, anchor.Expiry - 1 }));
        foreach (ulong block in blocks.Where(block => block <= Chain.Head).Distinct())
        {
            try
            {
                await node.Inclusion.EnsureRecentAsync(id, block, CancellationToken.None);
            }
            catch (DaException)
            {
                // It does not know yet.
            }
            catch (DerivationException invalid)
            {
                Break(
                    Invariant.NotCalledInvalid,
                    $"418 for {promise.Name} at inclusion block {block}, acknowledged at "
                        + $"[{string.Join(", ", promise.Acknowledged)}], anchors expire at [{Expiries(promise)}]: "
                        + $"{invalid.Message}"
                );
            }
        }
    }

    /// <summary>Drops the promises of batches that were never anchored, if their ledger was lost.</summary>
    private void ForgiveUnanchored(Promise promise)
    {
        if (Anchors(promise).Length == 0)
        {
            promise.Beyond = null;
        }
        else
        {
            promise.Beyond = Math.Min(promise.Beyond ?? 0, Anchors(promise).Max(anchor => anchor.Expiry) - 1);
        }
    }

    private Anchor[] Anchors(Promise promise) =>
        promise.Id is { } id ? [.. Chain.Verified.Of(ModelNode.Signer.Address).AnchorsOf(id)] : [];

    private string Expiries(Promise promise) => string.Join(", ", Anchors(promise).Select(anchor => anchor.Expiry));

    private bool IsCovered(Promise promise, ulong beyond) => Anchors(promise).Any(anchor => anchor.Expiry > beyond);

    private int RowsOf(Promise promise) =>
        Providers
            .SelectMany(provider => provider.Rows)
            .Where(row => row.Batch == promise.Id)
            .Select(row => row.Row)
            .Distinct()
            .Count();

    private string Complaints() =>
        "complaints: " + string.Join(" | ", Nodes.SelectMany(node => node.Complaints).TakeLast(4));
}
