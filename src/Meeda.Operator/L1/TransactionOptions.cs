using System.Numerics;
using Meeda.Chain.L1;
using Meeda.Hosting.Settings;
using Meeda.L1.Transactions;

namespace Meeda.Operator.L1;

/// <summary>Limits on transaction fees and waiting times. Fees are in gwei, 10^-9 ether, for each gas.</summary>
public sealed class TransactionOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Transactions";

    /// <summary>
    /// The maximum fee per gas, base fee plus tip, in gwei. Default 500; when L1 is higher-priced,
    /// transactions wait.
    /// </summary>
    [Amount("gwei", 9)]
    public decimal MaxFee { get; set; } = 500;

    /// <summary>The maximum fee per blob gas, in gwei. Default 500, some 0.07 ether a blob.</summary>
    [Amount("gwei", 9)]
    public decimal MaxBlobFee { get; set; } = 500;

    /// <summary>
    /// The maximum fee per blob gas, in gwei, if a penalty is at stake: to publish a demanded blob, and
    /// to get a blob transaction into a block that a proof waits
    /// behind. Default 5,000, some 0.66 ether a blob.
    /// </summary>
    [Amount("gwei", 9)]
    public decimal MaxUrgentBlobFee { get; set; } = 5_000;

    /// <summary>The minimum tip, in gwei. Default 0: what the node suggests.</summary>
    [Amount("gwei", 9)]
    public decimal MinTip { get; set; }

    /// <summary>The maximum tip of a transaction's first submission, in gwei. Default 100.</summary>
    [Amount("gwei", 9)]
    public decimal MaxTip { get; set; } = 100;

    /// <summary>
    /// How long a transaction may wait for its block before it is replaced by one with higher fees. Default 36 s,
    /// three slots.
    /// </summary>
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromSeconds(36);

    /// <summary>
    /// By how much each replacement raises the fees, in percent; blob transactions always by 100 at least. Default
    /// 25.
    /// </summary>
    public int FeeBumpPercent { get; set; } = 25;

    /// <summary>The gas on top of the node's estimate, in percent. Default 20.</summary>
    public int GasMarginPercent { get; set; } = 20;

    /// <summary>The maximum number of pending transactions. Default 8.</summary>
    public int MaxInFlight { get; set; } = 8;

    /// <summary>
    /// The balance in ether below which the operator's account is warned about. Default 0.1: some hundred anchors and
    /// proofs at ordinary prices.
    /// </summary>
    [Amount("ether", 18)]
    public decimal BalanceAlarm { get; set; } = 0.1m;

    /// <summary>These options in the sender's form.</summary>
    internal TransactionSenderOptions ToSenderOptions(L1Options l1, Action<TransactionEvent> observer) =>
        new()
        {
            Confirmations = l1.Confirmations,
            PollInterval = l1.PollInterval,
            ResendAfter = ResendAfter,
            FeeBumpPercent = FeeBumpPercent,
            GasMarginPercent = GasMarginPercent,
            MaxFeePerGas = Wei(MaxFee),
            MaxFeePerBlobGas = Wei(MaxBlobFee),
            MaxUrgentFeePerBlobGas = Wei(MaxUrgentBlobFee),
            MinTip = Wei(MinTip),
            MaxTip = Wei(MaxTip),
            MaxInFlight = MaxInFlight,
            Observer = observer,
        };

    private static BigInteger Wei(decimal gwei) => new(gwei * 1_000_000_000m);
}
