using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.L1.Transactions;

/// <summary>What a transaction should do; nonce, gas and fees are the sender's business.</summary>
/// <param name="To">Whom it calls; null makes a contract.</param>
/// <param name="Data">The calldata, or the creation bytecode with its arguments.</param>
/// <param name="Value">The wei that go with it.</param>
/// <param name="Blobs">The blobs that go with it (EIP-4844), or null; with blobs there must be an account to
/// call.</param>
public sealed record TransactionRequest(Address? To, byte[] Data, BigInteger Value = default, BlobSidecar? Blobs = null)
{
    /// <summary>
    /// What it brings about, in words of the caller's own, without line ends. A request that has one in common with
    /// an earlier request of the account is not sent: it
    /// waits for the earlier one, be it under way, confirmed or taken back by a reorganisation. What reverted brought
    /// nothing about. Default none: every request is
    /// a transaction of its own. As far back as the sender knows its nonces: all that are open, and the last 64 that
    /// were confirmed.
    /// </summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>
    /// Whether its not being mined in time costs money. Such a request waits behind no blob transaction that may pay
    /// too little: see
    /// <see cref="TransactionSenderOptions.MaxUrgentFeePerBlobGas"/>. Default false.
    /// </summary>
    public bool HasDeadline { get; init; }

    /// <summary>
    /// The most that it may pay. It gives way only where a request with a deadline waits behind this one. Default none:
    /// the sender's limits alone.
    /// </summary>
    public FeeLimit? FeeLimit { get; init; }
}
