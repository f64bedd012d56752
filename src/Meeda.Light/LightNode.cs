using Meeda.Chain;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Protocol.Anchors;

namespace Meeda.Light;

/// <summary>
/// Follows L1 and nothing else, believes nobody, and answers every lie that it can show. Each round: (1) read new
/// blocks, taking back what a reorganisation
/// undid, (2) look at new anchors, proofs and epochs, and answer what is wrong, (3) sample what operators serve, and
/// demand what they withhold. Everything it
/// knows is in its ledger, so it may be killed at any moment.
/// </summary>
internal sealed class LightNode(
    LightOptions options,
    EthereumClient client,
    MeedaVerifierContract contract,
    LightLedger ledger,
    FraudDetector detector,
    AvailabilitySampling sampling,
    TimeProvider time,
    ILogger<LightNode> logger
)
{
    private readonly BlockRanges _ranges = new(client);
    private readonly HashSet<Address> _odd = [];
    private bool _isReadAnew;

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var reading = new Outage("reading L1", time, logger);
        var watching = new Outage("looking at anchors, proofs and epochs", time, logger);
        var sampled = new Outage("sampling operators", time, logger);
        while (true)
        {
            // What one of them cannot do now does not keep the others from what they can: a lie must be answered in
            // time.
            await TryAsync(reading, () => CatchUpAsync(cancellationToken), cancellationToken); // 1
            if (await HeadAsync(cancellationToken) is { } head)
            {
                await TryAsync(watching, () => detector.PollAsync(head, cancellationToken), cancellationToken); // 2
                await TryAsync(sampled, () => sampling.PollAsync(head, cancellationToken), cancellationToken); // 3
            }

            await Task.Delay(reading.Pause(options.PollInterval), time, cancellationToken);
        }
    }

    private static async Task TryAsync(Outage outage, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work();
            outage.Over();
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            outage.Failed(failure);
        }
    }

    /// <summary>The last block that the ledger holds; null where it holds none, or cannot be read.</summary>
    private async Task<ulong?> HeadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await ledger.TipAsync(cancellationToken))?.Number;
        }
        catch (System.Data.Common.DbException)
        {
            return null; // Said by the reading, which needs it too.
        }
    }

    /// <summary>Reads everything up to L1's head once.</summary>
    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        BlockPoint? tip = await CanonicalTipAsync(cancellationToken);
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        ulong next = tip is { } known ? known.Number + 1 : await FirstBlockAsync(cancellationToken);
        while (next <= head)
        {
            ulong last = _ranges.LastFrom(next, head);
            (BlockPoint? read, bool isWhole) = await ReadRangeAsync(tip, next, last, cancellationToken);
            if (!isWhole)
            {
                tip = null;
                next = await FirstBlockAsync(cancellationToken);
            }
            else if (read is not null)
            {
                if (head - last > BlockRanges.MostBlocks)
                {
                    logger.CatchingUp(last, head);
                }

                tip = read;
                next = last + 1;
            }
        }
    }

    /// <summary>Reads a range of blocks into the ledger, which holds everything before them.</summary>
    /// <returns>The last of them, or null where the endpoint wants to be asked for fewer; and whether nothing is
    /// missing before them.</returns>
    private async Task<(BlockPoint? Last, bool IsWhole)> ReadRangeAsync(
        BlockPoint? before,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        Block end =
            await client.GetBlockAsync(BlockTag.Number(last), cancellationToken)
            ?? throw new InvalidDataException($"L1 has no block {last} although its head is there or beyond");
        var logs = await _ranges.TryReadAsync(
            first,
            last,
            async () =>
                new
                {
                    Operators = await contract.ReadAllEventsAsync(first, last, cancellationToken),
                    Demands = await contract.ReadDemandsAsync(operatorAddress: null, first, last, cancellationToken),
                },
            cancellationToken
        );
        if (logs is null)
        {
            return (null, true);
        }

        // These were several answers. Only if the block before them and then the last of them still stand are they of
        // one chain, and of the one that the ledger holds.
        var point = new BlockPoint(last, end.Hash);
        if (
            (before is { } known && !await IsCanonicalAsync(known, cancellationToken))
            || !await IsCanonicalAsync(point, cancellationToken)
        )
        {
            throw new InvalidDataException($"L1 reorganised while blocks {first} to {last} were read");
        }

        var anchors = new List<LightAnchor>();
        foreach ((Address operatorAddress, OperatorEvents events) in logs.Operators)
        {
            IReadOnlyList<Anchor> held =
                events.Anchors.Count == 0 ? [] : await ledger.AnchorsAsync(operatorAddress, cancellationToken);
            var odd = new List<(AnchorEvent Seen, AnchorOddity Oddity)>();
            anchors.AddRange(
                AnchorSequence
                    .Continue(held.Count == 0 ? null : held[^1], events.Anchors, odd)
                    .Select(seen => new LightAnchor(operatorAddress, seen))
            );
            if (!_isReadAnew && odd.Find(each => each.Oddity == AnchorOddity.Gap) is ({ } late, _))
            {
                // Its first anchors are before the first block that was read.
                _isReadAnew = true;
                logger.AnchorsMissing(
                    operatorAddress.ToString(),
                    late.Anchor.Index,
                    await FirstBlockAsync(cancellationToken)
                );
                await ledger.RollBackAsync(-1, 0, cancellationToken);
                return (null, false);
            }

            Tell(
                operatorAddress,
                [
                    .. events.Odd,
                    .. odd.Select(each =>
                        $"anchor {each.Seen.Anchor.Index} in block {each.Seen.Anchor.BlockNumber} ({each.Oddity})"
                    ),
                ]
            );
        }

        await ledger.AdvanceAsync(
            point,
            new LightEvents(
                anchors,
                [.. logs.Operators.SelectMany(each => each.Value.Proofs.Select(proof => (each.Key, proof.Seen)))],
                [.. logs.Demands.DistinctBy(demand => demand.Id)]
            ),
            cancellationToken
        );
        return (point, true);
    }

    /// <summary>
    /// Says of an operator that something about it is left out, once: whoever anchors decides what there is to say.
    /// </summary>
    private void Tell(Address operatorAddress, IReadOnlyList<string> odd)
    {
        if (odd.Count > 0 && _odd.Add(operatorAddress))
        {
            logger.OddLog(operatorAddress.ToString(), odd[0]);
        }
    }

    /// <summary>Where reading begins: at the contract's deployment, whatever the option says.</summary>
    private async Task<ulong> FirstBlockAsync(CancellationToken cancellationToken)
    {
        ContractDeployment start = await ContractDeployment.FindAsync(
            client,
            contract.Address,
            _isReadAnew ? 0 : options.FromBlock,
            cancellationToken
        );
        if (start.Doubt is { } doubt)
        {
            logger.StartInDoubt(start.Block, doubt);
        }
        else if (start.Block < options.FromBlock)
        {
            logger.StartTooLate(start.Block, options.FromBlock);
        }

        return start.Block;
    }

    /// <summary>The newest followed block that is still part of the chain; what came after it is taken back.</summary>
    private async Task<BlockPoint?> CanonicalTipAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<BlockPoint> followed = await ledger.FollowedBlocksAsync(cancellationToken);
        foreach (BlockPoint point in followed)
        {
            if (await IsCanonicalAsync(point, cancellationToken))
            {
                if (point != followed[0])
                {
                    await RollBackAsync((long)point.Number, cancellationToken);
                }

                return point;
            }
        }

        if (followed.Count > 0)
        {
            await RollBackAsync(-1, cancellationToken);
        }

        return null;
    }

    private async Task RollBackAsync(long lastGood, CancellationToken cancellationToken)
    {
        logger.Reorganised(lastGood);
        ulong epoch = lastGood < 0 ? 0 : await detector.FirstOpenEpochAsync((ulong)lastGood, cancellationToken);
        await ledger.RollBackAsync(lastGood, epoch, cancellationToken);
    }

    private async Task<bool> IsCanonicalAsync(BlockPoint point, CancellationToken cancellationToken) =>
        (await client.GetBlockAsync(BlockTag.Number(point.Number), cancellationToken))?.Hash == point.Hash;
}
