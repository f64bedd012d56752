using System.Globalization;
using Meeda.Chain.Following;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;

namespace Meeda.Node.Tests.Following;

/// <summary>What a follower read, in memory, with the databases' rules: nothing twice, nothing partially.</summary>
internal sealed class MemoryChain : IFollowedChain
{
    private readonly List<BlockPoint> _blocks = [];
    private readonly List<OperatorAnchor> _anchors = [];

    /// <summary>How often everything was removed.</summary>
    public int Restarts { get; private set; }

    /// <summary>How many writes there were.</summary>
    public int Writes { get; private set; }

    /// <summary>The stored anchors, one line each.</summary>
    public IReadOnlyList<string> Lines =>
        [
            .. _anchors
                .OrderBy(each => each.Operator.ToString(), StringComparer.Ordinal)
                .ThenBy(each => each.Seen.Anchor.Index)
                .Select(each =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{each.Operator} {each.Seen.Anchor} {each.Seen.TransactionHash} {each.Seen.Batches.Count}"
                    )
                ),
        ];

    /// <summary>An operator's anchors by index.</summary>
    public IReadOnlyList<Anchor> AnchorsOf(Address operatorAddress) =>
        [
            .. _anchors
                .Where(each => each.Operator == operatorAddress)
                .Select(each => each.Seen.Anchor)
                .OrderBy(anchor => anchor.Index),
        ];

    public Task<BlockPoint?> TipAsync(CancellationToken cancellationToken) =>
        Task.FromResult(_blocks.Count == 0 ? (BlockPoint?)null : _blocks[^1]);

    public Task<IReadOnlyList<BlockPoint>> FollowedBlocksAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<BlockPoint>>([.. _blocks.AsEnumerable().Reverse()]);

    public Task<(Anchor? Last, long Count)> LastAnchorAsync(
        Address operatorAddress,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Anchor> anchors = AnchorsOf(operatorAddress);
        return Task.FromResult<(Anchor?, long)>((anchors.Count == 0 ? null : anchors[^1], anchors.Count));
    }

    public Task AdvanceAsync(BlockPoint tip, ChainEvents events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_blocks.Count > 0 && _blocks[^1].Number >= tip.Number)
        {
            throw new InvalidOperationException($"block {tip.Number} follows {_blocks[^1].Number}");
        }

        if (
            events.Anchors.Any(added =>
                _anchors.Exists(each =>
                    each.Operator == added.Operator && each.Seen.Anchor.Index == added.Seen.Anchor.Index
                )
            )
        )
        {
            throw new InvalidOperationException("an anchor is there already");
        }

        Writes++;
        _anchors.AddRange(events.Anchors);
        _blocks.Add(tip);
        return Task.CompletedTask;
    }

    public Task RollBackAsync(long lastGood, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Restarts += lastGood < 0 ? 1 : 0;
        _anchors.RemoveAll(each => (long)each.Seen.Anchor.BlockNumber > lastGood);
        _blocks.RemoveAll(each => (long)each.Number > lastGood);
        return Task.CompletedTask;
    }
}
