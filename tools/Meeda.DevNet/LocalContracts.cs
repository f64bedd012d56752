using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.DevNet;

/// <summary>The contracts and operators of a local L1.</summary>
internal static class LocalContracts
{
    /// <summary>Deploys the system and its parts, and the bounties.</summary>
    /// <returns>The system, and the receipt of its own deployment, the first of them.</returns>
    /// <exception cref="SetupException">A deployment left no address.</exception>
    public static async Task<(SystemContract System, TransactionReceipt Deployment)> DeployAsync(
        EthereumClient client,
        TransactionSender sender,
        SystemParameters parameters,
        CancellationToken cancellationToken
    )
    {
        TransactionReceipt deployment = await sender.SendAsync(SystemContract.Deploy(parameters), cancellationToken);
        var system = new SystemContract(
            client,
            deployment.ContractAddress ?? throw new SetupException("the contracts' deployment left no address")
        );
        foreach (TransactionRequest part in system.CreateParts())
        {
            await sender.SendAsync(part, cancellationToken);
        }

        await sender.SendAsync(BountyContract.Deploy(), cancellationToken);
        return (system, deployment);
    }

    /// <summary>Registers the sender as an operator whose operator key is the sender's own.</summary>
    /// <returns>The receipt of the stake.</returns>
    public static async Task<TransactionReceipt> RegisterAsync(
        SystemContract system,
        TransactionSender sender,
        BigInteger stake,
        CancellationToken cancellationToken
    )
    {
        TransactionReceipt staked = await sender.SendAsync(system.Anchors.Register(stake), cancellationToken);
        await sender.SendAsync(system.Anchors.SetOperatorKey(sender.Address, sender.Address), cancellationToken);
        return staked;
    }
}
