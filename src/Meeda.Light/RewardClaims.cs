using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.L1.Transactions;

namespace Meeda.Light;

/// <summary>
/// Has a light node's rewards, and what its bonds gave back, paid out to its account. The contracts keep them until
/// then, so nothing is lost by waiting until a payment is worth its gas.
/// </summary>
internal sealed class RewardClaims(
    LightOptions options,
    SystemContract system,
    ChallengeSender sender,
    TimeProvider time
)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(30);

    private long? _polledAt;

    /// <summary>Looks every half an hour whether a contract owes enough, and has it paid out.</summary>
    public async Task PollAsync(CancellationToken cancellationToken)
    {
        if (sender.Account is not { } account || (_polledAt is { } before && time.GetElapsedTime(before) < Interval))
        {
            return;
        }

        foreach ((string name, CreditsContract contract) in system.Creditors)
        {
            BigInteger owed = await contract.CreditAsync(account, cancellationToken);
            if (owed >= options.ClaimAbove)
            {
                await sender.ClaimAsync(
                    contract.ClaimFor(account),
                    $"{EtherAmount.Show(owed)} that the {name} contract owed",
                    cancellationToken
                );
            }
        }

        _polledAt = time.GetTimestamp();
    }
}
