using Meeda.L1.Transactions;

namespace Meeda.Chain.Payments;

/// <summary>A transaction that is about to be sent, in words.</summary>
/// <param name="What">What it brings about, for the person who confirms it.</param>
/// <param name="Request">The transaction.</param>
/// <param name="AssumedGas">The gas to reckon with where it can only be estimated once the one before it is mined;
/// null where the node can estimate it now.</param>
internal sealed record PlannedTransaction(string What, TransactionRequest Request, ulong? AssumedGas = null);
