using Meeda.Ethereum;
using Meeda.Ethereum.Transactions;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;

namespace Meeda.Node.Light;

/// <summary>
/// Looks at what operators anchored, proved and missed, and answers what is against the protocol: an anchored commitment that is no point of the group, a
/// recorded partial sum that is not the weighted sum of the anchored commitments, an epoch that was not proven in time.
/// </summary>
internal sealed class Watch(MeedaVerifierContract contract, LightLedger ledger, Answers answers, ILogger<Watch> logger)
{
    // Anchors and proofs that one round looks at; what is left comes in the next.
    private const int MostAtOnce = 256;

    private EpochParameters? _parameters;

    /// <summary>One round over everything that is new or not settled.</summary>
    /// <param name="head">The last block that the ledger holds.</param>
    public async Task LookAsync(ulong head, CancellationToken cancellationToken)
    {
        _parameters ??= await contract.EpochParametersAsync(cancellationToken);
        await LookAtAnchorsAsync(cancellationToken);
        await LookAtProofsAsync(cancellationToken);
        foreach ((Address operatorAddress, ulong nextEpoch) in await ledger.OperatorsAsync(cancellationToken))
        {
            await LookAtMissesAsync(operatorAddress, nextEpoch, head, cancellationToken);
        }

        await AnswerAsync(cancellationToken);
    }

    /// <summary>The first epoch whose window was not over at a block: misses from it on must be looked at anew after a reorganisation to that block.</summary>
    public async Task<ulong> FirstOpenEpochAsync(ulong blockNumber, CancellationToken cancellationToken)
    {
        _parameters ??= await contract.EpochParametersAsync(cancellationToken);
        return blockNumber < _parameters.ProofWindow ? 0 : _parameters.EpochAt(blockNumber - _parameters.ProofWindow);
    }

    private async Task LookAtAnchorsAsync(CancellationToken cancellationToken)
    {
        while (await ledger.AnchorsWithAsync(Verdict.Open, MostAtOnce, cancellationToken) is { Count: > 0 } anchors)
        {
            foreach (LightAnchor seen in anchors)
            {
                int? invalid = FindInvalid(seen.Commitments);
                if (invalid is { } place)
                {
                    logger.InvalidCommitment(seen.Operator.ToString(), seen.Anchor.FirstBlob + (ulong)place);
                }

                await ledger.SetAnchorVerdictAsync(seen.Operator, seen.Anchor.Index, invalid is null ? Verdict.Right : Verdict.Wrong, cancellationToken);
            }
        }
    }

    private async Task LookAtProofsAsync(CancellationToken cancellationToken)
    {
        while (await ledger.ProofsWithAsync(Verdict.Open, MostAtOnce, cancellationToken) is { Count: > 0 } proofs)
        {
            foreach ((Address operatorAddress, ulong epoch, ulong blockNumber) in proofs)
            {
                (_, int? wrong, _) = await CheckAsync(operatorAddress, epoch, blockNumber, cancellationToken);
                if (wrong is { } chunk)
                {
                    logger.WrongPartialSum(operatorAddress.ToString(), epoch, chunk);
                }
                else
                {
                    logger.ProofRight(operatorAddress.ToString(), epoch);
                }

                await ledger.SetProofVerdictAsync(operatorAddress, epoch, wrong is null ? Verdict.Right : Verdict.Wrong, cancellationToken);
            }
        }
    }

    private async Task LookAtMissesAsync(Address operatorAddress, ulong nextEpoch, ulong head, CancellationToken cancellationToken)
    {
        IReadOnlyList<Anchor> anchors = await ledger.AnchorsAsync(operatorAddress, cancellationToken);
        if (anchors.Count == 0)
        {
            return;
        }

        // Nothing was live before the first anchor.
        ulong first = Math.Max(nextEpoch, _parameters!.EpochAt(anchors[0].BlockNumber));
        for (ulong epoch = first; _parameters.LastProofBlock(epoch) < head; epoch++)
        {
            if (_parameters.LiveRangeAt(epoch, anchors) is var (_, hints)
                && !await ledger.HasProofAsync(operatorAddress, epoch, cancellationToken)
                && await contract.EpochStatusAsync(operatorAddress, epoch, cancellationToken) == EpochStatus.None)
            {
                logger.EpochMissed(operatorAddress.ToString(), epoch);
                if (!(await contract.AccountAsync(operatorAddress, cancellationToken)).Stake.IsZero
                    && !await answers.SendAsync(contract.ReportMiss(operatorAddress, epoch, hints), $"miss of epoch {epoch} by {operatorAddress}", cancellationToken))
                {
                    return;
                }
            }

            await ledger.SetNextEpochAsync(operatorAddress, epoch + 1, cancellationToken);
        }
    }

    /// <summary>Answers what was found wrong, until L1 shows that the operator was slashed, by us or by somebody else.</summary>
    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        foreach (LightAnchor wrong in await ledger.AnchorsWithAsync(Verdict.Wrong, MostAtOnce, cancellationToken))
        {
            if ((await contract.AccountAsync(wrong.Operator, cancellationToken)).Condemned
                || await answers.SendAsync(InvalidCommitment(wrong), $"invalid commitment of {wrong.Operator}", cancellationToken))
            {
                await ledger.SetAnchorVerdictAsync(wrong.Operator, wrong.Anchor.Index, Verdict.Settled, cancellationToken);
            }
        }

