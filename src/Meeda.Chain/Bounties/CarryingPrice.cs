using System.Numerics;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Bounties;

/// <summary>What it costs now to carry blobs in a transaction that claims their bounties.</summary>
/// <param name="PerGas">Base fee and usual tip, in wei for each gas.</param>
/// <param name="PerBlobGas">The blob base fee, in wei for each blob gas.</param>
internal sealed record CarryingPrice(BigInteger PerGas, BigInteger PerBlobGas)
{
    /// <summary>The blob gas of one blob (EIP-4844).</summary>
    public const int GasPerBlob = 131_072;

    // Measured on a chain, after what clearing storage refunds, and rounded up: 34,220 gas for one bounty, 76,975 for
    // five (docs/bounties.md).
    private const int AroundGas = 30_000;
    private const int BountyGas = 12_000;

    /// <summary>What a transaction pays for a bounty more, in wei.</summary>
    public BigInteger OfBounty => BountyGas * PerGas;

    /// <summary>What a transaction pays for a blob more, in wei.</summary>
    public BigInteger OfBlob => GasPerBlob * PerBlobGas;

    /// <summary>Asks L1.</summary>
    /// <exception cref="L1UnreachableException">It has no newest block, or does not know the price of
    /// blobs.</exception>
    public static async Task<CarryingPrice> ReadAsync(EthereumClient client, CancellationToken cancellationToken)
    {
        Block head =
            await client.GetBlockAsync(BlockTag.Latest, cancellationToken)
            ?? throw new L1UnreachableException("the node has no newest block");
        BigInteger blobs =
            await client.GetBlobBaseFeeAsync(cancellationToken)
            ?? throw new L1UnreachableException("the node does not tell the price of blobs");
        BigInteger tip = await client.GetMaxPriorityFeePerGasAsync(cancellationToken) ?? 1_000_000_000;
        return new CarryingPrice(head.BaseFeePerGas + tip, blobs);
    }

    /// <summary>What a transaction with some blobs costs that claims some bounties, in wei.</summary>
    public BigInteger Of(int blobs, int bounties) => (blobs * OfBlob) + (bounties * OfBounty) + (AroundGas * PerGas);

    /// <summary>An amount with so many percent of it on top, in wei.</summary>
    public static BigInteger WithMargin(BigInteger wei, int percent) => ((wei * (100 + percent)) + 99) / 100;

    /// <summary>
    /// The fees at which such a transaction costs all that it is paid: both prices of now, raised in equal parts.
    /// </summary>
    /// <param name="wei">What it is paid, at least what it costs now.</param>
    /// <param name="blobs">Its blobs.</param>
    /// <param name="bounties">The bounties that it claims.</param>
    public FeeLimit LimitAt(BigInteger wei, int blobs, int bounties)
    {
        BigInteger cost = Of(blobs, bounties);
        return new FeeLimit(PerGas * wei / cost, PerBlobGas * wei / cost);
    }
}
