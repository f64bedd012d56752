using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.L1.Transactions;

/// <summary>The events of a pending transaction, except its inclusion.</summary>
public enum TransactionEventKind
{
    /// <summary>The mempool dropped it; it was resubmitted.</summary>
    Dropped,

    /// <summary>No block included it for long; it was replaced by one with higher fees.</summary>
    Raised,

    /// <summary>
    /// No block included it for long, and its fees may not rise further: it waits for L1 to become cheaper.
    /// </summary>
    Stuck,

    /// <summary>
    /// It carries blobs, no block included it for long, and a request with a deadline waits behind it: its fees rise
    /// beyond the ordinary limit.
    /// </summary>
    InTheWay,
}

/// <summary>An event of a transaction.</summary>
/// <param name="Kind">The kind of event.</param>
/// <param name="Nonce">Its nonce.</param>
/// <param name="Hash">Its latest hash.</param>
/// <param name="MaxFeePerGas">The maximum that it pays, in wei per gas.</param>
public sealed record TransactionEvent(TransactionEventKind Kind, ulong Nonce, Bytes32 Hash, BigInteger MaxFeePerGas);
