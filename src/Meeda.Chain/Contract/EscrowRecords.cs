using System.Numerics;
using Meeda.Ethereum;
using Meeda.Protocol.Signatures;

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

    /// <summary>What anchors of the block's epoch charged without orders, in wei.</summary>
    public BigInteger SpentByLimit { get; init; }

    /// <summary>Who signs the rollup's orders.</summary>
    public EscrowPosters Posters { get; init; }
}

/// <summary>Who signs a rollup's orders; zero where nobody does.</summary>
/// <param name="Current">Who does now.</param>
/// <param name="Lasting">Who still does when a change that was asked for takes effect.</param>
internal readonly record struct EscrowPosters(Address Current, Address Lasting);

/// <summary>A batch in an anchor, and who pays for it.</summary>
/// <param name="PayloadLength">Its payload's bytes.</param>
/// <param name="Commitments">Its blobs' compressed commitments, 48 bytes each.</param>
/// <param name="Rollup">The rollup that is charged; null for none.</param>
/// <param name="Order">The rollup's order; null where it is charged by its standing limit.</param>
internal sealed record AnchorCharge(uint PayloadLength, byte[] Commitments, Address? Rollup, SignedOrder? Order);

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
