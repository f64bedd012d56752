using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Chain.Contract;

/// <summary>The block from which on a contract's logs must be read.</summary>
/// <param name="Block">The block of its deployment, or one before it.</param>
/// <param name="Doubt">The reason why it may be wrong, or null where it was checked.</param>
internal sealed record ContractDeployment(ulong Block, string? Doubt)
{
    /// <summary>
    /// Finds the first block with the contract's code. A correct hint costs one query; without a hint, or with a wrong
    /// one, it takes about twenty-five.
    /// </summary>
    /// <param name="client">L1.</param>
    /// <param name="contract">The contract.</param>
    /// <param name="hint">A block that the user named, or 0.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="L1UnreachableException">L1 does not answer.</exception>
    public static async Task<ContractDeployment> FindAsync(
        EthereumClient client,
        Address contract,
        ulong hint,
        CancellationToken cancellationToken
    )
    {
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        bool? isLate =
            hint == 0 ? null
            : hint > head ? true
            : await IsThereAsync(client, contract, hint - 1, cancellationToken);
        if (isLate == false)
        {
            return new ContractDeployment(hint, null);
        }

        if (hint > 0 && isLate is null)
        {
            return new ContractDeployment(
                hint,
                $"the endpoint does not tell the state of block {hint - 1}, so that block {hint} is not checked"
            );
        }

        // The contract is in block `there` and not in block `absent`.
        ulong there = Math.Min(head, hint == 0 ? head : hint - 1);
        ulong? absent = null;
        while (there > 0 && absent != there - 1)
        {
            ulong middle = absent is { } low ? low + ((there - low) / 2) : there / 2;
            switch (await IsThereAsync(client, contract, middle, cancellationToken))
            {
                case true:
                    there = middle;
                    break;
                case false:
                    absent = middle;
                    break;
                default:
                    return new ContractDeployment(
                        absent + 1 ?? 0,
                        $"the endpoint does not tell the state of block {middle}, so that logs are read from "
                            + $"block {absent + 1 ?? 0} on, which takes longer"
                    );
            }
        }

        return new ContractDeployment(there, null);
    }

    /// <summary>
    /// Whether the contract exists at a block; null where the endpoint cannot answer because it keeps recent states
    /// only.
    /// </summary>
    private static async Task<bool?> IsThereAsync(
        EthereumClient client,
        Address contract,
        ulong block,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (await client.GetCodeAsync(contract, BlockTag.Number(block), cancellationToken)).Length > 0;
        }
        catch (Exception pruned)
            when (pruned
                    is JsonRpcException { IsRateLimit: false }
                        or L1UnreachableException { Problem: L1Problem.Answer or L1Problem.Status }
            )
        {
            return null;
        }
    }
}
