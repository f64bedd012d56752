using Meeda.Chain.Contract;
using Meeda.L1.Transactions;
using Meeda.Operator.Persistence;

namespace Meeda.Operator.Anchors;

/// <summary>Anchors of what the ledger holds.</summary>
internal static class StoredBatchAnchor
{
    /// <summary>The transaction that anchors batches of the ledger for which no rollup pays.</summary>
    public static TransactionRequest Anchor(
        this AnchorsContract anchors,
        IReadOnlyList<StoredBatch> batches,
        uint liveHint
    ) => anchors.Anchor(batches, new HashSet<StoredBatch>(), liveHint);

    /// <summary>The transaction that anchors batches of the ledger.</summary>
    /// <param name="anchors">The contract.</param>
    /// <param name="batches">The batches.</param>
    /// <param name="paid">Those that their rollups pay for.</param>
    /// <param name="liveHint">An index such that all anchors before it are expired.</param>
    public static TransactionRequest Anchor(
        this AnchorsContract anchors,
        IReadOnlyList<StoredBatch> batches,
        IReadOnlySet<StoredBatch> paid,
        uint liveHint
    ) =>
        anchors.AnchorCharged(
            [
                .. batches.Select(batch => new AnchorCharge(
                    batch.PayloadLength,
                    batch.Commitments,
                    paid.Contains(batch) ? batch.Payer : null,
                    paid.Contains(batch) ? batch.Order : null
                )),
            ],
            liveHint
        );
}
