using CsCheck;
using Meeda.Operator.Batches;

namespace Meeda.Node.Tests.Model;

/// <summary>An event at the operators.</summary>
internal abstract record Operation
{
    public abstract Task RunAsync(ModelWorld world);
}

/// <summary>A client puts a batch.</summary>
internal sealed record Put(int Payload, BatchState WaitsFor = BatchState.Stored, int Node = 0) : Operation
{
    public override Task RunAsync(ModelWorld world) =>
        world.PutAsync(world.Node(Node), world.Promises[Payload], WaitsFor);
}

/// <summary>A client renews a batch.</summary>
internal sealed record Renew(int Payload, int Node = 0) : Operation
{
    public override Task RunAsync(ModelWorld world) => world.RenewAsync(world.Node(Node), world.Promises[Payload]);
}

/// <summary>Blocks are mined while no node polls.</summary>
internal sealed record Mine(int Blocks) : Operation
{
    public override Task RunAsync(ModelWorld world)
    {
        world.Chain.Mine(Blocks);
        return Task.CompletedTask;
    }
}

/// <summary>Blocks are mined until that many after the expiry of a batch's last anchor; the leader polls.</summary>
internal sealed record Expire(int Payload, int After) : Operation
{
    public override Task RunAsync(ModelWorld world) => world.ExpireAsync(world.Promises[Payload], After);
}

/// <summary>All nodes do the work of an interval.</summary>
internal sealed record Tick : Operation
{
    public override Task RunAsync(ModelWorld world) => world.TickAsync();
}

/// <summary>A node polls L1.</summary>
internal sealed record Look(int Node = 0) : Operation
{
    public override Task RunAsync(ModelWorld world) => world.Node(Node).PollAsync();
}

/// <summary>The leader places rows.</summary>
internal sealed record Place : Operation
{
    public override Task RunAsync(ModelWorld world) => world.Leader.PlaceAsync();
}

/// <summary>The leader anchors what is due, while that many blocks are mined.</summary>
internal sealed record Anchors(int Blocks) : Operation
{
    public override Task RunAsync(ModelWorld world) => world.Leader.AnchorAsync(Blocks);
}

/// <summary>The leader marks batches as expired: at the second check, since the first only records them.</summary>
internal sealed record Retain(int Looks = 2) : Operation
{
    public override async Task RunAsync(ModelWorld world)
    {
        for (int i = 0; i < Looks; i++)
        {
            await world.Leader.PollAsync();
            await world.Leader.RetainAsync();
        }
    }
}

/// <summary>The leader checks all rows.</summary>
internal sealed record Scrub : Operation
{
    public override Task RunAsync(ModelWorld world) => world.Leader.ScrubAsync();
}

/// <summary>Providers lose all their rows; a bit for each.</summary>
internal sealed record LoseRows(int Providers) : Operation
{
    public override Task RunAsync(ModelWorld world) => world.LoseRowsAsync(Providers);
}

/// <summary>A provider gets or loses a fault.</summary>
internal sealed record Sicken(int Provider, ProviderFault Fault) : Operation
{
    public override Task RunAsync(ModelWorld world)
    {
        world.Providers[Provider].Fault = Fault;
        return Task.CompletedTask;
    }
}

/// <summary>L1 reorganises.</summary>
internal sealed record Reorganise(int Depth, bool Forget = false) : Operation
{
    public override Task RunAsync(ModelWorld world)
    {
        world.Reorganise(Depth, Forget);
        return Task.CompletedTask;
    }
}

/// <summary>L1 stops answering all nodes, or resumes.</summary>
internal sealed record Silence(bool IsSilent) : Operation
{
    public override Task RunAsync(ModelWorld world)
    {
        world.Nodes.ForEach(node => node.L1.IsSilent = IsSilent);
        return Task.CompletedTask;
    }
}

/// <summary>L1 gives each node one wrong answer.</summary>
internal sealed record Lying(Lie Lie) : Operation
{
    public override Task RunAsync(ModelWorld world)
    {
        world.HasLied = true;
        world.Nodes.ForEach(node => node.L1.Lie(Lie));
        return Task.CompletedTask;
    }
}

/// <summary>L1's blocks stop or resume including transactions; or its nodes forget the pending ones.</summary>
internal sealed record Congestion(bool TakesTransactions, bool Forget = false) : Operation
{
    public override Task RunAsync(ModelWorld world)
    {
        world.Chain.TakesTransactions = TakesTransactions;
        if (Forget)
        {
            world.Chain.ForgetPending();
        }

        return Task.CompletedTask;
    }
}

/// <summary>A node restarts.</summary>
internal sealed record Restart(NodeSettings Settings, int Node = 0) : Operation
{
    public override Task RunAsync(ModelWorld world) => world.RestartAsync(Node, Settings);
}

/// <summary>All nodes restart on an empty ledger.</summary>
internal sealed record LoseLedger : Operation
{
    public override Task RunAsync(ModelWorld world) => world.LoseLedgerAsync();
}

/// <summary>The leader steps down, and another node leads.</summary>
internal sealed record ChangeLeader : Operation
{
    public override async Task RunAsync(ModelWorld world)
    {
        ModelNode old = world.Leader;
        if (world.Nodes.Count > 1)
        {
            await old.ReleaseAsync();
            await world.Nodes.First(node => node != old).HoldAsync();
        }
    }
}

/// <summary>The clocks of all machines are wrong by that many minutes; 0 corrects them.</summary>
internal sealed record SetClock(int WrongByMinutes) : Operation
{
    public override Task RunAsync(ModelWorld world)
    {
        world.Clock.WrongBy = TimeSpan.FromMinutes(WrongByMinutes);
        return Task.CompletedTask;
    }
}

