using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Ethereum;

namespace Meeda.Attack;

/// <summary>What tests compare of an operator's account.</summary>
internal static class Stakes
{
    /// <summary>An account's stake, and whether it was slashed.</summary>
    public static async Task<(BigInteger Stake, bool IsSlashed)> StakeOfAsync(
        this AnchorsContract anchors,
        Address account,
        CancellationToken cancellationToken
    )
    {
        AccountState state = await anchors.AccountAsync(account, cancellationToken);
        return (state.Stake, state.IsSlashed);
    }
}
