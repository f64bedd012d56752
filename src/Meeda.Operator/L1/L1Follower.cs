using Meeda.Chain;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.L1;

/// <summary>
/// Reads this operator's events from L1 into the ledger, block range by block range, and takes them back when L1
/// reorganises. The only writer of
/// what the ledger says about L1.
/// </summary>
internal sealed class L1Follower(
    IOptions<L1Options> options,
    EthereumClient client,
    MeedaVerifierContract contract,
    OperatorAccount account,
    Ledger ledger,
    BatchSignal signal,
    LeaderElection leadership,
    OperatorStanding standing,
    TimeProvider time,
    ILogger<L1Follower> logger
) : BackgroundService
{
    // Logs that are late come within a block or two.
    private const int LooksBeforeReadingAnew = 10;

    private readonly Outage _following = new("following L1", time, logger);
    private readonly Outage _asking = new("asking the contract about this operator", time, logger);
    private readonly Lock _gate = new();
    private readonly BlockRanges _ranges = new(client);
    private bool _isReadAnew;
    private int _incompleteLooks;
    private bool _isChecked;
    private bool _isFinalityMissing;
    private ulong? _unbelieved;
    private ulong _final;
    private TaskCompletionSource _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong? _tip;
    private (ulong Number, long AskedAt)? _head;

    /// <summary>
    /// The last block that L1 calls final, as far as it was followed; 0 before it was asked, and where it names none.
    /// It never goes back, and is believed only if it is a block
    /// of the chain that was followed, so that no single answer moves it beyond what this process has read.
    /// </summary>
    public ulong Final => Volatile.Read(ref _final);

    /// <summary>Whether L1 was read up to its head at the last look.</summary>
    public bool IsCaughtUp { get; private set; }

    /// <summary>The last block whose events are in the ledger, or null before the first.</summary>
    public ulong? Tip
    {
        get
        {
            lock (_gate)
            {
                return _tip;
            }
        }
    }

    /// <summary>
    /// L1's height for certain: its head at a look that ended well a moment ago, up to which this process read
    /// everything into the ledger. Null where it is not known,
    /// also where another operator reads.
    /// </summary>
    public ulong? Head
    {
        get
        {
            lock (_gate)
            {
                return
                    _head is var (number, askedAt)
                    && time.GetElapsedTime(askedAt) <= (2 * options.Value.PollInterval) + TimeSpan.FromSeconds(1)
                    ? number
                    : null;
            }
        }
    }

    /// <summary>Waits until the ledger holds everything up to a block.</summary>
    public async Task WaitForBlockAsync(ulong blockNumber, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task advanced;
            lock (_gate)
            {
                if (_tip >= blockNumber)
                {
                    return;
                }

                advanced = _advanced.Task;
            }

            await advanced.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Waits until the ledger holds everything up to L1's head. The head is asked for again while that takes long: a
    /// number
    /// that was too high, by a mistake or before a reorganisation to a shorter chain, is not waited for.
    /// </summary>
    public async Task FollowedToHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ulong head = await client.GetBlockNumberAsync(cancellationToken);
            try
            {
                await WaitForBlockAsync(head, cancellationToken)
                    .WaitAsync(5 * options.Value.PollInterval, time, cancellationToken);
                return;
            }
            catch (TimeoutException)
            {
                // The follower is behind, or there is no such block.
            }
        }
    }

    /// <summary>
    /// Waits until no transaction of the sender is pending and everything it did on L1 is in the ledger.
    /// </summary>
    public async Task WaitUntilSettledAsync(TransactionSender sender, CancellationToken cancellationToken)
    {
        var outage = new Outage("reading what was sent before", time, logger);
        while (true)
        {
            try
            {
                if (await sender.IsSettledAsync(cancellationToken))
                {
                    await FollowedToHeadAsync(cancellationToken);
                    outage.Over();
                    return;
                }

                outage.Failed("pending", "transactions of this account are still on their way");
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                outage.Failed(failure);
            }

            await Task.Delay(options.Value.PollInterval, time, cancellationToken);
        }
    }

    /// <summary>Reads everything up to L1's head once.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        long askedAt = time.GetTimestamp();
        BlockPoint? tip = await CanonicalTipAsync(cancellationToken);
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        if (
            tip is not null
            && !_isChecked
            && await ledger.LastAnchorAsync(cancellationToken) is ({ } newest, var count)
            && newest.Index + 1 != count
        )
        {
            tip = await ReadAnewAsync(newest.Index, cancellationToken) ? null : tip;
        }

        _isChecked = true;
        ulong next = tip is { } known ? known.Number + 1 : await FirstBlockAsync(cancellationToken);
        while (next <= head)
        {
            ulong last = _ranges.LastFrom(next, head);
            (BlockPoint? read, bool isWhole) = await ReadRangeAsync(tip, next, last, last == head, cancellationToken);
            if (!isWhole)
            {
                tip = null;
                next = await FirstBlockAsync(cancellationToken);
            }
            else if (read is not null)
            {
                tip = read;
                Publish(last);
                next = last + 1;
            }
        }

        Publish(next - 1);
        lock (_gate)
        {
            _head = (next - 1, askedAt);
        }
    }

    /// <summary>Asks once which block is final.</summary>
    internal async Task LookAtFinalAsync(CancellationToken cancellationToken)
    {
        if (await client.GetBlockAsync(BlockTag.Finalized, cancellationToken) is not { } said)
        {
            if (!_isFinalityMissing)
            {
                logger.NothingFinal();
            }

            _isFinalityMissing = true;
            return;
        }

        _isFinalityMissing = false;
        if (Tip is not { } tip || Math.Min(tip, said.Number) <= Final)
        {
            return;
        }

        // Another answer, by number: a block beyond the head has none. And what was followed must be of the same
        // chain, up to the lower of the two.
        BlockPoint? followed = await ledger.TipAsync(cancellationToken);
        if (
            (await client.GetBlockAsync(BlockTag.Number(said.Number), cancellationToken))?.Hash != said.Hash
            || said.Number > await client.GetBlockNumberAsync(cancellationToken)
            || followed is null
            || !await IsCanonicalAsync(followed.Value, cancellationToken)
        )
        {
            if (_unbelieved != said.Number)
            {
                logger.FinalNotBelieved(said.Number);
            }

            _unbelieved = said.Number;
            return;
        }

        Volatile.Write(ref _final, Math.Max(Final, Math.Min(Math.Min(tip, followed.Value.Number), said.Number)));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await PollAsync(stoppingToken);
            await Task.Delay(_following.Pause(options.Value.PollInterval), time, stoppingToken);
        }
    }

    /// <summary>Where reading begins: at the contract's deployment, whatever the setting says.</summary>
    private async Task<ulong> FirstBlockAsync(CancellationToken cancellationToken)
    {
        // An endpoint whose doubts were of no use is not asked again: from the first block on nothing can be missing.
        ContractDeployment start = _isReadAnew
            ? await ContractDeployment.FindAsync(client, contract.Address, 0, cancellationToken)
            : await ContractDeployment.FindAsync(client, contract.Address, options.Value.FromBlock, cancellationToken);
        if (start.Doubt is { } doubt)
        {
            logger.StartInDoubt(start.Block, doubt);
        }
        else if (start.Block < options.Value.FromBlock)
        {
            logger.StartTooLate(start.Block, options.Value.FromBlock);
        }

        return start.Block;
    }

    /// <summary>
    /// Forgets what was read, since anchors are missing before one; but once only, or an endpoint that hides logs
    /// would keep it reading for ever.
    /// </summary>
    private async Task<bool> ReadAnewAsync(uint index, CancellationToken cancellationToken)
    {
        if (_isReadAnew)
        {
            return false;
        }

        _isReadAnew = true;
        logger.AnchorsMissing(account.Address.ToString(), index, await FirstBlockAsync(cancellationToken));
        await ledger.RollBackAsync(-1, cancellationToken);
        return true;
    }

    /// <summary>Looks at L1 once: the leader reads, the others learn from the ledger how far it is.</summary>
    internal async Task PollAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (leadership.IsLeading)
            {
                await CatchUpAsync(cancellationToken);
            }
            else if (await ledger.TipAsync(cancellationToken) is { } tip)
            {
                Publish(tip.Number); // The leader reads; what it read is in the ledger of all.
            }

            await LookAtFinalAsync(cancellationToken);
            IsCaughtUp = true;
            _following.Over();
        }
        catch (LeaseLostException)
        {
            // The next look reads what the other one wrote.
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            IsCaughtUp = false;
            _following.Failed(failure);
        }

        if (IsCaughtUp)
        {
            try
            {
                await standing.PollAsync(cancellationToken);
                _asking.Over();
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                _asking.Failed(failure);
            }
        }
    }

    /// <summary>The newest followed block that is still part of the chain; what came after it is taken back.</summary>
    private async Task<BlockPoint?> CanonicalTipAsync(CancellationToken cancellationToken)
    {
        if (await ledger.TipAsync(cancellationToken) is not { } tip)
        {
            return null;
        }

        if (await IsCanonicalAsync(tip, cancellationToken))
        {
            return tip;
        }

        BlockPoint? ancestor = null;
        foreach (BlockPoint point in await ledger.FollowedBlocksAsync(cancellationToken))
        {
            if (await IsCanonicalAsync(point, cancellationToken))
            {
                ancestor = point;
                break;
            }
        }

        long lastGood = ancestor is { } found ? (long)found.Number : -1;
        logger.Reorganised(lastGood);
        await ledger.RollBackAsync(lastGood, cancellationToken);
        lock (_gate)
        {
            _tip = ancestor?.Number;
            _head = null;
        }

        return ancestor;
    }

    private async Task<bool> IsCanonicalAsync(BlockPoint point, CancellationToken cancellationToken) =>
        (await client.GetBlockAsync(BlockTag.Number(point.Number), cancellationToken))?.Hash == point.Hash;

    /// <summary>Reads a range of blocks into the ledger, which holds everything before them.</summary>
    /// <returns>The last of them, or null where the endpoint wants to be asked for fewer; and whether nothing is
    /// missing before them.</returns>
    private async Task<(BlockPoint? Last, bool IsWhole)> ReadRangeAsync(
        BlockPoint? before,
        ulong first,
        ulong last,
        bool isHead,
        CancellationToken cancellationToken
    )
    {
        Block end =
            await client.GetBlockAsync(BlockTag.Number(last), cancellationToken)
            ?? throw new InvalidDataException($"L1 has no block {last} although its head is there or beyond");
        if (
            await _ranges.TryReadAsync(
                first,
                last,
                () => contract.ReadEventsAsync(account.Address, first, last, cancellationToken),
                cancellationToken
            )
            is not { } events
        )
        {
            return (null, true);
        }

        // These were several answers. Only if the block before them and then the last of them still stand are they of
        // one chain, and of the one that the ledger holds. The next
        // look finds a reorganisation.
        var point = new BlockPoint(last, end.Hash);
        if (
            (before is { } known && !await IsCanonicalAsync(known, cancellationToken))
            || !await IsCanonicalAsync(point, cancellationToken)
        )
        {
            throw new InvalidDataException($"L1 reorganised while blocks {first} to {last} were read");
        }

        IReadOnlyList<AnchorEvent> anchors = events.Anchors;
        if (anchors.Count > 0)
        {
            Anchor? newest = (await ledger.LastAnchorAsync(cancellationToken)).Last;
            var odd = new List<(AnchorEvent Seen, AnchorOddity Oddity)>();
            anchors = AnchorSequence.Continue(newest, events.Anchors, odd);
            if (
                odd.Any(each => each.Oddity == AnchorOddity.Gap)
                && await ReadAnewAsync(odd[0].Seen.Anchor.Index, cancellationToken)
            )
            {
                return (null, false);
            }

            foreach ((AnchorEvent seen, AnchorOddity oddity) in odd)
            {
                logger.OddLog(
                    account.Address.ToString(),
                    $"anchor {seen.Anchor.Index} in block {seen.Anchor.BlockNumber} ({oddity})"
                );
            }

            // One that is not where it belongs is still an anchor, with batches that wait for it; one that is there
            // already is not.
            anchors =
            [
                .. anchors,
                .. odd.Where(each => each.Oddity == AnchorOddity.Gap)
                    .Select(each => each.Seen)
                    .DistinctBy(seen => seen.Anchor.Index),
            ];
        }

        if (isHead && !await IsCompleteAsync(anchors, last, cancellationToken))
        {
            return (null, false);
        }

        foreach (string odd in events.Odd)
        {
            logger.OddLog(account.Address.ToString(), odd);
        }

        await ledger.AdvanceAsync(point, anchors, [.. events.Proofs.Select(proof => proof.Seen)], cancellationToken);
        return (point, true);
    }

    /// <summary>
    /// Whether the logs up to L1's head show as many anchors as the contract keeps there. Some endpoints give a block
    /// out
    /// before its logs: what was read from such a one is read again, and if that does not help, everything is, once.
    /// </summary>
    /// <returns>False where everything is to be read again.</returns>
    /// <exception cref="InvalidDataException">Anchors are missing; nothing was written.</exception>
    private async Task<bool> IsCompleteAsync(
        IReadOnlyList<AnchorEvent> read,
        ulong block,
        CancellationToken cancellationToken
    )
    {
        ulong kept;
        try
        {
            kept = await contract.AnchorCountAsync(account.Address, block, cancellationToken);
        }
        catch (Exception unanswered) when (unanswered is JsonRpcException or L1UnreachableException or FormatException)
        {
            return true; // An endpoint without the state of that block cannot be asked.
        }

        ulong shown =
            read.Count > 0 ? read.Max(seen => seen.Anchor.Index) + 1UL
            : (await ledger.LastAnchorAsync(cancellationToken)).Last is { } newest ? newest.Index + 1UL
            : 0;
        if (shown >= kept)
        {
            _incompleteLooks = 0;
            return true;
        }

        if (++_incompleteLooks > LooksBeforeReadingAnew && await ReadAnewAsync((uint)shown, cancellationToken))
        {
            return false;
        }

        throw new InvalidDataException(
            $"the logs up to block {block} show {shown} anchors of this operator, and the contract keeps {kept}: "
                + "they are late or incomplete"
        );
    }

    private void Publish(ulong tip)
    {
        TaskCompletionSource advanced;
        lock (_gate)
        {
            if (_tip == tip)
            {
                return;
            }

            _tip = tip;
            advanced = _advanced;
            _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        advanced.SetResult();
        signal.PulseChanged();
    }
}

/// <summary>The operator's L1 account.</summary>
/// <param name="Address">Its address, under which its stake, anchors and proofs are kept.</param>
internal sealed record OperatorAccount(Address Address)
{
    /// <summary>
    /// The account that pays for publications (<see cref="SignerOptions.BlobKey"/>); null where it is the same.
    /// </summary>
    public Address? Publications { get; init; }
}
