using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Operator.Payments;
using Meeda.Protocol.Signatures;
using Xunit;

namespace Meeda.Node.Tests.Payments;

/// <summary>When a rollup's escrow covers a batch, and what is said where it does not.</summary>
public sealed class RollupEscrowTests
{
    private const uint EpochBlocks = 100;
    private const uint Retention = 1_000;

    [Fact]
    public void WhyNot_TheLastWei_IsEnough()
    {
        RollupEscrow escrow = Escrow(balance: 2 * 30 * Retention * 7, price: 7);
        Assert.Null(escrow.WhyNot(30, null, new(30, 30)));
        Assert.Contains("7000 wei are missing", escrow.WhyNot(31, null, new(30, 30)), StringComparison.Ordinal);
        Assert.Contains("7000 wei are missing", escrow.WhyNot(30, null, new(31, 31)), StringComparison.Ordinal);
    }

    [Fact]
    public void WhyNot_WhatIsAskedBack_PaysForNothing()
    {
        RollupEscrow escrow = Escrow(balance: 100 * Retention, price: 1);
        escrow = escrow with { State = escrow.State with { Lasting = 40 * Retention } };
        Assert.Null(escrow.WhyNot(40, null, new(0, 0)));
        Assert.Contains("1000 wei are missing", escrow.WhyNot(41, null, new(0, 0)), StringComparison.Ordinal);
        Assert.Equal(20 * Retention, (escrow with { Charges = [new ChargeEvent(210, 20 * Retention)] }).SpentThisEpoch);
        Assert.Equal(40 * Retention, escrow.Available);
    }

    [Fact]
    public void WhyNot_APriceAboveTheLimit_NamesBoth()
    {
        RollupEscrow escrow = Escrow(balance: BigInteger.Pow(10, 30), price: 8, maxPrice: 7);
        Assert.Contains("the rollup accepts 7", escrow.WhyNot(1, null, new(0, 0)), StringComparison.Ordinal);
    }

    [Fact]
    public void WhyNot_TheLimitOfTheEpoch_CountsWhatIsSpentInIt()
    {
        RollupEscrow escrow = Escrow(
            balance: BigInteger.Pow(10, 30),
            price: 1,
            perEpoch: 50 * Retention,
            spent: 20 * Retention
        );
        Assert.Null(escrow.WhyNot(30, null, new(0, 0)));
        string problem = escrow.WhyNot(30, null, new(1, 1))!;
        Assert.Contains("1000 wei are missing", problem, StringComparison.Ordinal);
        Assert.Contains("until block 300", problem, StringComparison.Ordinal);
    }

    /// <summary>What orders pay for is no matter of the limit, and draws on the same prepayment.</summary>
    [Fact]
    public void WhyNot_WithAnOrder_ItsMaximumCountsInPlaceOfTheLimit()
    {
        RollupEscrow escrow = Escrow(balance: 100 * Retention, price: 1, perEpoch: 0, spent: 20 * Retention);
        Assert.Null(escrow.WhyNot(30, Order(maxWei: 30 * Retention), new(Total: 70, ByLimit: 0)));
        Assert.Contains(
            "1000 wei are missing: 100000 wei are prepaid",
            escrow.WhyNot(30, Order(maxWei: 30 * Retention), new(Total: 71, ByLimit: 0)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "1 wei are missing: its order allows 29999 wei",
            escrow.WhyNot(30, Order(maxWei: (30 * Retention) - 1), new(Total: 70, ByLimit: 0)),
            StringComparison.Ordinal
        );
        Assert.Contains("without orders", escrow.WhyNot(30, null, default), StringComparison.Ordinal);
    }

    [Fact]
    public void WhyNot_WithoutAnOrder_WhatOrdersPayForLeavesTheLimitAlone()
    {
        RollupEscrow escrow = Escrow(balance: 100 * Retention, price: 1, perEpoch: 50 * Retention);
        Assert.Null(escrow.WhyNot(30, null, new(Total: 70, ByLimit: 20)));
        Assert.Contains(
            "1000 wei are missing: the rollup allows",
            escrow.WhyNot(30, null, new(Total: 70, ByLimit: 21)),
            StringComparison.Ordinal
        );
    }

    /// <summary>The next block is the first in which an anchor can stand.</summary>
    [Fact]
    public void WhyNot_AnOrderThatEndsWithTheHead_PaysForNothing()
    {
        RollupEscrow escrow = Escrow(balance: 100 * Retention, price: 1);
        Assert.Null(escrow.WhyNot(30, Order(30 * Retention, deadline: 251), default));
        Assert.Contains(
            "holds until block 250",
            escrow.WhyNot(30, Order(30 * Retention, deadline: 250), default),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void WhyNotByOrder_ItsMaximum_IsOverAllRenewals()
    {
        RollupEscrow escrow = Escrow(balance: 0, price: 1);
        Assert.Null(escrow.WhyNotByOrder(30, Order(maxWei: 50 * Retention), spent: 20 * Retention));
        Assert.Contains(
            "1 wei are missing: its order allows 50000 wei over all renewals, of which 20001 are spent",
            escrow.WhyNotByOrder(30, Order(maxWei: 50 * Retention), spent: (20 * Retention) + 1),
            StringComparison.Ordinal
        );
    }

    private static SignedOrder Order(UInt128 maxWei, ulong deadline = 1_000) => new(maxWei, deadline, default, default);

    [Fact]
    public void WhyNot_WithoutAPrice_NothingIsAskedFor() =>
        Assert.Null(Escrow(balance: 0, price: 0, maxPrice: 0).WhyNot(1_000_000, null, new(1_000_000, 1_000_000)));

    [Fact]
    public void PaidUntil_AtTheRateOfTheEpochSoFar_OrUnknown()
    {
        Assert.Null(Escrow(balance: 1_000, price: 1).PaidUntil);

        // Block 250 is the 51st of its epoch: 510 wei in 51 blocks are 10 a block.
        Assert.Equal(250UL + 100, Escrow(balance: 1_000, price: 1, spent: 510).PaidUntil);
        Assert.Equal(250UL, Escrow(balance: 0, price: 1, spent: 510).PaidUntil);
    }

    [Fact]
    public void Available_IsTheLessOfBalanceAndLimit()
    {
        Assert.Equal(30, Escrow(balance: 1_000, price: 1, perEpoch: 50, spent: 20).Available);
        Assert.Equal(10, Escrow(balance: 10, price: 1, perEpoch: 50, spent: 20).Available);
        Assert.Equal(0, Escrow(balance: 10, price: 1, perEpoch: 50, spent: 60).Available);
    }

    private static RollupEscrow Escrow(
        BigInteger balance,
        BigInteger price,
        BigInteger? maxPrice = null,
        BigInteger? perEpoch = null,
        BigInteger spent = default
    ) =>
        new(
            new EscrowState(
                250,
                balance,
                price,
                new EscrowLimits(maxPrice ?? price, perEpoch ?? BigInteger.Pow(10, 40))
            )
            {
                SpentByLimit = spent,
            },
            spent.IsZero ? [] : [new ChargeEvent(210, spent)],
            EpochBlocks,
            Retention
        );
}
