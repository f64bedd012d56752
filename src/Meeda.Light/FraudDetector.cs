using System.Globalization;
using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.L1.Rpc;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;

namespace Meeda.Light;

/// <summary>
/// Checks the anchors, proofs and missed epochs of operators, and challenges violations of the protocol: an anchored
/// commitment that is not a point of the group, a recorded partial sum that is not the weighted sum of the anchored
/// commitments, an epoch that was not proven in time.
/// </summary>
internal sealed partial class FraudDetector(
    EthereumClient client,
    SystemContract system,
    LightLedger ledger,
    EpochVerification verification,
    ChallengeSender challenges,
    TimeProvider time,
    ILogger<FraudDetector> logger
)
{
    // The maximum number of anchors and proofs per query; the rest follows in the next one.
    private const int MaxAtOnce = 256;

    // Somewhat more than the gas of reportMiss with the seed's header (contracts/snapshots).
    private const int ReportGas = 310_000;

    // Checks that failed, each with the time of its next attempt.
    private readonly Postponed _putOff = new(time, logger);

    /// <summary>Checks everything that is new or unresolved.</summary>
    /// <param name="head">The last block in the ledger.</param>
    public async Task PollAsync(ulong head, CancellationToken cancellationToken)
    {
        await CheckAnchorsAsync(cancellationToken);
        await CheckProofsAsync(cancellationToken);
        foreach ((Address operatorAddress, ulong nextEpoch) in await ledger.OperatorsAsync(cancellationToken))
        {
            await _putOff.TryAsync(
                operatorAddress,
                "the epochs",
                () => CheckMissesAsync(operatorAddress, nextEpoch, head, cancellationToken),
                cancellationToken
            );
        }

        await ChallengeAllAsync(cancellationToken);
    }

    /// <summary>
    /// The first epoch whose window was still open at a block. After a reorganisation back to that block, misses must
    /// be checked again from this epoch on.
    /// </summary>
    public async Task<ulong> FirstOpenEpochAsync(ulong blockNumber, CancellationToken cancellationToken)
    {
        EpochParameters parameters = await verification.ParametersAsync(cancellationToken);
        ulong window = (ulong)parameters.SeedDelay + parameters.ProofWindow;
        return blockNumber < window ? 0 : parameters.EpochAt(blockNumber - window);
    }

    private async Task CheckAnchorsAsync(CancellationToken cancellationToken)
    {
        while (await ledger.AnchorsWithAsync(Verdict.Pending, MaxAtOnce, cancellationToken) is { Count: > 0 } anchors)
        {
            // There may be a year of commitments to decompress and check, so all processors are used.
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

    private async Task CheckProofsAsync(CancellationToken cancellationToken)
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
                    () => CheckProofAsync(operatorAddress, seen, cancellationToken),
                    cancellationToken
                );
            }
        }
    }

    private static string Name(ProofEvent proof) => $"the proof of epoch {proof.Epoch}";

    private async Task CheckProofAsync(Address operatorAddress, ProofEvent seen, CancellationToken cancellationToken)
    {
        RecomputedProof recomputed = await verification.RecomputeAsync(operatorAddress, seen, cancellationToken);
        if (recomputed.WrongChunk is { } chunk)
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
            recomputed.WrongChunk is null ? Verdict.Valid : Verdict.Invalid,
            cancellationToken
        );
    }

    private async Task CheckMissesAsync(
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

        // No blob was live before the first anchor.
        EpochParameters parameters = await verification.ParametersAsync(cancellationToken);
        ulong first = Math.Max(nextEpoch, parameters.EpochAt(anchors[0].BlockNumber));
        for (ulong epoch = first; parameters.LastProofBlock(epoch) < head; epoch++)
        {
            if (
                parameters.LiveRangeAt(epoch, anchors) is var (_, hints)
                && await ledger.ProofVerdictAsync(operatorAddress, epoch, cancellationToken) is null
                && await system.Verifier.EpochStatusAsync(operatorAddress, epoch, cancellationToken) == EpochStatus.None
            )
            {
                logger.EpochMissed(operatorAddress.ToString(), epoch);
                if (
                    await IsWorthReportingAsync(operatorAddress, epoch, head, cancellationToken)
                    && !await ReportAsync(operatorAddress, epoch, hints, cancellationToken)
                )
                {
                    return;
                }
            }

            await ledger.SetNextEpochAsync(operatorAddress, epoch + 1, cancellationToken);
        }
    }

    /// <summary>Reports a miss.</summary>
    /// <returns>False where the budget is spent.</returns>
    /// <exception cref="InvalidDataException">The contract rejected the report and still has no miss: an endpoint that
    /// is a block behind answers so. It is retried.</exception>
    private async Task<bool> ReportAsync(
        Address operatorAddress,
        ulong epoch,
        RangeHints hints,
        CancellationToken cancellationToken
    )
    {
        BlockHeader? header = await HeaderAsync(epoch, cancellationToken);
        if (
            !await challenges.SendAsync(
                system.Verifier.ReportMiss(operatorAddress, epoch, hints, header),
                $"miss of epoch {epoch} by {operatorAddress}",
                cancellationToken
            )
        )
        {
            return false;
        }

        return
            challenges.Account is null
            || await system.Verifier.EpochStatusAsync(operatorAddress, epoch, cancellationToken) != EpochStatus.None
            ? true
            : throw new InvalidDataException($"the contract takes no report of the miss of epoch {epoch} yet");
    }

    /// <summary>
    /// Whether the miss still costs a penalty, the operator has a stake that can pay the reward, and the reward exceeds
    /// the present cost of the report.
    /// </summary>
    private async Task<bool> IsWorthReportingAsync(
        Address operatorAddress,
        ulong epoch,
        ulong head,
        CancellationToken cancellationToken
    )
    {
        SystemParameters parameters = await system.ParametersAsync(cancellationToken);
        BigInteger stake = (await system.Anchors.AccountAsync(operatorAddress, cancellationToken)).Stake;
        if (head >= parameters.Epochs.LastProofBlock(epoch) + parameters.ChallengeWindow || stake.IsZero)
        {
            return false;
        }

        var reward = BigInteger.Min(parameters.MissReward, stake);
        Block? newest = await client.GetBlockAsync(BlockTag.Latest, cancellationToken);
        if (newest is not null && reward > newest.BaseFeePerGas * ReportGas)
        {
            return true;
        }

        logger.MissNotWorthReporting(operatorAddress.ToString(), epoch, reward.ToString(CultureInfo.InvariantCulture));
        return false;
    }

    /// <summary>The header that shows the contract the epoch's mix; null where the contract has it already.</summary>
    private async Task<BlockHeader?> HeaderAsync(ulong epoch, CancellationToken cancellationToken) =>
        await system.Verifier.MixAsync(epoch, cancellationToken) != Bytes32.Zero
            ? null
            : await client.GetBlockHeaderAsync(
                (await verification.ParametersAsync(cancellationToken)).SeedBlockOf(epoch),
                cancellationToken
            );

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