/// <summary>Time passes.</summary>
internal sealed record Wait(int Minutes) : Operation
{
    public override Task RunAsync(ModelWorld world)
    {
        world.Clock.Advance(TimeSpan.FromMinutes(Minutes));
        return Task.CompletedTask;
    }
}

/// <summary>
/// During one operation, before its n-th use of the database, another one runs from beginning to end.
/// </summary>
internal sealed record During(Operation Outer, int Use, Operation Inner) : Operation
{
    public override async Task RunAsync(ModelWorld world)
    {
        ObservedDatabase database = world.Leader.Database;
        database.Interrupt(Use, () => Inner.RunAsync(world));
        try
        {
            await Outer.RunAsync(world);
        }
        finally
        {
            database.Leave();
            await (database.Intrusion ?? Task.CompletedTask);
        }
    }
}

/// <summary>Sequences of operations.</summary>
internal static class Operations
{
    private static readonly Gen<int> Payload = Gen.Frequency(
        (8, Gen.Const(0)),
        (2, Gen.Const(1)),
        (1, Gen.Const(2)),
        (1, Gen.Const(3))
    );
    private static readonly Gen<int> Node = Gen.Int[0, 1];

    private static readonly Gen<Operation> Interruptible = Gen.Frequency(
        (4, Gen.Select(Payload, payload => (Operation)new Put(payload))),
        (1, Gen.Select(Payload, payload => (Operation)new Renew(payload))),
        (1, Gen.Const((Operation)new Place())),
        (1, Gen.Const((Operation)new Look()))
    );

    private static readonly Gen<Operation> Interrupting = Gen.Frequency(
        (3, Gen.Select(Gen.Int[1, 2], looks => (Operation)new Retain(looks))),
        (1, Gen.Const((Operation)new Look())),
        (1, Gen.Const((Operation)new Tick()))
    );

    // The start rejects a limit of blobs per anchor that is below the longest batch's.
    private static readonly Gen<NodeSettings> Settings = Gen.Select(
        Gen.OneOf((4, 400_000), (2, 200_000), (1, 100_000)),
        Gen.OneOf(1L << 20, 0L),
        Gen.OneOf(TimeSpan.Zero, TimeSpan.FromMinutes(2)),
        (limits, copies, delay) => new NodeSettings(limits.Item1, limits.Item2, copies, delay)
    );

    /// <summary>Any operation.</summary>
    public static Gen<Operation> Any { get; } =
        Gen.Frequency(
            (10, Gen.Select(Payload, Node, (payload, node) => (Operation)new Put(payload, BatchState.Stored, node))),
            (
                2,
                Gen.Select(
                    Payload,
                    Gen.OneOf(BatchState.Placed, BatchState.Anchored),
                    Node,
                    (payload, state, node) => (Operation)new Put(payload, state, node)
                )
            ),
            (2, Gen.Select(Payload, Node, (payload, node) => (Operation)new Renew(payload, node))),
            (12, Gen.Const((Operation)new Tick())),
            (
                8,
                Gen.Select(
                    Payload,
                    Gen.Frequency((1, Gen.Int[-3, 3]), (2, Gen.Const(16))),
                    (payload, after) => (Operation)new Expire(payload, after)
                )
            ),
            (1, Gen.Select(Gen.Int[1, 6], blocks => (Operation)new Mine(blocks))),
            (3, Gen.Select(Node, node => (Operation)new Look(node))),
            (1, Gen.Const((Operation)new Place())),
            (1, Gen.Select(Gen.Int[0, 3], blocks => (Operation)new Anchors(blocks))),
            (6, Gen.Select(Gen.Int[1, 2], looks => (Operation)new Retain(looks))),
            (2, Gen.Const((Operation)new Scrub())),
            (
                3,
                Gen.Select(
                    Gen.Frequency((1, Gen.Int[1, 6]), (1, Gen.Const(7))),
                    providers => (Operation)new LoseRows(providers)
                )
            ),
            (
                3,
                Gen.Select(
                    Gen.Int[0, 2],
                    Gen.OneOf(ProviderFault.None, ProviderFault.Down, ProviderFault.ReadOnly, ProviderFault.Hanging),
                    (provider, fault) => (Operation)new Sicken(provider, fault)
                )
            ),
            (2, Gen.Select(Gen.Int[1, 4], Gen.Bool, (depth, forget) => (Operation)new Reorganise(depth, forget))),
            (3, Gen.Select(Gen.Bool, silent => (Operation)new Silence(silent))),
            (
                4,
                Gen.Select(
                    Gen.OneOf(Lie.Finalized, Lie.Finalized, Lie.Head, Lie.Block, Lie.Logs, Lie.NoBlock),
                    lie => (Operation)new Lying(lie)
                )
            ),
            (1, Gen.Select(Gen.Bool, Gen.Bool, (takes, forget) => (Operation)new Congestion(takes, forget))),
            (4, Gen.Select(Settings, Node, (settings, node) => (Operation)new Restart(settings, node))),
            (2, Gen.Const((Operation)new LoseLedger())),
            (2, Gen.Const((Operation)new ChangeLeader())),
            (2, Gen.Select(Gen.OneOf(-200, 0, 200), minutes => (Operation)new SetClock(minutes))),
            (1, Gen.Select(Gen.Int[1, 5], minutes => (Operation)new Wait(minutes))),
            (
                8,
                Gen.Select(
                    Interruptible,
                    Gen.Int[1, 6],
                    Interrupting,
                    (outer, use, inner) => (Operation)new During(outer, use, inner)
                )
            )
        );

    /// <summary>Sequences of operations to test.</summary>
    public static Gen<Operation[]> Sequences { get; } = Any.Array[6, 24];
}
