using System.Numerics;
using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Meeda.Operator.Bounties;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Node.Tests.Bounties;

/// <summary>Which blobs are carried, at which prices.</summary>
public sealed class BountyChoiceTests
{
    private const int Margin = 25;
    private static readonly CarryingPrice Price = new(PerGas: 1_000, PerBlobGas: 10);
    private static readonly BigInteger Alone = Price.Of(blobs: 1, bounties: 1);

    [Fact]
    public void Of_OneBlob_IsItsBlobGasAndTheGasAroundIt()
    {
        Assert.Equal((131_072 * 10) + (42_000 * 1_000), Alone);
        Assert.Equal((2 * 131_072 * 10) + (66_000 * 1_000), Price.Of(blobs: 2, bounties: 3));
    }

    [Fact]
    public void Best_TheLastWei_IsEnough()
    {
        BigInteger enough = CarryingPrice.WithMargin(Alone, Margin);
        Assert.Equal(((Alone * 125) + 99) / 100, enough);
        Assert.Null(BountyChoice.Best([Held(0, enough - 1)], Price, Margin));
        Assert.Equal([(0ul, 0)], BountyChoice.Best([Held(0, enough)], Price, Margin)!.Claims);
        Assert.Null(BountyChoice.Best([], Price, Margin));
    }

    /// <summary>Each pays too little for a transaction of its own, and several share one.</summary>
    [Fact]
    public void Best_SeveralBlobs_ShareTheTransaction()
    {
        BigInteger each = Alone * 9 / 10;
        Assert.Null(BountyChoice.Best([Held(0, each)], Price, Margin));
        BountyChoice choice = BountyChoice.Best(Enumerable.Range(0, 3).Select(i => Held(i, each)), Price, Margin)!;
        Assert.Equal(3, choice.Blobs.Count);
        Assert.Equal(3 * each, choice.Amount);
    }

    [Fact]
    public void Best_MoreThanSix_AreTheSixThatPayMost()
    {
        BountyChoice choice = BountyChoice.Best(
            Enumerable.Range(0, 9).Select(i => Held(i, Alone * (2 + i))),
            Price,
            Margin
        )!;
        Assert.Equal([8ul, 7, 6, 5, 4, 3], choice.Claims.Select(claim => claim.Id));
        Assert.Equal([0, 1, 2, 3, 4, 5], choice.Claims.Select(claim => claim.Place));
    }

    [Fact]
    public void Best_BlobsThatPayTooLittle_AreLeftOutOfATransactionThatPays()
    {
        BigInteger blobAlone = CarryingPrice.WithMargin(Price.OfBlob + Price.OfBounty, Margin);
        BountyChoice choice = BountyChoice.Best(
            [Held(0, Alone * 5), Held(1, blobAlone - 1), Held(2, blobAlone)],
            Price,
            Margin
        )!;
        Assert.Equal([0ul, 2], choice.Claims.Select(claim => claim.Id));
    }

    [Fact]
    public void Best_SeveralOnOneBlob_AreClaimedWithOneBlob_ButForDust()
    {
        BountyChoice choice = BountyChoice.Best(
            [Held(0, Alone, blob: 7), Held(1, Alone, blob: 7), Held(2, 1, blob: 7)],
            Price,
            Margin
        )!;
        Assert.Equal([(0ul, 0), (1, 0)], choice.Claims.Order().ToArray());
        Assert.Single(choice.Blobs);
    }

    /// <summary>Dust on one blob does not fill a transaction's gas.</summary>
    [Fact]
    public void Best_ManyOnOneBlob_AreTheLargestSixteen()
    {
        BountyChoice choice = BountyChoice.Best(
            Enumerable.Range(0, 100).Select(i => Held(i, Alone + i, blob: 7)),
            Price,
            Margin
        )!;
        Assert.Equal(Enumerable.Range(84, 16).Select(i => (ulong)i), choice.Claims.Select(claim => claim.Id).Order());
    }

    [Fact]
    public void LimitOf_AChoice_IsWhereNothingIsLeft()
    {
        BountyChoice choice = BountyChoice.Best([Held(0, Alone * 3), Held(1, Alone * 3)], Price, Margin)!;
        FeeLimit limit = choice.LimitOf(Price);
        BigInteger most = new CarryingPrice(limit.PerGas, limit.PerBlobGas).Of(blobs: 2, bounties: 2);
        Assert.InRange(most, choice.Amount * 99 / 100, choice.Amount);
    }

    private static HeldBounty Held(int id, BigInteger amount, int? blob = null) =>
        new(
            new StandingBounty(
                (ulong)id,
                Keccak256.Hash([(byte)(blob ?? id)]),
                amount,
                Address.Zero,
                RefundableFrom: 1,
                Bytes32.Zero
            ),
            new BatchId(Bytes32.Zero),
            blob ?? id
        );
}
