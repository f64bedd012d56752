using Meeda.Ethereum;
using Meeda.Ethereum.JsonRpc;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;

namespace Meeda.Node.Light;

/// <summary>
/// Follows L1 and nothing else, believes nobody, and answers every lie that it can show. Each round: (1) read new blocks, taking back what a reorganisation
/// undid, (2) look at new anchors, proofs and epochs, and answer what is wrong, (3) sample what operators serve, and demand what they withhold. Everything it
/// knows is in its ledger, so it may be killed at any moment.
/// </summary>
internal sealed class LightNode(
    LightOptions options,
    EthereumClient client,
    MeedaVerifierContract contract,
    LightLedger ledger,
    Watch watch,
    AvailabilitySampling sampling,
    TimeProvider time,
    ILogger<LightNode> logger)
{
    // Execution clients limit a log query's range; 2,000 blocks is below every common limit.
    private const ulong MaxRange = 2_000;

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.PollInterval, time);
        do
        {
            try
            {
                ulong head = await CatchUpAsync(cancellationToken);                                             // 1
                await watch.LookAsync(head, cancellationToken);                                                 // 2
                await sampling.LookAsync(head, cancellationToken);                                              // 3
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                logger.LightRoundFailed(failure.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>Reads everything up to L1's head once.</summary>
    private async Task<ulong> CatchUpAsync(CancellationToken cancellationToken)
    {
        BlockPoint? tip = await CanonicalTipAsync(cancellationToken);
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        ulong next = tip is { } known ? known.Number + 1 : options.FromBlock;
        while (next <= head)
        {
            ulong last = Math.Min(head, next + MaxRange - 1);
            Block end = await client.GetBlockAsync(BlockTag.Number(last), cancellationToken)
                ?? throw new InvalidDataException($"L1 has no block {last} although its head is there or beyond");
            IReadOnlyDictionary<Address, OperatorEvents> events = await contract.ReadAllEventsAsync(next, last, cancellationToken);
            IReadOnlyList<DemandSeen> demands = await contract.ReadDemandsAsync(operatorAddress: null, next, last, cancellationToken);

            // These were several answers. Only if the block before them and then the last of them still stand are they of one chain, and of the one that the ledger holds.
            var point = new BlockPoint(last, end.Hash);
            if ((tip is { } before && !await IsCanonicalAsync(before, cancellationToken)) || !await IsCanonicalAsync(point, cancellationToken))
            {
                throw new InvalidDataException($"L1 reorganised while blocks {next} to {last} were read");
            }

            await ledger.AdvanceAsync(
                point,
                new LightEvents(
                    [.. events.SelectMany(each => each.Value.Anchors.Select(seen => new LightAnchor(each.Key, seen)))],
                    [.. events.SelectMany(each => each.Value.Proofs.Select(proof => (each.Key, proof.Seen)))],
                    demands),
                cancellationToken);
            if (head - last > MaxRange)
            {
                logger.CatchingUp(last, head);
            }

            tip = point;
            next = last + 1;
        }

        return next - 1;
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
                    await TakeBackAsync((long)point.Number, cancellationToken);
                }

                return point;
            }
        }

        if (followed.Count > 0)
        {
            await TakeBackAsync(-1, cancellationToken);
        }

        return null;
    }

    private async Task TakeBackAsync(long lastGood, CancellationToken cancellationToken)
    {
        logger.Reorganised(lastGood);
        ulong epoch = lastGood < 0 ? 0 : await watch.FirstOpenEpochAsync((ulong)lastGood, cancellationToken);
        await ledger.RewindAsync(lastGood, epoch, cancellationToken);
    }

    private async Task<bool> IsCanonicalAsync(BlockPoint point, CancellationToken cancellationToken) =>
        (await client.GetBlockAsync(BlockTag.Number(point.Number), cancellationToken))?.Hash == point.Hash;
}
