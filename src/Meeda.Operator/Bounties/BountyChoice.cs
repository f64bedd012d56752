using System.Numerics;
using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Transactions;

namespace Meeda.Operator.Bounties;

/// <summary>The blobs that one transaction carries, and the bounties that it claims for them.</summary>
/// <param name="Blobs">The blobs, each with its bounties; at most <see cref="PublicationContract.MaxBlobs"/>.</param>
internal sealed record BountyChoice(IReadOnlyList<IReadOnlyList<HeldBounty>> Blobs)
{
    // Many small bounties on one blob would fill a transaction; only the largest are claimed.
    private const int MaxPerBlob = 16;

    /// <summary>All bounties.</summary>
    public IEnumerable<HeldBounty> Bounties => Blobs.SelectMany(blob => blob);

    /// <summary>Their total, in wei.</summary>
    public BigInteger Amount => SumOf(Bounties);

    /// <summary>The calldata's argument: each bounty with the index of its blob.</summary>
    public IReadOnlyList<(ulong Id, int Place)> Claims =>
        [.. Blobs.SelectMany((blob, place) => blob.Select(each => (each.Bounty.Id, place)))];

    /// <summary>The fees at which they break even.</summary>
    public FeeLimit LimitOf(CarryingPrice price) => price.LimitAt(Amount, Blobs.Count, Bounties.Count());

    /// <summary>
    /// The most profitable blobs at a price: each bounty covers its own cost, each blob its own, and all together the
    /// transaction's, plus the margin.
    /// </summary>
    /// <param name="held">The bounties to choose from.</param>
    /// <param name="price">What publishing costs now.</param>
    /// <param name="marginPercent">The margin, in percent of the cost.</param>
    /// <returns>Null if none is profitable.</returns>
    public static BountyChoice? Best(IEnumerable<HeldBounty> held, CarryingPrice price, int marginPercent)
    {
        IReadOnlyList<HeldBounty>[] blobs =
        [
            .. held.Where(each => each.Bounty.Amount >= With(price.OfBounty))
                .GroupBy(each => each.Bounty.VersionedHash)
                .Select(OnBlob)
                .Where(blob => SumOf(blob) >= With(price.OfBlob + (blob.Count * price.OfBounty)))
                .OrderByDescending(blob => SumOf(blob) - (blob.Count * price.OfBounty))
                .Take(PublicationContract.MaxBlobs),
        ];
        var choice = new BountyChoice(blobs);
        return blobs.Length > 0 && choice.Amount >= With(price.Of(blobs.Length, choice.Bounties.Count()))
            ? choice
            : null;

        BigInteger With(BigInteger wei) => CarryingPrice.WithMargin(wei, marginPercent);
    }

    private static IReadOnlyList<HeldBounty> OnBlob(IGrouping<Bytes32, HeldBounty> bounties) =>
        [.. bounties.OrderByDescending(each => each.Bounty.Amount).Take(MaxPerBlob)];

    private static BigInteger SumOf(IEnumerable<HeldBounty> bounties) =>
        bounties.Aggregate(BigInteger.Zero, (sum, each) => sum + each.Bounty.Amount);
}
