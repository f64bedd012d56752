using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;

namespace Meeda.Light;

/// <content>Demands withheld blobs on L1, and follows the demands.</content>
internal sealed partial class AvailabilitySampling
{
    // Consensus clients keep blobs for 4,096 epochs of 32 slots (MIN_EPOCHS_FOR_BLOB_SIDECARS_REQUESTS).
    private const ulong BlobRetention = 4096 * 32;

    // The maximum number of overdue demands of other accounts per round; the rest follows in the next one.
    private const int MaxAtOnce = 256;

    private async Task DemandAsync(
        Address operatorAddress,
        ulong position,
        AnchoredLeaf leaf,
        ulong head,
        CancellationToken cancellationToken
    )
    {
        string about = $"blob {position} withheld by {operatorAddress}";
        if (challenges.Account is not { } account)
        {
            logger.NoKey(about);
            return;
        }

        // The operator is answering an earlier demand, or the blob is on L1 already, where every verifier can read it.
        // A second demand would only cost.
        if (
            await ledger.WasDemandedAsync(
                operatorAddress,
                position,
                head > BlobRetention ? head - BlobRetention : 0,
                cancellationToken
            )
            || (await ledger.OpenDemandsAsync(account, cancellationToken)).Any(open => open.Operator == operatorAddress)
        )
        {
            return;
        }

        // A fifth more than the present minimum, because fees may rise until the demand is mined; what is not used
        // comes back.
        SystemParameters parameters = await system.ParametersAsync(cancellationToken);
        System.Numerics.BigInteger bond =
            await system.Publication.DemandBondAsync(parameters.DemandBond, cancellationToken) * 6 / 5;
        logger.Demanding(
            operatorAddress.ToString(),
            position,
            bond.ToString(System.Globalization.CultureInfo.InvariantCulture)
        );
        if (
            await challenges.SendAsync(
                system.Publication.Demand(operatorAddress, leaf, position, bond),
                about,
                cancellationToken
            )
        )
        {
            // The demand is mined, or reverted because another party was first. It is not sent again before the ledger
            // contains it.
            _withheld[(operatorAddress, position)] = 0;
        }
    }

    /// <summary>
    /// Follows this light node's own demands until they are published, or expired and paid out, and those that others
    /// leave lying: while one is open, no other account can demand the blob, so an accomplice's would shield the
    /// operator. A window after the deadline the reward is the expirer's.
    /// </summary>
    private async Task FollowDemandsAsync(ulong head, CancellationToken cancellationToken)
    {
        if (challenges.Account is not { } account)
        {
            return;
        }

        ulong window = (await system.ParametersAsync(cancellationToken)).PublishWindow;
        IReadOnlyList<DemandEvent> lying =
            head > window
                ? await ledger.OverdueDemandsAsync(head - window, MaxAtOnce + _putOff.Count, cancellationToken)
                : [];
        foreach (
            DemandEvent demand in (await ledger.OpenDemandsAsync(account, cancellationToken))
                .Concat(lying)
                .DistinctBy(demand => demand.Id)
        )
        {
            await _putOff.TryAsync(
                demand.Operator,
                $"demand {demand.Id}",
                () => FollowAsync(demand, account, head, cancellationToken),
                cancellationToken
            );
        }
    }

    private async Task FollowAsync(DemandEvent demand, Address account, ulong head, CancellationToken cancellationToken)
    {
        DemandStatus status = await system.Publication.DemandStatusAsync(demand.Id, cancellationToken);
        if (
            demand.Demander != account
            && (
                status != DemandStatus.Open
                || (await system.Anchors.AccountAsync(demand.Operator, cancellationToken)).IsSlashed
            )
        )
        {
            // There is nothing to take, and the bond is another's.
            await ledger.CloseDemandAsync(demand.Id, cancellationToken);
            return;
        }

        if (
            status == DemandStatus.Open
            && head > demand.Deadline
            && await challenges.SendAsync(
                system.Publication.Expire(demand.Id),
                $"demand {demand.Id} that {demand.Operator} left unanswered",
                cancellationToken
            )
        )
        {
            status = await system.Publication.DemandStatusAsync(demand.Id, cancellationToken);
        }

        if (status == DemandStatus.Published)
        {
            logger.DemandAnswered(demand.Id, demand.Operator.ToString(), demand.Position);
            await ledger.CloseDemandAsync(demand.Id, cancellationToken);
        }
        else if (status == DemandStatus.Expired)
        {
            logger.DemandUnanswered(demand.Id, demand.Operator.ToString(), demand.Position);
            await ledger.CloseDemandAsync(demand.Id, cancellationToken);
        }
    }
}
