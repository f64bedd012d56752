using System.Globalization;
using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;

namespace Meeda.Light;

/// <summary>
/// Looks at what operators anchored, proved and missed, and answers what is against the protocol: an anchored
/// commitment that is no point of the group, a
/// recorded partial sum that is not the weighted sum of the anchored commitments, an epoch that was not proven in time.
/// </summary>
internal sealed class FraudDetector(
    EthereumClient client,
    MeedaVerifierContract contract,
    LightLedger ledger,
    ChallengeSender challenges,
    TimeProvider time,
    ILogger<FraudDetector> logger
)
{
    // Anchors and proofs that one round looks at; what is left comes in the next.
    private const int MaxAtOnce = 256;

    // Somewhat more than reportMiss takes (contracts/snapshots).
    private const int ReportGas = 150_000;

    // What could not be looked at, and from when on it is tried again.
    private readonly Postponed _putOff = new(time, logger);

    private EpochParameters? _parameters;

    /// <summary>One round over everything that is new or not settled.</summary>
    /// <param name="head">The last block that the ledger holds.</param>
    public async Task PollAsync(ulong head, CancellationToken cancellationToken)
    {
        _parameters ??= await contract.EpochParametersAsync(cancellationToken);
        await LookAtAnchorsAsync(cancellationToken);
        await LookAtProofsAsync(cancellationToken);
        foreach ((Address operatorAddress, ulong nextEpoch) in await ledger.OperatorsAsync(cancellationToken))
        {
            await _putOff.TryAsync(
                operatorAddress,
                "the epochs",
                () => LookAtMissesAsync(operatorAddress, nextEpoch, head, cancellationToken),
                cancellationToken
            );
        }

        await AnswerAsync(cancellationToken);
    }

    /// <summary>
    /// The first epoch whose window was not over at a block: misses from it on must be looked at anew after a
    /// reorganisation to that block.
    /// </summary>
    public async Task<ulong> FirstOpenEpochAsync(ulong blockNumber, CancellationToken cancellationToken)
    {
        _parameters ??= await contract.EpochParametersAsync(cancellationToken);
        return blockNumber < _parameters.ProofWindow ? 0 : _parameters.EpochAt(blockNumber - _parameters.ProofWindow);
    }

    private async Task LookAtAnchorsAsync(CancellationToken cancellationToken)
    {
        while (await ledger.AnchorsWithAsync(Verdict.Pending, MaxAtOnce, cancellationToken) is { Count: > 0 } anchors)
        {
            // A year of commitments to decompress and to check: every processor helps.
            (OperatorAnchor Anchor, int? Invalid)[] found = await Task.Run(
                () =>
                    anchors
                        .AsParallel()
                        .AsOrdered()
                        .WithCancellation(cancellationToken)
                        .Select(seen => (seen, FindInvalid(seen.Seen.Commitments)))
                        .ToArray(),
                cancellationToken
            );
            foreach ((OperatorAnchor anchor, int? invalid) in found.Where(each => each.Invalid is not null))
            {
                logger.InvalidCommitment(
                    anchor.Operator.ToString(),
                    anchor.Seen.Anchor.FirstBlob + (ulong)invalid!.Value
                );
            }

            await ledger.SetAnchorVerdictsAsync(
                found.Select(each =>
                    (
                        each.Anchor.Operator,
                        each.Anchor.Seen.Anchor.Index,
                        each.Invalid is null ? Verdict.Valid : Verdict.Invalid
                    )
                ),
                cancellationToken
            );
        }
    }

    private async Task LookAtProofsAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            (Address Operator, ProofEvent Proof)[] due =
            [
                .. (await ledger.ProofsWithAsync(Verdict.Pending, MaxAtOnce + _putOff.Count, cancellationToken)).Where(
                    each => !_putOff.IsPutOff(each.Operator, Name(each.Proof))
                ),
            ];
            if (due.Length == 0)
            {
                return;
            }

            foreach ((Address operatorAddress, ProofEvent seen) in due)
            {
                await _putOff.TryAsync(
                    operatorAddress,
                    Name(seen),
                    () => LookAtProofAsync(operatorAddress, seen, cancellationToken),
                    cancellationToken
                );
            }
        }
    }

    private static string Name(ProofEvent proof) => $"the proof of epoch {proof.Epoch}";

    private async Task LookAtProofAsync(Address operatorAddress, ProofEvent seen, CancellationToken cancellationToken)
    {
        (_, int? wrong, _, _) = await CheckAsync(operatorAddress, seen, cancellationToken);
        if (wrong is { } chunk)
        {
            logger.WrongPartialSum(operatorAddress.ToString(), seen.Epoch, chunk);
        }
        else
        {
            logger.ProofRight(operatorAddress.ToString(), seen.Epoch);
        }

        await ledger.SetProofVerdictAsync(
            operatorAddress,
            seen.Epoch,
            wrong is null ? Verdict.Valid : Verdict.Invalid,
            cancellationToken
        );
    }

    private async Task LookAtMissesAsync(
        Address operatorAddress,
        ulong nextEpoch,
        ulong head,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Anchor> anchors = await ledger.Index.AnchorsAsync(operatorAddress, cancellationToken);
        if (anchors.Count == 0)
        {
            return;
        }

        // Nothing was live before the first anchor.
        ulong first = Math.Max(nextEpoch, _parameters!.EpochAt(anchors[0].BlockNumber));
        for (ulong epoch = first; _parameters.LastProofBlock(epoch) < head; epoch++)
        {
            if (
                _parameters.LiveRangeAt(epoch, anchors) is var (_, hints)
                && await ledger.ProofVerdictAsync(operatorAddress, epoch, cancellationToken) is null
                && await contract.EpochStatusAsync(operatorAddress, epoch, cancellationToken) == EpochStatus.None
            )
            {
                logger.EpochMissed(operatorAddress.ToString(), epoch);
                if (
                    await IsWorthReportingAsync(operatorAddress, epoch, cancellationToken)
                    && !await challenges.SendAsync(
                        contract.ReportMiss(operatorAddress, epoch, hints),
                        $"miss of epoch {epoch} by {operatorAddress}",
                        cancellationToken
                    )
                )
                {
                    return;
                }
            }

            await ledger.SetNextEpochAsync(operatorAddress, epoch + 1, cancellationToken);
        }
    }

    /// <summary>
    /// Whether there is a stake to take the reward from, and the reward is more than the report costs at this moment.
    /// </summary>
    private async Task<bool> IsWorthReportingAsync(
        Address operatorAddress,
        ulong epoch,
        CancellationToken cancellationToken
    )
    {
        if ((await contract.AccountAsync(operatorAddress, cancellationToken)).Stake.IsZero)
        {
            return false;
        }

        BigInteger reward = await contract.MissRewardAsync(cancellationToken);
        Block? head = await client.GetBlockAsync(BlockTag.Latest, cancellationToken);
        if (head is not null && reward > head.BaseFeePerGas * ReportGas)
        {
            return true;
        }

        logger.MissNotWorthReporting(operatorAddress.ToString(), epoch, reward.ToString(CultureInfo.InvariantCulture));
        return false;
    }

    /// <summary>
    /// Answers what was found wrong, until L1 shows that the operator was slashed, by us or by somebody else.
    /// </summary>
    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        foreach (
            OperatorAnchor wrong in await ledger.AnchorsWithAsync(
                Verdict.Invalid,
                MaxAtOnce + _putOff.Count,
                cancellationToken
            )
        )
        {
            await _putOff.TryAsync(
                wrong.Operator,
                $"the answer to the commitments of anchor {wrong.Seen.Anchor.Index}",
                () => AnswerAnchorAsync(wrong, cancellationToken),
                cancellationToken
            );
        }

        foreach (
            (Address operatorAddress, ProofEvent seen) in await ledger.ProofsWithAsync(
                Verdict.Invalid,
                MaxAtOnce + _putOff.Count,
                cancellationToken
            )
        )
        {
            await _putOff.TryAsync(
                operatorAddress,
                $"the answer to {Name(seen)}",
                () => AnswerProofAsync(operatorAddress, seen, cancellationToken),
                cancellationToken
            );
        }
    }

    private async Task AnswerAnchorAsync(OperatorAnchor wrong, CancellationToken cancellationToken)
    {
        if (
            (await contract.AccountAsync(wrong.Operator, cancellationToken)).Condemned
            || await challenges.SendAsync(
                InvalidCommitment(wrong),
                $"invalid commitment of {wrong.Operator}",
                cancellationToken
            )
        )
        {
            await ledger.SetAnchorVerdictsAsync(
                [(wrong.Operator, wrong.Seen.Anchor.Index, Verdict.Resolved)],
                cancellationToken
            );
        }
    }

    private async Task AnswerProofAsync(Address operatorAddress, ProofEvent seen, CancellationToken cancellationToken)
    {
        bool settled =
            (await contract.AccountAsync(operatorAddress, cancellationToken)).Condemned
            || await contract.EpochStatusAsync(operatorAddress, seen.Epoch, cancellationToken) != EpochStatus.Proven;
        if (!settled)
        {
            (SubmittedProof proof, int? chunk, Sample[] samples, AnchoredCommitments anchored) = await CheckAsync(
                operatorAddress,
                seen,
                cancellationToken
            );
            IReadOnlyList<AnchoredLeaf> leaves = await anchored.LeavesAsync(
                [
                    .. samples
                        .Skip(chunk!.Value * Sampler.ChunkSize)
                        .Take(Sampler.ChunkSize)
                        .Select(sample => sample.Position),
                ],
                cancellationToken
            );
            settled = await challenges.SendAsync(
                contract.ProveFraud(operatorAddress, proof, chunk.Value, leaves),
                $"wrong partial sum {chunk} of epoch {seen.Epoch} by {operatorAddress}",
                cancellationToken
            );
        }

        if (settled)
        {
            await ledger.SetProofVerdictAsync(operatorAddress, seen.Epoch, Verdict.Resolved, cancellationToken);
        }
    }

    /// <summary>
    /// Recomputes an epoch's partial sums from the anchored leaves and compares them with the recorded ones.
    /// </summary>
    private async Task<(SubmittedProof Proof, int? Wrong, Sample[] Samples, AnchoredCommitments Anchored)> CheckAsync(
        Address operatorAddress,
        ProofEvent seen,
        CancellationToken cancellationToken
    )
    {
        OperatorEvents events = await contract.ReadEventsAsync(
            operatorAddress,
            seen.BlockNumber,
            seen.BlockNumber,
            cancellationToken
        );
        SubmittedProof proof =
            events.Proofs.FirstOrDefault(each => each.Seen.Epoch == seen.Epoch)
            ?? throw new InvalidDataException(
                $"block {seen.BlockNumber} does not hold the proof of epoch {seen.Epoch} any more"
            );
        var anchored = new AnchoredCommitments(ledger.Index, operatorAddress);
        if (
            _parameters!.LiveRangeAt(seen.Epoch, await ledger.Index.AnchorsAsync(operatorAddress, cancellationToken))
            is not var (range, _)
        )
        {
            throw new InvalidDataException($"epoch {seen.Epoch} of {operatorAddress} has a proof but no live blobs");
        }

        Sample[] samples = Sampler.Draw(
            new EpochSeed(proof.Seen.Seed),
            range,
            _parameters.HotSamples,
            _parameters.ColdSamples
        );
        return (
            proof,
            proof.FindWrongChunk(await anchored.PartialSumsAsync(samples, areChecked: true, cancellationToken)),
            samples,
            anchored
        );
    }

    private TransactionRequest InvalidCommitment(OperatorAnchor wrong)
    {
        int place = FindInvalid(wrong.Seen.Commitments)!.Value;
        byte[] commitment = CommitmentAt(wrong.Seen.Commitments, (ulong)place).ToArray();
        var y = new byte[64];
        G1Point.TryFindY(commitment, y);
        return contract.ProveInvalidCommitment(
            wrong.Operator,
            wrong.Seen.Anchor.Index,
            wrong.Seen.Anchor.FirstBlob + (ulong)place,
            commitment,
            new AnchorTree(wrong.Seen.Commitments).Path(place),
            y
        );
    }

    private static int? FindInvalid(byte[] commitments)
    {
        for (int place = 0; (place + 1) * KzgCommitment.Length <= commitments.Length; place++)
        {
            if (!G1Point.TryDecode(CommitmentAt(commitments, (ulong)place), out _))
            {
                return place;
            }
        }

        return null;
    }

    private static ReadOnlySpan<byte> CommitmentAt(byte[] commitments, ulong place) =>
        commitments.AsSpan((int)place * KzgCommitment.Length, KzgCommitment.Length);
}
