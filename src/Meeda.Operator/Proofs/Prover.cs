using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Kzg;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Proofs;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Proofs;

/// <summary>
/// Proves each epoch that has live blobs while its window is open. An epoch counts as proven once the follower has read
/// the proof from L1. A restart therefore needs no state of its own, and a proof that a reorganisation undid is rebuilt
/// with the new seed.
/// </summary>
internal sealed class Prover(
    IOptions<L1Options> options,
    EthereumClient client,
    EpochVerification verification,
    SystemContract system,
    OperatorAccount account,
    L1Follower follower,
    Ledger ledger,
    ProofBuilder builder,
    VerificationKey verificationKey,
    TransactionSender sender,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<Prover> logger
) : PeriodicLeaderService("Proving", options.Value.PollInterval, leadership, time, logger)
{
    /// <summary>The keys of proofs begin with it, in journals too.</summary>
    internal const string KeyPrefix = "proof:";

    // Five slots: a proof should be in a block by then.
    private static readonly TimeSpan RoundLimit = TimeSpan.FromMinutes(1);

    private EpochParameters? _parameters;

    /// <inheritdoc/>
    protected override Task OnLeadingAsync(CancellationToken stoppingToken) =>
        follower.WaitUntilSettledAsync(sender, stoppingToken);

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        _parameters ??= await system.EpochParametersAsync(stoppingToken);
        foreach (ulong epoch in await OpenEpochsAsync(_parameters, stoppingToken))
        {
            await TryProveAsync(epoch, stoppingToken);
        }
    }

    /// <summary>
    /// The epochs whose seed block is followed, whose window is open and whose proof is not on L1; nearest deadline
    /// first.
    /// </summary>
    private async Task<IReadOnlyList<ulong>> OpenEpochsAsync(
        EpochParameters parameters,
        CancellationToken cancellationToken
    )
    {
        if (follower.Tip is not { } tip)
        {
            return [];
        }

        // A transaction sent now is mined after the tip, where the contract can read the tip's hash.
        var open = new List<ulong>();
        for (ulong epoch = parameters.EpochAt(tip); epoch > 0 && tip < parameters.LastProofBlock(epoch); epoch--)
        {
            if (tip >= parameters.SeedBlockOf(epoch))
            {
                open.Add(epoch);
            }
        }

        open.Reverse();
        return open.Count == 0 ? [] : [.. open.Except(await ledger.ProvenEpochsAsync(open[0], cancellationToken))];
    }

    private async Task TryProveAsync(ulong epoch, CancellationToken cancellationToken)
    {
        using RoundWatch watch = RoundWatch.Begin(
            "a proof",
            RoundLimit,
            () => $"epoch {epoch}; {builder.Troubles}".TrimEnd(' ', ';'),
            Time,
            logger
        );
        try
        {
            await ProveAsync(epoch, cancellationToken);
        }
        catch (Exception failure) when (failure is not LeaseLostException && !cancellationToken.IsCancellationRequested)
        {
            // Data that cannot be proven now may be repaired within the window, so the next poll tries again. Each
            // failure is logged.
            logger.ProvingFailed(epoch, RevertReason.Of(failure));
        }
    }

    private async Task ProveAsync(ulong epoch, CancellationToken cancellationToken)
    {
        if (
            await verification.DrawAsync(account.Address, epoch, recordedSeed: null, cancellationToken)
            is not var (mix, seed, range, hints, samples)
        )
        {
            return;
        }

        logger.Proving(epoch, samples.Length, range.Lo, range.Hi);

        AvailabilityProof? proof = await TryBuildAsync(samples, seed, cancellationToken);
        if (proof?.Verify(verificationKey, seed.Challenge()) != true)
        {
            await builder.RepairAsync(samples, cancellationToken);
            throw new InvalidDataException(
                "the proof that was built does not verify; a stored row differs from its commitment. It is not "
                    + "sent, and the rows are repaired"
            );
        }

        TransactionReceipt receipt = await sender.SendAsync(
            system.Verifier.SubmitProof(
                epoch,
                seed,
                hints,
                proof,
                await HeaderAsync(epoch, mix!.Value, cancellationToken)
            ) with
            {
                Keys = [$"{KeyPrefix}{system.Address}:{epoch}:{mix}"],
                HasDeadline = true,
            },
            cancellationToken
        );
        logger.Proven(epoch, receipt.TransactionHash.ToString(), receipt.BlockNumber, receipt.GasUsed);
        await follower.WaitForBlockAsync(receipt.BlockNumber, cancellationToken);
    }

    /// <summary>The header that shows the contract the epoch's mix; null where the contract has it already.</summary>
    private async Task<BlockHeader?> HeaderAsync(ulong epoch, Bytes32 mix, CancellationToken cancellationToken) =>
        await system.Verifier.MixAsync(epoch, cancellationToken) == mix
            ? null
            : await client.GetBlockHeaderAsync(_parameters!.SeedBlockOf(epoch), cancellationToken);

    /// <summary>Builds the proof; null where the bytes of a row are not a valid blob.</summary>
    private async Task<AvailabilityProof?> TryBuildAsync(
        Sample[] samples,
        EpochSeed seed,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await builder.BuildAsync(samples, seed.Challenge(), cancellationToken);
        }
        catch (KzgFormatException)
        {
            return null;
        }
    }
}
