using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Kzg.Curves;
using Meeda.L1.Transactions;
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
            (await system.Anchors.AccountAsync(wrong.Operator, cancellationToken)).IsSlashed
            || await challenges.SendAsync(
                await InvalidCommitmentAsync(wrong, cancellationToken),
                $"invalid commitment of {wrong.Operator}",
                cancellationToken
            )
        )
        {
            SystemParameters parameters = await system.ParametersAsync(cancellationToken);
            await EnsureOverAsync(
                wrong.Operator,
                wrong.Seen.Anchor.Expiry + parameters.SeedDelay + parameters.ProofWindow + parameters.ChallengeWindow,
                cancellationToken
            );
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
            (await system.Anchors.AccountAsync(operatorAddress, cancellationToken)).IsSlashed
            || await system.Verifier.EpochStatusAsync(operatorAddress, seen.Epoch, cancellationToken)
                != EpochStatus.Proven;
        if (!settled)
        {
            RecomputedProof recomputed = await verification.RecomputeAsync(operatorAddress, seen, cancellationToken);
            int chunk =
                recomputed.WrongChunk
                ?? throw new InvalidDataException($"the proof of epoch {seen.Epoch} is now valid");
            int first = chunk * Sampler.ChunkSize;
            ChunkProof leaves = await new AnchoredCommitments(ledger.Index, operatorAddress).ChunkAsync(
                recomputed.Drawn.Samples.AsMemory(
                    first,
                    Math.Min(Sampler.ChunkSize, recomputed.Drawn.Samples.Length - first)
                ),
                cancellationToken
            );
            settled = await challenges.SendAsync(
                system.Verifier.ProveFraud(operatorAddress, seen.Epoch, recomputed.Proof, chunk, leaves),
                $"wrong partial sum {chunk} of epoch {seen.Epoch} by {operatorAddress}",
                cancellationToken
            );
            if (settled)
            {
                await EnsureOverAsync(
                    operatorAddress,
                    seen.BlockNumber + (await system.ParametersAsync(cancellationToken)).ChallengeWindow,
                    cancellationToken
                );
            }
        }

        if (settled)
        {
            await ledger.SetProofVerdictAsync(operatorAddress, seen.Epoch, Verdict.Resolved, cancellationToken);
        }
    }

    /// <summary>Ensures that L1 shows what a challenge came to.</summary>
    /// <exception cref="InvalidDataException">The contract rejected it, the operator is not slashed, and the window is
    /// open: a single answer does not end the matter, and the challenge is sent again.</exception>
    private async Task EnsureOverAsync(Address operatorAddress, ulong lastBlock, CancellationToken cancellationToken)
    {
        if (
            challenges.Account is not null
            && !(await system.Anchors.AccountAsync(operatorAddress, cancellationToken)).IsSlashed
            && await client.GetBlockNumberAsync(cancellationToken) <= lastBlock
        )
        {
            throw new InvalidDataException("the contract took no challenge, and the operator is not slashed");
        }
    }

    private async Task<TransactionRequest> InvalidCommitmentAsync(
        OperatorAnchor wrong,
        CancellationToken cancellationToken
    )
    {
        ulong position = wrong.Seen.Anchor.FirstBlob + (ulong)FindInvalid(wrong.Seen.Commitments)!.Value;
        AnchoredLeaf leaf = (
            await new AnchoredCommitments(ledger.Index, wrong.Operator).LeavesAsync([position], cancellationToken)
        )[0];
        var y = new byte[64];
        G1Point.TryFindY(leaf.Commitment, y);
        return system.Verifier.ProveInvalidCommitment(wrong.Operator, leaf, position, y);
    }
}
