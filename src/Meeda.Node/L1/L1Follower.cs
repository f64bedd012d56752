using Meeda.Ethereum;
using Meeda.Ethereum.JsonRpc;
using Meeda.Ethereum.Transactions;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Microsoft.Extensions.Options;

namespace Meeda.Node.L1;

/// <summary>
/// Reads this operator's events from L1 into the ledger, block range by block range, and takes them back when L1 reorganises. The only writer of
/// what the ledger says about L1.
/// </summary>
internal sealed class L1Follower(
    IOptions<L1Options> options,
    EthereumClient client,
    MeedaVerifierContract contract,
    OperatorAccount account,
    Ledger ledger,
    BatchSignal signal,
    Leadership leadership,
    TimeProvider time,
    ILogger<L1Follower> logger)
    : BackgroundService
{
    // Execution clients limit a log query's range; 2,000 blocks is below every common limit.
    private const ulong MaxRange = 2_000;

    private readonly Lock _gate = new();
    private TaskCompletionSource _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong? _tip;
    private (ulong Number, long AskedAt)? _head;

    /// <summary>The last block that L1 calls final; 0 before it was asked, and where it has none.</summary>
    public ulong Final { get; private set; }

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
    /// L1's height for certain: its head at a look that ended well a moment ago, up to which this process read everything into the ledger. Null where it is not known,
    /// also where another operator reads.
    /// </summary>
    public ulong? Head
    {
        get
        {
            lock (_gate)
            {
                return _head is var (number, askedAt) && time.GetElapsedTime(askedAt) <= (2 * options.Value.PollInterval) + TimeSpan.FromSeconds(1) ? number : null;
            }
        }
    }

    /// <summary>Waits until the ledger holds everything up to a block.</summary>
    public async Task FollowedAsync(ulong blockNumber, CancellationToken cancellationToken)
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

    /// <summary>Waits until no transaction of the sender is pending and everything it did on L1 is in the ledger.</summary>
    public async Task FollowedBeyondPendingAsync(TransactionSender sender, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await sender.IsSettledAsync(cancellationToken))
                {
                    await FollowedAsync(await client.GetBlockNumberAsync(cancellationToken), cancellationToken);
                    return;
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                logger.L1Unreachable(failure.Message);
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
        ulong next = tip is { } known ? known.Number + 1 : options.Value.FromBlock;
        while (next <= head)
        {
            ulong last = Math.Min(head, next + MaxRange - 1);
            tip = await ReadRangeAsync(tip, next, last, cancellationToken);
            Publish(last);
            next = last + 1;
        }

        Publish(next - 1);
        lock (_gate)
        {
            _head = (next - 1, askedAt);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.PollInterval, time);
        do
        {
            await LookAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Looks at L1 once: the leader reads, the others learn from the ledger how far it is.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
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

            Final = (await client.GetBlockAsync(BlockTag.Finalized, cancellationToken))?.Number ?? 0;
            IsCaughtUp = true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            IsCaughtUp = false;
            logger.L1Unreachable(failure.Message);
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
        await ledger.RewindAsync(lastGood, cancellationToken);
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
    /// <returns>The last of them.</returns>
    private async Task<BlockPoint> ReadRangeAsync(BlockPoint? before, ulong first, ulong last, CancellationToken cancellationToken)
    {
        Block end = await client.GetBlockAsync(BlockTag.Number(last), cancellationToken)
            ?? throw new InvalidDataException($"L1 has no block {last} although its head is there or beyond");
        OperatorEvents events = await contract.ReadEventsAsync(account.Address, first, last, cancellationToken);

        // These were several answers. Only if the block before them and then the last of them still stand are they of one chain, and of the one that the ledger holds. The next
        // look finds a reorganisation.
        var point = new BlockPoint(last, end.Hash);
        if ((before is { } known && !await IsCanonicalAsync(known, cancellationToken)) || !await IsCanonicalAsync(point, cancellationToken))
        {
            throw new InvalidDataException($"L1 reorganised while blocks {first} to {last} were read");
        }

        await ledger.AdvanceAsync(point, events.Anchors, [.. events.Proofs.Select(proof => proof.Seen)], cancellationToken);
        return point;
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
internal sealed record OperatorAccount(Address Address);
