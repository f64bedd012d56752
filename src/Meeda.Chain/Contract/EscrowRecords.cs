using System.Numerics;

namespace Meeda.Chain.Contract;

/// <summary>What a rollup allows an operator to charge.</summary>
/// <param name="MaxPrice">The maximum price, in wei for each byte and block.</param>
/// <param name="MaxWeiPerEpoch">The maximum that the anchors of one epoch may charge without orders, in wei.</param>
internal sealed record EscrowLimits(BigInteger MaxPrice, BigInteger MaxWeiPerEpoch);

/// <summary>A rollup's escrow at a block.</summary>
/// <param name="Block">The block.</param>
/// <param name="Balance">What is prepaid and not charged, in wei.</param>
/// <param name="Price">The operator's price, in wei for each byte and block.</param>
/// <param name="Limits">What the rollup allows.</param>
internal sealed record EscrowState(ulong Block, BigInteger Balance, BigInteger Price, EscrowLimits Limits)
{
    /// <summary>What of the balance still pays for anchors when a withdrawal that was asked for is free.</summary>
    public BigInteger Lasting { get; init; } = Balance;
}

/// <summary>A charge that L1's logs tell of.</summary>
/// <param name="Block">The block of its anchor.</param>
/// <param name="Amount">What was charged, in wei.</param>
internal sealed record ChargeEvent(ulong Block, BigInteger Amount);

/// <summary>What one anchor charged.</summary>
/// <param name="AnchorIndex">The anchor.</param>
/// <param name="Part">The part that each epoch releases, in wei.</param>
internal sealed record Charge(uint AnchorIndex, BigInteger Part);

/// <summary>The charges whose anchors were live in an epoch.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Lo">The first of them.</param>
/// <param name="End">One past the last of them.</param>
internal sealed record EpochCharges(ulong Epoch, ulong Lo, ulong End);
