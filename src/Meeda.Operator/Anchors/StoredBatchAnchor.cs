using Meeda.Chain.Contract;
using Meeda.Ethereum;
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
    ) => anchors.Anchor(batches, new Dictionary<StoredBatch, Address>(), liveHint);

    /// <summary>The transaction that anchors batches of the ledger.</summary>
    /// <param name="anchors">The contract.</param>
    /// <param name="batches">The batches.</param>
    /// <param name="payers">Of those that a rollup pays for, the rollup.</param>
    /// <param name="liveHint">An index such that all anchors before it are expired.</param>
    public static TransactionRequest Anchor(
        this AnchorsContract anchors,
        IReadOnlyList<StoredBatch> batches,
        IReadOnlyDictionary<StoredBatch, Address> payers,
        uint liveHint
    ) =>
        anchors.AnchorCharged(
            [
                .. batches.Select(batch =>
                    (
                        batch.PayloadLength,
                        batch.Commitments,
                        payers.TryGetValue(batch, out Address payer) ? payer : (Address?)null
                    )
                ),
            ],
            liveHint
        );
}
