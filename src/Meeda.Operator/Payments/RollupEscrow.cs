using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Payments;

/// <summary>A rollup's escrow as of an L1 block, with what it was charged in that block's epoch.</summary>
/// <param name="State">Balance, price and limits.</param>
/// <param name="Charges">The charges since the epoch began.</param>
/// <param name="EpochBlocks">The blocks of an epoch.</param>
/// <param name="Retention">The blocks for which a batch is paid.</param>
internal sealed record RollupEscrow(
    EscrowState State,
    IReadOnlyList<ChargeEvent> Charges,
    uint EpochBlocks,
    uint Retention
)
{
    /// <summary>The EIP-712 domain in which the rollup's orders are signed.</summary>
    public ContractDomain Domain { get; init; }

    /// <summary>What was charged in the epoch of <see cref="EscrowState.Block"/> by limit and by orders, in
    /// wei.</summary>
    public BigInteger SpentThisEpoch => Charges.Aggregate(BigInteger.Zero, (sum, charge) => sum + charge.Amount);

    /// <summary>What anchors may still charge without orders: what lasts of the balance, as far as the limit of the
    /// epoch allows.</summary>
    public BigInteger Available =>
        BigInteger.Max(
            BigInteger.Zero,
            BigInteger.Min(State.Lasting, State.Limits.MaxWeiPerEpoch - State.SpentByLimit)
        );

    /// <summary>
    /// The block until which the balance lasts at the rate of this epoch so far; null where nothing was charged.
    /// </summary>
    public ulong? PaidUntil
    {
        get
        {
            BigInteger spent = SpentThisEpoch;
            if (spent.IsZero)
            {
                return null;
            }

            ulong blocks = (State.Block % EpochBlocks) + 1;
            return (ulong)BigInteger.Min(long.MaxValue, State.Block + (State.Balance * blocks / spent));
        }
    }

    /// <summary>The maximum that an anchor charges for payload bytes: price · bytes · retention (docs/protocol.md,
    /// "Payments").</summary>
    public BigInteger CostOf(long bytes) => State.Price * bytes * Retention;

    /// <summary>Why a batch would not be paid; null where it would.</summary>
    /// <param name="bytes">Its payload bytes.</param>
    /// <param name="order">The order that comes with it; null where the standing limit pays.</param>
    /// <param name="uncharged">What is promised and not charged yet.</param>
    public string? WhyNot(long bytes, SignedOrder? order, UnchargedBytes uncharged)
    {
        if (State.Price.IsZero)
        {
            return null;
        }

        if (WhyNotPrepaid(bytes, uncharged.Total) is { } problem)
        {
            return problem;
        }

        if (order is not null)
        {
            return State.Block >= order.Deadline
                ? $"its order holds until block {order.Deadline}, and L1 is at block {State.Block}"
                : WhyNotByOrder(bytes, order, BigInteger.Zero);
        }

        BigInteger needed = CostOf(uncharged.ByLimit + bytes);
        BigInteger left = State.Limits.MaxWeiPerEpoch - State.SpentByLimit;
        return needed > left
            ? $"this batch costs {CostOf(bytes)} wei, and {needed - left} wei are missing: the rollup allows "
                + $"{State.Limits.MaxWeiPerEpoch} wei an epoch without orders, of which {State.SpentByLimit} are spent "
                + $"until block {((State.Block / EpochBlocks) + 1) * EpochBlocks} (meeda escrow deposit "
                + "--max-per-epoch)"
            : null;
    }

    /// <summary>Why the escrow would not pay for a batch, whoever allows it; null where it would.</summary>
    /// <param name="bytes">Its payload bytes.</param>
    /// <param name="uncharged">Payload bytes that are promised and not charged yet.</param>
    public string? WhyNotPrepaid(long bytes, long uncharged)
    {
        if (State.Price > State.Limits.MaxPrice)
        {
            return $"the price is {State.Price} wei for each byte and block, and the rollup accepts "
                + $"{State.Limits.MaxPrice} (meeda escrow deposit --max-price)";
        }

        BigInteger needed = CostOf(uncharged + bytes);
        return needed > State.Lasting
            ? $"this batch costs {CostOf(bytes)} wei, and {needed - State.Lasting} wei are missing: "
                + $"{State.Lasting} wei are prepaid and not asked back, of which {CostOf(uncharged)} are for "
                + "batches that wait for their anchor (meeda escrow deposit)"
            : null;
    }

    /// <summary>Why an order does not allow what a batch costs; null where it does.</summary>
    /// <param name="bytes">The batch's payload bytes.</param>
    /// <param name="order">The order.</param>
    /// <param name="spent">What the batch was charged by orders before, in wei.</param>
    public string? WhyNotByOrder(long bytes, SignedOrder order, BigInteger spent)
    {
        BigInteger left = (BigInteger)order.MaxWei - spent;
        return CostOf(bytes) > left
            ? $"this batch costs {CostOf(bytes)} wei, and {CostOf(bytes) - left} wei are missing: its order allows "
                + $"{order.MaxWei} wei over all renewals, of which {spent} are spent (meeda escrow order --max-cost)"
            : null;
    }
}
