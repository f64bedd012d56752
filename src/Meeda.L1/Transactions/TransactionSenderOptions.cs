using System.Numerics;

namespace Meeda.L1.Transactions;

/// <summary>How a <see cref="TransactionSender"/> sends.</summary>
public sealed record TransactionSenderOptions
{
    /// <summary>The least raise, in percent, with which nodes let a transaction take the place of another.</summary>
    public const int LeastFeeBumpPercent = 10;

    /// <summary>
    /// The least raise, in percent, with which nodes let a blob transaction take the place of another; of every one
    /// of its three fees.
    /// </summary>
    public const int LeastBlobFeeBumpPercent = 100;

    /// <summary>
    /// Blocks on top of the one that holds the transaction before <see cref="TransactionSender.SendAsync"/> returns.
    /// Default 2.
    /// </summary>
    public int Confirmations { get; init; } = 2;

    /// <summary>How often the node is asked. Default 1 s, a twelfth of a slot.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a transaction may wait for its block before it is sent again with a higher fee. Default 36 s, three
    /// slots.
    /// </summary>
    public TimeSpan ResendAfter { get; init; } = TimeSpan.FromSeconds(36);

    /// <summary>
    /// By how much each sending raises the fees, in percent. Default 25, at least <see cref="LeastFeeBumpPercent"/>:
    /// four raises are more than a doubling.
    /// </summary>
    public int FeeBumpPercent { get; init; } = 25;

    /// <summary>
    /// The maximum that is ever paid, in wei for each gas. Default 500 gwei; when L1 is higher-priced, the transaction
    /// waits.
    /// </summary>
    public BigInteger MaxFeePerGas { get; init; } = 500_000_000_000;

    /// <summary>
    /// The maximum that is ever paid, in wei for each blob gas. Default 500 gwei, some 0.07 ether a blob; when blobs
    /// are higher-priced, the transaction waits.
    /// </summary>
    public BigInteger MaxFeePerBlobGas { get; init; } = 500_000_000_000;

    /// <summary>
    /// The maximum that is paid, in wei for each blob gas, where a deadline is at stake: for a blob transaction that
    /// has one, and for one that a request with a deadline waits behind,
    /// since nodes take no other transaction of the account meanwhile. Default 5,000 gwei, some 0.66 ether a blob.
    /// </summary>
    public BigInteger MaxUrgentFeePerBlobGas { get; init; } = 5_000_000_000_000;

    /// <summary>The least tip that is offered, in wei for each gas, whatever the node suggests. Default 0.</summary>
    public BigInteger MinTip { get; init; } = BigInteger.Zero;

    /// <summary>
    /// The maximum that is offered as a tip at first, in wei for each gas, whatever the node suggests. Default 100
    /// gwei; raises go beyond it.
    /// </summary>
    public BigInteger MaxTip { get; init; } = 100_000_000_000;

    /// <summary>
    /// The most transactions that wait for their blocks at once. Default 8: nodes keep 16 of an account that is
    /// behind them.
    /// </summary>
    public int MaxInFlight { get; init; } = 8;

    /// <summary>Hears what happens to transactions on their way; null for no one.</summary>
    public Action<TransactionEvent>? Observer { get; init; }

    /// <summary>
    /// The gas on top of the estimate, in percent. Default 20: state may change between the estimate and the block.
    /// </summary>
    public int GasMarginPercent { get; init; } = 20;
}
