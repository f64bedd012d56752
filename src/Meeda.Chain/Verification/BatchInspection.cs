using System.Globalization;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.Protocol.Batches;

namespace Meeda.Chain.Verification;

/// <summary>The findings of an inspection of a batch, and its limits.</summary>
/// <param name="BatchId">The batch's id; null where only the Keccak-256 of its payload is known and no source served
/// the payload.</param>
/// <param name="Operator">The operator that the report is about, or null.</param>
/// <param name="Checks">The checks and their results.</param>
/// <param name="Unproven">Statements that the checks do not prove.</param>
internal sealed record BatchReport(
    BatchId? BatchId,
    Address? Operator,
    IReadOnlyList<Check> Checks,
    IReadOnlyList<string> Unproven
)
{
    /// <summary>Whether everything that was checked holds.</summary>
    public bool Holds => Checks.Count > 0 && Checks.All(check => check.Holds);
}

/// <summary>Inspects a batch from outside, trusting only the L1 node.</summary>
/// <param name="client">L1.</param>
/// <param name="system">The contracts.</param>
/// <param name="commitmentKey">The ceremony's commitment key.</param>
/// <param name="verificationKey">The ceremony's verification key.</param>
/// <param name="hint">The block of the contract's deployment, or 0 where it is not known; it is checked.</param>
internal sealed partial class BatchInspection(
    EthereumClient client,
    SystemContract system,
    CommitmentKey commitmentKey,
    VerificationKey verificationKey,
    ulong hint
)
{
    /// <summary>Reports on a batch.</summary>
    /// <param name="commitment">The batch, as a rollup names it.</param>
    /// <param name="operatorAddress">The operator whose promise to inspect; null for the newest anchor of any.</param>
    /// <param name="payloads">The payload that each source served, with the source's name; null where it served
    /// none.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<BatchReport> ReportAsync(
        AltDaCommitment commitment,
        Address? operatorAddress,
        IReadOnlyList<(string Source, byte[]? Payload)> payloads,
        CancellationToken cancellationToken
    )
    {
        var checks = new List<Check>();
        var unproven = new List<string>();
        BatchId? id = commitment.Kind == AltDaCommitmentKind.Generic ? new BatchId(commitment.Hash) : null;
        id = CheckPayloads(commitment, id, payloads, checks, unproven);
        if (id is not { } known)
        {
            unproven.Add("which batch of L1 this is: a keccak commitment names a payload, and no source gave it");
            return new BatchReport(null, null, checks, unproven);
        }

        ulong first = await FirstBlockAsync(unproven, cancellationToken);
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        if (await FindPromiseAsync(known, operatorAddress, first, cancellationToken) is not var (anchoring, record))
        {
            checks.Add(
                new(
                    $"L1 holds an anchor of the batch{(operatorAddress is { } of ? $" by {of}" : "")}, from block "
                        + $"{first} on",
                    false
                )
            );
            unproven.Add("that any operator promised to keep this batch");
            return new BatchReport(known, operatorAddress, checks, unproven);
        }

        checks.Add(
            new(
                $"L1 holds an anchor of the batch by {anchoring.Operator}: anchor {anchoring.Anchor.Index} in "
                    + $"block {anchoring.Anchor.BlockNumber}, live until block {anchoring.Anchor.Expiry}",
                true
            )
        );
        checks.AddRange(
            await new BatchVerification(system, record, commitmentKey).CheckAnchorAsync(anchoring, cancellationToken)
        );
        await CheckHoldingAsync(anchoring, record, head, checks, unproven, cancellationToken);
        await CheckProofsAsync(anchoring, record, checks, unproven, cancellationToken);
        return new BatchReport(known, anchoring.Operator, checks, unproven);
    }

    private BatchId? CheckPayloads(
        AltDaCommitment commitment,
        BatchId? id,
        IReadOnlyList<(string Source, byte[]? Payload)> payloads,
        List<Check> checks,
        List<string> unproven
    )
    {
        bool isShown = false;
        foreach ((string source, byte[]? payload) in payloads)
        {
            bool isRight =
                payload is { Length: > 0 }
                && (
                    commitment.Kind == AltDaCommitmentKind.Generic
                        ? BatchVerification.IdOf(commitmentKey, payload) == id
                        : Keccak256.Hash(payload) == commitment.Hash
                );
            checks.Add(
                payload is null
                    ? new($"{source} gives the batch", false)
                    : new(
                        $"the {payload.Length.ToString("N0", CultureInfo.InvariantCulture)} bytes that {source} "
                            + "gives are the batch, every one of them",
                        isRight
                    )
            );
            if (isRight)
            {
                isShown = true;
                id ??= BatchVerification.IdOf(commitmentKey, payload);
            }
        }

        if (!isShown)
        {
            unproven.Add(
                payloads.Count == 0
                    ? "that the batch can be had: no source was asked (--from URL)"
                    : "that the batch can be had: no source gave it"
            );
        }

        return id;
    }

    /// <summary>The block from which on the contract's events are read.</summary>
    private async Task<ulong> FirstBlockAsync(List<string> unproven, CancellationToken cancellationToken)
    {
        ContractDeployment start = await ContractDeployment.FindAsync(client, system.Address, hint, cancellationToken);
        if (start.Doubt is { } doubt && start.Block > 0)
        {
            unproven.Add($"that nothing was anchored before block {start.Block}: {doubt}");
        }

        return start.Block;
    }

    /// <summary>The promise that lasts longest, with what L1 holds of its operator; null where there is none.</summary>
    private async Task<(BatchAnchoring Anchoring, LogRecord Record)?> FindPromiseAsync(
        BatchId id,
        Address? operatorAddress,
        ulong first,
        CancellationToken cancellationToken
    )
    {
        (BatchAnchoring Anchoring, LogRecord Record)? found = null;
        IReadOnlyCollection<Address> holders = operatorAddress is { } named
            ? [named]
            : await LogRecord.HoldersAsync(client, system, id, first, cancellationToken);
        foreach (Address holder in holders)
        {
            LogRecord record = await LogRecord.ReadAsync(client, system, holder, first, cancellationToken);
            if (
                await record.AnchoringsAsync(id, cancellationToken) is [.., { } newest]
                && (found is not { } before || newest.Anchor.Expiry > before.Anchoring.Anchor.Expiry)
            )
            {
                found = (newest, record);
            }
        }

        return found;
    }

    private async Task CheckHoldingAsync(
        BatchAnchoring anchoring,
        LogRecord record,
        ulong head,
        List<Check> checks,
        List<string> unproven,
        CancellationToken cancellationToken
    )
    {
        AccountState account = await system.Anchors.AccountAsync(anchoring.Operator, cancellationToken);
        checks.Add(
            new(
                $"the operator was never shown to have lied or withheld; it stakes {Ether(account.Stake)} ether"
                    + await DeterrenceAsync(anchoring, record, account.Stake, head, cancellationToken),
                !account.IsSlashed && !account.Stake.IsZero
            )
        );
        if (anchoring.Anchor.Expiry <= head)
        {
            unproven.Add(
                $"that any operator still keeps the batch: the promise ended at block {anchoring.Anchor.Expiry}, L1 is "
                    + $"at {head}"
            );
        }
    }

    private async Task CheckProofsAsync(
        BatchAnchoring anchoring,
        LogRecord record,
        List<Check> checks,
        List<string> unproven,
        CancellationToken cancellationToken
    )
    {
        var verification = new EpochVerification(client, system, record, verificationKey);
        IReadOnlyList<SampledEpoch> history = await new SamplingHistory(record, verification).OfAsync(
            anchoring,
            cancellationToken
        );
        int missed = history.Count(epoch => epoch is { Sampled: > 0, Outcome: EpochOutcome.Missed });
        if (history.Count > 0)
        {
            checks.Add(
                new(
                    $"of {history.Count} epochs since its anchor {history.Count(epoch => epoch.Sampled > 0)} "
                        + $"challenged it, and none of these was missed ({missed} were)",
                    missed == 0
                )
            );
        }

        if (history.LastOrDefault(epoch => epoch is { Sampled: > 0, Outcome: EpochOutcome.Proven }) is not { } newest)
        {
            unproven.Add("that the operator ever held the batch: no epoch that challenged it is proven yet");
            return;
        }

        ProofEvent seen = (await record.ProofsAsync(anchoring.Operator, newest.Epoch, newest.Epoch, cancellationToken))[
            0
        ];
        EpochVerdict verdict = await verification.VerifyAsync(anchoring.Operator, seen, cancellationToken);
        checks.Add(
            new(
                $"the newest proof that challenged it is that of epoch {newest.Epoch}, over {newest.Sampled} of "
                    + $"its {anchoring.Batch.BlobCount} blobs, in block {seen.BlockNumber}",
                true
            )
        );
        checks.AddRange(verdict.Checks);
        if (newest.Sampled < anchoring.Batch.BlobCount)
        {
            unproven.Add(
                $"that the operator held the {anchoring.Batch.BlobCount - newest.Sampled} blobs which epoch "
                    + $"{newest.Epoch} did not draw"
            );
        }

        unproven.Add(
            $"anything about the time after block {verification.BlockOf(newest.Epoch)}, which that proof speaks of"
        );
    }
}
