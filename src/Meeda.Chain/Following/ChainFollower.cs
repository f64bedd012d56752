using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Chain.Following;

/// <summary>
/// Reads the contract's logs from L1, range of blocks by range of blocks up to the head, and rolls back what a
/// reorganisation undid. Everything it knows is in the chain that it is given, so it may end at any moment. For one
/// reader at a time.
/// </summary>
/// <param name="client">L1.</param>
/// <param name="contract">The contract.</param>
/// <param name="chain">Where it keeps what it reads.</param>
/// <param name="only">
/// The operator to follow: then anchors that L1 counts and its logs lack are missed, and one that does not continue
/// the others is kept all the same. Null follows every operator, and the demands.
/// </param>
/// <param name="fromBlock">The block of the contract's deployment, as configured; it is checked.</param>
/// <param name="logger">Where reorganisations and odd logs are reported.</param>
internal sealed class ChainFollower(
    EthereumClient client,
    MeedaVerifierContract contract,
    IFollowedChain chain,
    Address? only,
    ulong fromBlock,
    ILogger logger
)
{
    private readonly BlockRanges _ranges = new(client);
    private readonly HashSet<Address> _odd = [];
    private readonly AnchorCompleteness? _completeness = only is { } one ? new(contract, one) : null;
    private bool _isReadAgain;
    private bool _isChecked;

    /// <summary>Told the last block that was read, after each range.</summary>
    public Action<ulong>? Advanced { get; init; }

    /// <summary>Told the last block that was kept, or null for none, after others were removed.</summary>
    public Action<ulong?>? RolledBack { get; init; }

    /// <summary>Reads everything up to L1's head once.</summary>
    /// <returns>The last block that is read now.</returns>
    /// <exception cref="InvalidDataException">
    /// L1 reorganised while it was read, or its logs are incomplete: nothing of that range was written, and the next
    /// call reads it again.
    /// </exception>
    public async Task<ulong> CatchUpAsync(CancellationToken cancellationToken)
    {
        BlockPoint? tip = await CanonicalTipAsync(cancellationToken);
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        if (tip is not null && await FirstMissingAsync(cancellationToken) is { } missing)
        {
            tip = await TryReadAgainAsync(missing.Operator, missing.Index, cancellationToken) ? null : tip;
        }

        _isChecked = true;
        ulong next = tip is { } known ? known.Number + 1 : await FirstBlockAsync(cancellationToken);
        while (next <= head)
        {
            ulong last = _ranges.LastFrom(next, head);
            if (await ReadLogsAsync(tip, next, last, cancellationToken) is not { } logs)
            {
                continue; // The endpoint wants to be asked for fewer blocks.
            }

            if (await ContinueAsync(logs, last == head, cancellationToken) is not { } events)
            {
                (tip, next) = (null, await FirstBlockAsync(cancellationToken)); // Everything is read again.
                continue;
            }

            await chain.AdvanceAsync(logs.Last, events, cancellationToken);
            if (head - last > BlockRanges.MostBlocks)
            {
                logger.CatchingUp(last, head);
            }

            tip = logs.Last;
            next = last + 1;
            Advanced?.Invoke(last);
        }

        return next - 1;
    }

    /// <summary>The newest followed block that is still part of the chain; what came after it is rolled back.</summary>
    private async Task<BlockPoint?> CanonicalTipAsync(CancellationToken cancellationToken)
    {
        BlockPoint? tip = await chain.TipAsync(cancellationToken);
        if (tip is not { } newest || await client.IsCanonicalAsync(newest, cancellationToken))
        {
            return tip;
        }

        BlockPoint? ancestor = null;
        foreach (BlockPoint point in await chain.FollowedBlocksAsync(cancellationToken))
        {
            if (await client.IsCanonicalAsync(point, cancellationToken))
            {
                ancestor = point;
                break;
            }
        }

        long lastGood = ancestor is { } found ? (long)found.Number : -1;
        logger.Reorganised(lastGood);
        await chain.RollBackAsync(lastGood, cancellationToken);
        RolledBack?.Invoke(ancestor?.Number);
        return ancestor;
    }

    /// <summary>Once: the followed operator's newest anchor, where fewer are kept than it says.</summary>
    private async Task<(Address Operator, uint Index)?> FirstMissingAsync(CancellationToken cancellationToken) =>
        !_isChecked
        && only is { } one
        && await chain.LastAnchorAsync(one, cancellationToken) is ({ } newest, var count)
        && newest.Index + 1 != count
            ? (one, newest.Index)
            : null;

    /// <summary>Where reading begins: at the contract's deployment, whatever the setting says.</summary>
    private async Task<ulong> FirstBlockAsync(CancellationToken cancellationToken)
    {
        // An endpoint whose doubts were of no use is not asked again: from the first block on nothing can be missing.
        ContractDeployment start = await ContractDeployment.FindAsync(
            client,
            contract.Address,
            _isReadAgain ? 0 : fromBlock,
            cancellationToken
        );
        if (start.Doubt is { } doubt)
        {
            logger.StartInDoubt(start.Block, doubt);
        }
        else if (start.Block < fromBlock)
        {
            logger.StartTooLate(start.Block, fromBlock);
        }

        return start.Block;
    }

    /// <summary>
    /// Removes what was read, since anchors before one are missing; but once only, or an endpoint that hides logs
    /// would keep it reading permanently.
    /// </summary>
    private async Task<bool> TryReadAgainAsync(Address operatorAddress, uint index, CancellationToken cancellationToken)
    {
        if (_isReadAgain)
        {
            return false;
        }

        _isReadAgain = true;
        logger.AnchorsMissing(operatorAddress.ToString(), index, await FirstBlockAsync(cancellationToken));
        await chain.RollBackAsync(-1, cancellationToken);
        RolledBack?.Invoke(null);
        return true;
    }

    /// <summary>Asks for a range's logs, and makes sure that all answers are of one chain.</summary>
    /// <returns>Null where the endpoint wants to be asked for fewer blocks.</returns>
    private async Task<ChainLogs?> ReadLogsAsync(
        BlockPoint? before,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        Block end =
            await client.GetBlockAsync(BlockTag.Number(last), cancellationToken)
            ?? throw new InvalidDataException($"L1 has no block {last} although its head is there or beyond");
        var point = new BlockPoint(last, end.Hash);
        ChainLogs? logs = await _ranges.TryReadAsync(
            first,
            last,
            () => ChainLogs.ReadAsync(contract, only, first, point, cancellationToken),
            cancellationToken
        );

        // These were several answers. Only if the block before them and then the last of them still stand are they of
        // one chain, and of the one that is kept. The next call finds a reorganisation.
        return
            logs is not null
            && (
                (before is { } known && !await client.IsCanonicalAsync(known, cancellationToken))
                || !await client.IsCanonicalAsync(point, cancellationToken)
            )
            ? throw new InvalidDataException($"L1 reorganised while blocks {first} to {last} were read")
            : logs;
    }

    /// <summary>What of a range's logs goes on from what is kept.</summary>
    /// <returns>Null where anchors before it are missing, and everything is to be read again.</returns>
    private async Task<ChainEvents?> ContinueAsync(ChainLogs logs, bool isHead, CancellationToken cancellationToken)
    {
        var anchors = new List<OperatorAnchor>();
        var reports = new List<(Address Operator, IReadOnlyList<string> Odd)>();
        foreach ((Address operatorAddress, OperatorEvents events) in logs.Operators)
        {
            var odd = new List<(AnchorEvent Seen, AnchorOddity Oddity)>();
            IReadOnlyList<AnchorEvent> next = AnchorSequence.Continue(
                events.Anchors.Count == 0
                    ? null
                    : (await chain.LastAnchorAsync(operatorAddress, cancellationToken)).Last,
                events.Anchors,
                odd
            );
            AnchorEvent[] late = [.. odd.Where(each => each.Oddity == AnchorOddity.Gap).Select(each => each.Seen)];
            if (late.Length > 0 && await TryReadAgainAsync(operatorAddress, late[0].Anchor.Index, cancellationToken))
            {
                return null;
            }

            // For its own operator, an anchor that is not where it belongs is still one, with batches that wait for it.
            anchors.AddRange(
                next.Concat(only is null ? [] : late.DistinctBy(seen => seen.Anchor.Index))
                    .Select(seen => new OperatorAnchor(operatorAddress, seen))
            );
            reports.Add((operatorAddress, [.. events.Odd, .. odd.Select(each => Describe(each.Seen, each.Oddity))]));
        }

        if (isHead && !await IsCompleteAsync(anchors, logs.Last.Number, cancellationToken))
        {
            return null;
        }

        foreach ((Address operatorAddress, IReadOnlyList<string> odd) in reports)
        {
            Report(operatorAddress, odd);
        }

        return new ChainEvents(
            anchors,
            [.. logs.Operators.SelectMany(each => each.Value.Proofs.Select(proof => (each.Key, proof.Seen)))],
            [.. logs.Demands.DistinctBy(demand => demand.Id)]
        );
    }

    /// <summary>Whether the logs up to L1's head show all anchors of the followed operator.</summary>
    /// <returns>False where everything is to be read again.</returns>
    /// <exception cref="InvalidDataException">Anchors are missing; nothing was written.</exception>
    private async Task<bool> IsCompleteAsync(
        List<OperatorAnchor> read,
        ulong block,
        CancellationToken cancellationToken
    )
    {
        if (_completeness is null || only is not { } one)
        {
            return true;
        }

        ulong shown =
            read.Count > 0 ? read.Max(each => each.Seen.Anchor.Index) + 1UL
            : (await chain.LastAnchorAsync(one, cancellationToken)).Last is { } newest ? newest.Index + 1UL
            : 0;
        return await _completeness.MissingAsync(shown, block, cancellationToken) is not { } missing
            || (
                _completeness.IsPersistent && await TryReadAgainAsync(one, (uint)shown, cancellationToken)
                    ? false
                    : throw new InvalidDataException(missing)
            );
    }

    private static string Describe(AnchorEvent seen, AnchorOddity oddity) =>
        $"anchor {seen.Anchor.Index} in block {seen.Anchor.BlockNumber} ({oddity})";

    /// <summary>
    /// Reports what is skipped or odd about an operator: of the followed one everything, of any other the first only,
    /// since whoever anchors decides how much there is.
    /// </summary>
    private void Report(Address operatorAddress, IReadOnlyList<string> odd)
    {
        foreach (string each in only is not null ? odd : odd.Take(odd.Count > 0 && _odd.Add(operatorAddress) ? 1 : 0))
        {
            logger.OddLog(operatorAddress.ToString(), each);
        }
    }
}
