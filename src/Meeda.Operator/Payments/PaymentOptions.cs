using Meeda.Hosting.Settings;

namespace Meeda.Operator.Payments;

/// <summary>What the operator takes for payment, and when it collects it.</summary>
public sealed class PaymentOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Payments";

    /// <summary>
    /// The ether of proven epochs at which they are settled, and of credits at which they are paid out to the owner.
    /// Default 0.05. 0: never by itself (<c>meeda operator settle</c>, <c>claim</c>).
    /// </summary>
    [Amount("ether", 18)]
    public decimal CollectAbove { get; set; } = 0.05m;

    /// <summary>How often that is looked at. Default 10 minutes.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The L1 blocks for which an order that a rollup signed must hold when it comes: after its last block the batch is
    /// anchored unpaid. Default 300, an hour.
    /// </summary>
    public int MinOrderBlocks { get; set; } = 300;
}
