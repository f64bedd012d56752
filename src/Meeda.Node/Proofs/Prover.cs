using Meeda.Ethereum.JsonRpc;
using Meeda.Ethereum.Transactions;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Proofs;

/// <summary>
/// Proves each epoch that has live blobs, as long as its window is open. What is proven is what the follower saw on L1, so a restart resumes by itself, and a
/// proof that a reorganisation undid is made anew over the new seed.
/// </summary>
internal sealed class Prover(
    IOptions<L1Options> options,
    EthereumClient client,
    MeedaVerifierContract contract,
    OperatorAccount account,
    L1Follower follower,
    Ledger ledger,
    RowPlacement rows,
    CommitmentKey commitmentKey,
    VerificationKey verificationKey,
    TransactionSender sender,
    TimeProvider time,
    ILogger<Prover> logger)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await follower.FollowedBeyondPendingAsync(sender, stoppingToken);
        using var timer = new PeriodicTimer(options.Value.PollInterval, time);
        EpochParameters? parameters = null;
        do
        {
            try
            {
                parameters ??= await contract.EpochParametersAsync(stoppingToken);
                foreach (ulong epoch in await OpenEpochsAsync(parameters, stoppingToken))
                {
                    await TryProveAsync(parameters, epoch, stoppingToken);
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                logger.L1Unreachable(failure.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>The epochs whose block is followed, whose window is open and whose proof was not seen; the one with the nearest deadline first.</summary>
    private async Task<IReadOnlyList<ulong>> OpenEpochsAsync(EpochParameters parameters, CancellationToken cancellationToken)
    {
        if (follower.Tip is not { } tip)
        {
            return [];
        }

        // A transaction sent now is in a block after the tip, where the chain can look up the hash of the tip.
        var open = new List<ulong>();
        for (ulong epoch = parameters.EpochAt(tip); epoch > 0 && tip < parameters.LastProofBlock(epoch); epoch--)
        {
            open.Add(epoch);
        }

        open.Reverse();
        return open.Count == 0 ? [] : [.. open.Except(await ledger.ProvenEpochsAsync(open[0], cancellationToken))];
    }

    private async Task TryProveAsync(EpochParameters parameters, ulong epoch, CancellationToken cancellationToken)
    {
        try
        {
            await ProveAsync(parameters, epoch, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Data that cannot be proven now may be repaired within the window, so the next look tries again; it is said loudly each time.
            logger.ProvingFailed(epoch, failure.Message);
        }
    }

    private async Task ProveAsync(EpochParameters parameters, ulong epoch, CancellationToken cancellationToken)
    {
        IReadOnlyList<Anchor> anchors = await ledger.AnchorsAsync(cancellationToken);
        if (parameters.LiveRangeAt(epoch, anchors) is not var (range, hints))
        {
            return;
        }

        Block block = await client.GetBlockAsync(BlockTag.Number(parameters.BlockOf(epoch)), cancellationToken)
            ?? throw new InvalidDataException($"L1 does not give block {parameters.BlockOf(epoch)}");
        ulong chainId = await client.GetChainIdAsync(cancellationToken);
        EpochSeed seed = EpochSeed.Derive(block.Hash, epoch, account.Address, contract.Address, chainId);
        Sample[] samples = Sampler.Draw(seed, range, parameters.HotSamples, parameters.ColdSamples);
        logger.Proving(epoch, samples.Length, range.Lo, range.Hi);

        AvailabilityProof proof = await BuildAsync(samples, seed.Challenge(), cancellationToken);
        if (!proof.Verify(verificationKey, seed.Challenge()))
        {
            await RepairAsync(samples, cancellationToken);
            throw new InvalidDataException("the proof that was built does not verify; a stored row differs from its commitment. It is not sent, and the rows are repaired");
        }

        TransactionReceipt receipt = await sender.SendAsync(contract.SubmitProof(epoch, hints, proof), cancellationToken);
        logger.Proven(epoch, receipt.TransactionHash.ToString(), receipt.BlockNumber, receipt.GasUsed);
        await follower.FollowedAsync(receipt.BlockNumber, cancellationToken);
    }

    /// <summary>Finds the wrong rows among the sampled batches and brings them back, for the next try.</summary>
    private async Task RepairAsync(Sample[] samples, CancellationToken cancellationToken)
    {
        var seen = new HashSet<BatchId>();
        foreach (Sample sample in samples)
        {
            BatchId id = (await ledger.BatchAtAsync(sample.Position, cancellationToken)).Batch;
            if (seen.Add(id) && await ledger.FindBatchAsync(id, cancellationToken) is { } stored)
            {
                await rows.RepairAsync(id, stored.Commitments, cancellationToken);
            }
        }
    }

    /// <summary>Streams the sampled rows into one combination and opens it once.</summary>
    private async Task<AvailabilityProof> BuildAsync(Sample[] samples, Fr z, CancellationToken cancellationToken)
    {
        var combination = new BlobCombination();
        var points = new Dictionary<ulong, G1Point>();
        var blob = new byte[Blob.ByteLength];
        foreach (Sample sample in samples)
        {
            AnchoredBatch batch = await ledger.BatchAtAsync(sample.Position, cancellationToken);
            int index = (int)(sample.Position - batch.FirstBlob);
            StoredBatch stored = await ledger.FindBatchAsync(batch.Batch, cancellationToken)
                ?? throw new InvalidDataException($"batch {batch.Batch} is anchored for this operator but not in its ledger");
            if (!await rows.ReadRowAsync(batch.Batch, index, stored.Commitments, blob, cancellationToken))
            {
                throw new InvalidDataException($"row {index} of batch {batch.Batch} is missing");
            }

            combination.Add(blob, sample.Weight);
            if (!points.ContainsKey(sample.Position))
            {
                points[sample.Position] = G1Point.TryDecode(stored.Commitments.AsSpan(index * KzgCommitment.Length, KzgCommitment.Length), out G1Point point)
                    ? point
                    : throw new InvalidDataException($"commitment {index} of batch {batch.Batch} is damaged in the ledger");
            }
        }

        return await Task.Run(
            () =>
            {
                KzgProof proof = combination.Open(commitmentKey, z, out Fr y);
                return new AvailabilityProof(AvailabilityProof.SumCommitments(samples, position => points[position]), y, proof);
            },
            cancellationToken);
    }
}
