using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.L1.Transactions;

/// <summary>What a transaction should do; the sender chooses nonce, gas and fees.</summary>
/// <param name="To">The recipient; null creates a contract.</param>
/// <param name="Data">The calldata, or the creation bytecode with its arguments.</param>
/// <param name="Value">The value, in wei.</param>
/// <param name="Blobs">The blobs that it carries (EIP-4844), or null; with blobs a recipient is required.</param>
public sealed record TransactionRequest(Address? To, byte[] Data, BigInteger Value = default, BlobSidecar? Blobs = null)
{
    /// <summary>
    /// Idempotency keys: names, chosen by the caller and without line breaks, for what the request achieves. A request
    /// that shares a key with an earlier request of the account is not sent: it waits for the earlier one, whether that
    /// is in flight, confirmed or removed by a reorganisation. A request that reverted does not count. The sender
    /// compares all open nonces and the last 64 confirmed ones. Default none: every request becomes a transaction of
    /// its own.
    /// </summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>
    /// Whether missing its deadline costs money. A blob transaction that such a request waits behind may pay up to
    /// <see cref="TransactionSenderOptions.MaxUrgentFeePerBlobGas"/>. Default false.
    /// </summary>
    public bool HasDeadline { get; init; }

    /// <summary>
    /// The maximum that it may pay, unless a request with a deadline waits behind it. Default none: only the sender's
    /// limits apply.
    /// </summary>
    public FeeLimit? FeeLimit { get; init; }
}
