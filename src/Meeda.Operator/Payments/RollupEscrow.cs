using System.Numerics;
using Meeda.Chain.Contract;

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
    /// <summary>What was charged in the epoch of <see cref="EscrowState.Block"/>, in wei.</summary>
    public BigInteger SpentThisEpoch => Charges.Aggregate(BigInteger.Zero, (sum, charge) => sum + charge.Amount);

    /// <summary>What anchors may still charge: what lasts of the balance, as far as the limit of the epoch
    /// allows.</summary>
    public BigInteger Available =>
        BigInteger.Max(BigInteger.Zero, BigInteger.Min(State.Lasting, State.Limits.MaxWeiPerEpoch - SpentThisEpoch));

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
    /// <param name="uncharged">Payload bytes that are promised and not charged yet.</param>
    public string? WhyNot(long bytes, long uncharged)
    {
        if (State.Price.IsZero)
        {
            return null;
        }

        if (State.Price > State.Limits.MaxPrice)
        {
            return $"the price is {State.Price} wei for each byte and block, and the rollup accepts "
                + $"{State.Limits.MaxPrice} (meeda escrow deposit --max-price)";
        }

        BigInteger needed = CostOf(uncharged + bytes);
        if (needed > State.Lasting)
        {
            return $"this batch costs {CostOf(bytes)} wei, and {needed - State.Lasting} wei are missing: "
                + $"{State.Lasting} wei are prepaid and not asked back, of which {CostOf(uncharged)} are for batches that wait for their "
                + "anchor (meeda escrow deposit)";
        }

        BigInteger left = State.Limits.MaxWeiPerEpoch - SpentThisEpoch;
        return needed > left
            ? $"this batch costs {CostOf(bytes)} wei, and {needed - left} wei are missing: the rollup allows "
                + $"{State.Limits.MaxWeiPerEpoch} wei an epoch, of which {SpentThisEpoch} are spent until block "
                + $"{((State.Block / EpochBlocks) + 1) * EpochBlocks} (meeda escrow deposit --max-per-epoch)"
            : null;
    }
}
