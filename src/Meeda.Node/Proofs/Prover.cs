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
/// Proves each epoch that has live blobs. Only the newest provable epoch matters: an older one whose window is over cannot be mended, and one whose
/// window is open comes up again at the next look. What is proven is what the follower saw on L1, so a restart resumes by itself.
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
            ulong epoch = 0;
            try
            {
                parameters ??= await contract.EpochParametersAsync(stoppingToken);
                if (await NextEpochAsync(parameters, stoppingToken) is { } next)
                {
                    epoch = next;
                    await ProveAsync(parameters, next, stoppingToken);
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // Data that cannot be proven now may be repaired within the window, so the next look tries again; it is said loudly each time.
                logger.ProvingFailed(epoch, failure.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>The newest epoch whose block is followed, whose window is open and whose proof was not seen; null where there is none.</summary>
    private async Task<ulong?> NextEpochAsync(EpochParameters parameters, CancellationToken cancellationToken)
    {
        if (follower.Tip is not { } tip)
        {
            return null;
        }

        // The seed is the hash of the epoch's block, which the chain can look up only in later blocks. The transaction's block is after the tip.
        ulong epoch = parameters.EpochAt(tip);
        if (epoch == 0 || tip >= parameters.LastProofBlock(epoch))
        {
            return null;
        }

        return (await ledger.ProvenEpochsAsync(epoch, cancellationToken)).Contains(epoch) ? null : epoch;
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