        foreach ((Address operatorAddress, ulong epoch, ulong blockNumber) in await ledger.ProofsWithAsync(Verdict.Wrong, MostAtOnce, cancellationToken))
        {
            bool settled = (await contract.AccountAsync(operatorAddress, cancellationToken)).Condemned
                || await contract.EpochStatusAsync(operatorAddress, epoch, cancellationToken) != EpochStatus.Proven;
            if (!settled)
            {
                (SubmittedProof proof, int? chunk, Sample[] samples) = await CheckAsync(operatorAddress, epoch, blockNumber, cancellationToken);
                IReadOnlyList<FraudLeaf> leaves = await LeavesAsync(operatorAddress, samples, chunk!.Value, cancellationToken);
                settled = await answers.SendAsync(
                    contract.ProveFraud(operatorAddress, proof, chunk.Value, leaves), $"wrong partial sum {chunk} of epoch {epoch} by {operatorAddress}", cancellationToken);
            }

            if (settled)
            {
                await ledger.SetProofVerdictAsync(operatorAddress, epoch, Verdict.Settled, cancellationToken);
            }
        }
    }

    /// <summary>Recomputes an epoch's partial sums from the anchored leaves and compares them with the recorded ones.</summary>
    private async Task<(SubmittedProof Proof, int? Wrong, Sample[] Samples)> CheckAsync(
        Address operatorAddress, ulong epoch, ulong blockNumber, CancellationToken cancellationToken)
    {
        OperatorEvents events = await contract.ReadEventsAsync(operatorAddress, blockNumber, blockNumber, cancellationToken);
        SubmittedProof proof = events.Proofs.FirstOrDefault(each => each.Seen.Epoch == epoch)
            ?? throw new InvalidDataException($"block {blockNumber} does not hold the proof of epoch {epoch} any more");
        IReadOnlyList<Anchor> anchors = await ledger.AnchorsAsync(operatorAddress, cancellationToken);
        if (_parameters!.LiveRangeAt(epoch, anchors) is not var (range, _))
        {
            throw new InvalidDataException($"epoch {epoch} of {operatorAddress} has a proof but no live blobs");
        }

        Sample[] samples = Sampler.Draw(new EpochSeed(proof.Seen.Seed), range, _parameters.HotSamples, _parameters.ColdSamples);
        Dictionary<ulong, G1Point> points = await PointsAsync(operatorAddress, anchors, samples, cancellationToken);
        G1Point[] sums = await Task.Run(() => AvailabilityProof.SumCommitments(samples, position => points[position]), cancellationToken);
        return (proof, proof.FindWrongChunk(sums), samples);
    }

    private async Task<Dictionary<ulong, G1Point>> PointsAsync(
        Address operatorAddress, IReadOnlyList<Anchor> anchors, Sample[] samples, CancellationToken cancellationToken)
    {
        var points = new Dictionary<ulong, G1Point>();
        foreach (IGrouping<int, ulong> group in samples.Select(sample => sample.Position).Distinct().GroupBy(position => IndexOf(anchors, position)))
        {
            byte[] commitments = await ledger.CommitmentsAsync(operatorAddress, (uint)group.Key, cancellationToken);
            foreach (ulong position in group)
            {
                // One that is no point is answered by itself; the sum over it means nothing either way.
                G1Point.TryDecode(CommitmentAt(commitments, position - anchors[group.Key].FirstBlob), out G1Point point);
                points[position] = point;
            }
        }

        return points;
    }

    private async Task<IReadOnlyList<FraudLeaf>> LeavesAsync(Address operatorAddress, Sample[] samples, int chunk, CancellationToken cancellationToken)
    {
        IReadOnlyList<Anchor> anchors = await ledger.AnchorsAsync(operatorAddress, cancellationToken);
        Sample[] covered = samples[(chunk * Sampler.ChunkSize)..Math.Min(samples.Length, (chunk + 1) * Sampler.ChunkSize)];
        var trees = new Dictionary<int, (AnchorTree Tree, byte[] Commitments)>();
        var leaves = new List<FraudLeaf>(covered.Length);
        foreach (Sample sample in covered)
        {
            int index = IndexOf(anchors, sample.Position);
            if (!trees.TryGetValue(index, out (AnchorTree Tree, byte[] Commitments) anchor))
            {
                byte[] commitments = await ledger.CommitmentsAsync(operatorAddress, (uint)index, cancellationToken);
                anchor = trees[index] = (new AnchorTree(commitments), commitments);
            }

            ulong place = sample.Position - anchors[index].FirstBlob;
            G1Point.TryDecode(CommitmentAt(anchor.Commitments, place), out G1Point point);
            leaves.Add(new FraudLeaf((uint)index, point, anchor.Tree.Path((int)place)));
        }

        return leaves;
    }

    private TransactionRequest InvalidCommitment(LightAnchor wrong)
    {
        int place = FindInvalid(wrong.Commitments)!.Value;
        byte[] commitment = CommitmentAt(wrong.Commitments, (ulong)place).ToArray();
        var y = new byte[64];
        G1Point.TryFindY(commitment, y);
        return contract.ProveInvalidCommitment(
            wrong.Operator, wrong.Anchor.Index, wrong.Anchor.FirstBlob + (ulong)place, commitment, new AnchorTree(wrong.Commitments).Path(place), y);
    }

    private static int? FindInvalid(byte[] commitments)
    {
        for (int place = 0; place * KzgCommitment.Length < commitments.Length; place++)
        {
            if (!G1Point.TryDecode(CommitmentAt(commitments, (ulong)place), out _))
            {
                return place;
            }
        }

        return null;
    }

    private static ReadOnlySpan<byte> CommitmentAt(byte[] commitments, ulong place) => commitments.AsSpan((int)place * KzgCommitment.Length, KzgCommitment.Length);

    /// <summary>The last anchor that begins at or before a position.</summary>
    private static int IndexOf(IReadOnlyList<Anchor> anchors, ulong position)
    {
        int low = 0;
        int high = anchors.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (anchors[middle].FirstBlob <= position)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }
}
