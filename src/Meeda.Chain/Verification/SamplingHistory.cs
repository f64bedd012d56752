using Meeda.Chain.Index;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Verification;

/// <summary>The outcome of an epoch in which a batch was live.</summary>
internal enum EpochOutcome
{
    /// <summary>A proof is recorded.</summary>
    Proven,

    /// <summary>The window is over and no proof is recorded.</summary>
    Missed,

    /// <summary>The window is still open.</summary>
    Pending,
}

/// <summary>A batch in one epoch.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Sampled">The number of the batch's blobs that the epoch challenged.</param>
/// <param name="Outcome">The epoch's outcome.</param>
internal sealed record SampledEpoch(ulong Epoch, int Sampled, EpochOutcome Outcome);

/// <summary>
/// Computes how often a batch was sampled and proven. Any verifier can compute it, because the samples follow from L1's
/// RANDAO mixes.
/// </summary>
internal sealed class SamplingHistory(IAnchorRecord record, EpochVerification verification)
{
    /// <summary>The maximum number of epochs, counted from the newest.</summary>
    public const int MaxEpochs = 512;

    /// <summary>
    /// The epochs in which a batch was live, oldest first; the newest <see cref="MaxEpochs"/> of them if there are
    /// more.
    /// </summary>
    public async Task<IReadOnlyList<SampledEpoch>> OfAsync(
        BatchAnchoring anchoring,
        CancellationToken cancellationToken
    )
    {
        EpochParameters parameters = await verification.ParametersAsync(cancellationToken);
        if (await record.TipAsync(cancellationToken) is not { } tip || tip.Number < parameters.SeedDelay)
        {
            return [];
        }

        // What an epoch samples is known from its seed block on.
        ulong last = Math.Min(
            parameters.EpochAt(tip.Number - parameters.SeedDelay),
            parameters.EpochAt(anchoring.Anchor.Expiry - 1)
        );
        ulong first = parameters.EpochAt(anchoring.Anchor.BlockNumber) + 1;
        if (last < first)
        {
            return [];
        }

        first = Math.Max(first, last < MaxEpochs ? 0 : last - MaxEpochs + 1);
        Dictionary<ulong, ProofEvent> proofs = (
            await record.ProofsAsync(anchoring.Operator, first, last, cancellationToken)
        ).ToDictionary(proof => proof.Epoch);
        var epochs = new List<SampledEpoch>();
        for (ulong epoch = first; epoch <= last; epoch++)
        {
            EpochSeed? recorded = proofs.TryGetValue(epoch, out ProofEvent? proof) ? new EpochSeed(proof.Seed) : null;
            if (await verification.DrawAsync(anchoring.Operator, epoch, recorded, cancellationToken) is not { } drawn)
            {
                continue;
            }

            EpochOutcome outcome =
                proof is not null ? EpochOutcome.Proven
                : tip.Number > parameters.LastProofBlock(epoch) ? EpochOutcome.Missed
                : EpochOutcome.Pending;
            epochs.Add(new SampledEpoch(epoch, Covered(drawn.Samples, anchoring.Batch), outcome));
        }

        return epochs;
    }

    /// <summary>How many of a batch's blobs are among the samples.</summary>
    public static int Covered(Sample[] samples, AnchoredBatch batch) =>
        samples
            .Select(sample => sample.Position)
            .Distinct()
            .Count(position => position >= batch.FirstBlob && position < batch.FirstBlob + batch.BlobCount);
}
