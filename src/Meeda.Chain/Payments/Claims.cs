using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Payments;

/// <summary>What the contracts owe an address.</summary>
internal static class Claims
{
    /// <summary>The transactions that pay all of it out; none where nothing is owed.</summary>
    public static async Task<IReadOnlyList<PlannedTransaction>> PlanAsync(
        SystemContract system,
        Address creditor,
        CancellationToken cancellationToken
    )
    {
        var plan = new List<PlannedTransaction>();
        foreach ((string name, CreditsContract contract) in system.Creditors)
        {
            if (await contract.CreditAsync(creditor, cancellationToken) is { IsZero: false } wei)
            {
                plan.Add(
                    new(
                        $"pay out {EtherAmount.Show(wei)} that the {name} contract owes {creditor}",
                        contract.ClaimFor(creditor)
                    )
                );
            }
        }

        return plan;
    }

    /// <summary>The sum of it, in wei.</summary>
    public static async Task<BigInteger> SumAsync(
        SystemContract system,
        Address creditor,
        CancellationToken cancellationToken
    )
    {
        BigInteger sum = BigInteger.Zero;
        foreach ((_, CreditsContract contract) in system.Creditors)
        {
            sum += await contract.CreditAsync(creditor, cancellationToken);
        }

        return sum;
    }
}
