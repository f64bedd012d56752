using Meeda.Chain.Contract;
using Meeda.L1.Transactions;
using Meeda.Operator.Persistence;

namespace Meeda.Operator.Anchors;

/// <summary>Anchors of what the ledger holds.</summary>
internal static class StoredBatchAnchor
{
    /// <summary>The transaction that anchors batches of the ledger.</summary>
    public static TransactionRequest Anchor(
        this AnchorsContract anchors,
        IReadOnlyList<StoredBatch> batches,
        uint liveHint
    ) => anchors.Anchor([.. batches.Select(batch => (batch.PayloadLength, batch.Commitments))], liveHint);
}
