using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Chain.Following;

/// <summary>
/// Reads the contract's logs from L1 in ranges of blocks up to the head, and rolls back the blocks that a
/// reorganisation undid. All state is in the <see cref="IFollowedChain"/>, so the process may end at any moment. Not
/// for concurrent use.
/// </summary>
/// <param name="client">L1.</param>
/// <param name="system">The contracts.</param>
/// <param name="chain">Stores the blocks and events.</param>
/// <param name="only">
/// The operator to follow. Its anchors are then compared with the contract's count, and an anchor that does not
/// continue the sequence is kept all the same. Null follows every operator and the demands.
/// </param>
/// <param name="fromBlock">The block of the contract's deployment, as configured; it is checked.</param>
/// <param name="logger">Receives reorganisations and inconsistent logs.</param>
internal sealed class ChainFollower(
    EthereumClient client,
    SystemContract system,
    IFollowedChain chain,
    Address? only,
    ulong fromBlock,
    ILogger logger
)
{
    private readonly BlockRanges _ranges = new(client);
    private readonly HashSet<Address> _odd = [];
    private readonly AnchorCompleteness? _completeness = only is { } one ? new(system, one) : null;
    private bool _isReadAgain;
    private bool _isChecked;

    /// <summary>Called after each range with its last block.</summary>
    public Action<ulong>? Advanced { get; init; }

    /// <summary>Called after a rollback with the last block that was kept; null where none was.</summary>
    public Action<ulong?>? RolledBack { get; init; }

    /// <summary>Reads everything up to L1's head once.</summary>
    /// <returns>The last block that was read.</returns>
    /// <exception cref="InvalidDataException">
    /// L1 reorganised during the reading, or its logs are incomplete. Nothing of that range was written; the next call
    /// reads it again.
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
                continue; // The endpoint asks for a shorter range.
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

    /// <summary>Finds the newest followed block that is still canonical and rolls back the blocks after it.</summary>
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

    /// <summary>On the first call: the followed operator's newest anchor, if its index exceeds the number
    /// kept.</summary>
    private async Task<(Address Operator, uint Index)?> FirstMissingAsync(CancellationToken cancellationToken) =>
        !_isChecked
        && only is { } one
        && await chain.LastAnchorAsync(one, cancellationToken) is ({ } newest, var count)
        && newest.Index + 1 != count
            ? (one, newest.Index)
            : null;

    /// <summary>The first block to read: the contract's deployment, even where the setting is later.</summary>
    private async Task<ulong> FirstBlockAsync(CancellationToken cancellationToken)
    {
        // The second reading begins at block 0, where nothing can be missing, and does not ask the endpoint again.
        ContractDeployment start = await ContractDeployment.FindAsync(
            client,
            system.Address,
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
    /// Removes everything that was read, because anchors before the given one are missing. It does so only once: an
    /// endpoint that hides logs would otherwise make it read permanently.
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

    /// <summary>Reads a range's logs and checks that all answers belong to one chain.</summary>
    /// <returns>Null where the endpoint asks for a shorter range.</returns>
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
            () => ChainLogs.ReadAsync(system, only, first, point, cancellationToken),
            cancellationToken
        );

        // The logs came in several answers. They belong to one chain, and to the one that is kept, only if the block
        // before the range and its last block are still canonical. Otherwise the next call finds the reorganisation.
        return
            logs is not null
            && (
                (before is { } known && !await client.IsCanonicalAsync(known, cancellationToken))
                || !await client.IsCanonicalAsync(point, cancellationToken)
            )
            ? throw new InvalidDataException($"L1 reorganised while blocks {first} to {last} were read")
            : logs;
    }

    /// <summary>Selects the events of a range that continue the stored ones.</summary>
    /// <returns>Null where earlier anchors are missing and everything must be read again.</returns>
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

            // For its own operator an anchor out of sequence still counts, because batches wait for it.
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

    /// <summary>Whether the logs up to L1's head contain all anchors of the followed operator.</summary>
    /// <returns>False where everything must be read again.</returns>
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
    /// Logs the events of an operator that were skipped or are inconsistent: all of the followed operator's, only the
    /// first of any other, because another operator could otherwise flood the log.
    /// </summary>
    private void Report(Address operatorAddress, IReadOnlyList<string> odd)
    {
        foreach (string each in only is not null ? odd : odd.Take(odd.Count > 0 && _odd.Add(operatorAddress) ? 1 : 0))
        {
            logger.OddLog(operatorAddress.ToString(), each);
        }
    }
}
