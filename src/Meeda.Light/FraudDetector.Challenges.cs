using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Kzg.Curves;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;

namespace Meeda.Light;

/// <content>Challenges violations on L1.</content>
internal sealed partial class FraudDetector
{
    /// <summary>
    /// Challenges each violation until L1 shows that the operator was slashed, by this light node or by another party.
    /// </summary>
    private async Task ChallengeAllAsync(CancellationToken cancellationToken)
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
                $"the challenge of anchor {wrong.Seen.Anchor.Index}",
                () => ChallengeAnchorAsync(wrong, cancellationToken),
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
                $"the challenge of {Name(seen)}",
                () => ChallengeProofAsync(operatorAddress, seen, cancellationToken),
                cancellationToken
            );
        }
    }

    private async Task ChallengeAnchorAsync(OperatorAnchor wrong, CancellationToken cancellationToken)
    {
        if (
            (await contract.AccountAsync(wrong.Operator, cancellationToken)).Slashed
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

    private async Task ChallengeProofAsync(
        Address operatorAddress,
        ProofEvent seen,
        CancellationToken cancellationToken
    )
    {
        bool settled =
            (await contract.AccountAsync(operatorAddress, cancellationToken)).Slashed
            || await contract.EpochStatusAsync(operatorAddress, seen.Epoch, cancellationToken) != EpochStatus.Proven;
        if (!settled)
        {
            RecomputedProof recomputed = await verification.RecomputeAsync(operatorAddress, seen, cancellationToken);
            int chunk =
                recomputed.WrongChunk
                ?? throw new InvalidDataException($"the proof of epoch {seen.Epoch} is now valid");
            IReadOnlyList<AnchoredLeaf> leaves = await new AnchoredCommitments(
                ledger.Index,
                operatorAddress
            ).LeavesAsync(
                [
                    .. recomputed
                        .Drawn.Samples.Skip(chunk * Sampler.ChunkSize)
                        .Take(Sampler.ChunkSize)
                        .Select(sample => sample.Position),
                ],
                cancellationToken
            );
            settled = await challenges.SendAsync(
                contract.ProveFraud(operatorAddress, recomputed.Proof, chunk, leaves),
                $"wrong partial sum {chunk} of epoch {seen.Epoch} by {operatorAddress}",
                cancellationToken
            );
        }

        if (settled)
        {
            await ledger.SetProofVerdictAsync(operatorAddress, seen.Epoch, Verdict.Resolved, cancellationToken);
        }
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
}
