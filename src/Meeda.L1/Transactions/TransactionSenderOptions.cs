using System.Numerics;

namespace Meeda.L1.Transactions;

/// <summary>How a <see cref="TransactionSender"/> sends.</summary>
public sealed record TransactionSenderOptions
{
    /// <summary>The minimum fee increase, in percent, at which nodes replace a transaction.</summary>
    public const int LeastFeeBumpPercent = 10;

    /// <summary>
    /// The minimum increase, in percent, of each of its three fees at which nodes replace a blob transaction.
    /// </summary>
    public const int LeastBlobFeeBumpPercent = 100;

    /// <summary>
    /// Blocks on top of the one that holds the transaction before <see cref="TransactionSender.SendAsync"/> returns.
    /// Default 2.
    /// </summary>
    public int Confirmations { get; init; } = 2;

    /// <summary>How often the node is polled. Default 1 s, a twelfth of a slot.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a transaction may wait for its block before it is resubmitted with a higher fee. Default 36 s, three
    /// slots.
    /// </summary>
    public TimeSpan ResendAfter { get; init; } = TimeSpan.FromSeconds(36);

    /// <summary>
    /// By how much each resubmission raises the fees, in percent. Default 25, minimum
    /// <see cref="LeastFeeBumpPercent"/>: four increases more than double the fees.
    /// </summary>
    public int FeeBumpPercent { get; init; } = 25;

    /// <summary>
    /// The maximum fee, in wei per gas. Default 500 gwei; while L1 costs more, the transaction waits.
    /// </summary>
    public BigInteger MaxFeePerGas { get; init; } = 500_000_000_000;

    /// <summary>
    /// The maximum fee, in wei per blob gas. Default 500 gwei, some 0.07 ether a blob; while blobs cost more, the
    /// transaction waits.
    /// </summary>
    public BigInteger MaxFeePerBlobGas { get; init; } = 500_000_000_000;

    /// <summary>
    /// The maximum fee, in wei per blob gas, where a deadline is at stake: for a blob transaction that has one, and for
    /// one that a request with a deadline waits behind, since nodes accept no transaction of the other kind from the
    /// account meanwhile. Default 5,000 gwei, some 0.66 ether a blob.
    /// </summary>
    public BigInteger MaxUrgentFeePerBlobGas { get; init; } = 5_000_000_000_000;

    /// <summary>The minimum tip, in wei per gas, whatever the node suggests. Default 0.</summary>
    public BigInteger MinTip { get; init; } = BigInteger.Zero;

    /// <summary>
    /// The maximum initial tip, in wei per gas, whatever the node suggests. Default 100 gwei; increases may exceed it.
    /// </summary>
    public BigInteger MaxTip { get; init; } = 100_000_000_000;

    /// <summary>
    /// The maximum number of transactions that wait for their blocks at once. Default 8: nodes keep 16 of an account.
    /// </summary>
    public int MaxInFlight { get; init; } = 8;

    /// <summary>Called with events of transactions in flight, or null.</summary>
    public Action<TransactionEvent>? Observer { get; init; }

    /// <summary>
    /// The gas added to the estimate, in percent. Default 20: state may change between the estimate and the block.
    /// </summary>
    public int GasMarginPercent { get; init; } = 20;
}
