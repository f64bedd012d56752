using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;

namespace Meeda.Chain.Following;

/// <summary>What the contract's logs in a run of blocks hold, as the endpoint gave them.</summary>
/// <param name="Last">The last of the blocks.</param>
/// <param name="Operators">What happened to each operator.</param>
/// <param name="Demands">The demands by anyone; none where only one operator is followed.</param>
internal sealed record ChainLogs(
    BlockPoint Last,
    IReadOnlyDictionary<Address, OperatorEvents> Operators,
    IReadOnlyList<DemandEvent> Demands
)
{
    /// <summary>Asks for the logs of a run of blocks that ends with <paramref name="last"/>.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="only">The operator to ask about, or null for all of them and the demands.</param>
    /// <param name="first">The first block.</param>
    /// <param name="last">The last block.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<ChainLogs> ReadAsync(
        MeedaVerifierContract contract,
        Address? only,
        ulong first,
        BlockPoint last,
        CancellationToken cancellationToken
    ) =>
        only is { } one
            ? new ChainLogs(
                last,
                new Dictionary<Address, OperatorEvents>
                {
                    [one] = await contract.ReadEventsAsync(one, first, last.Number, cancellationToken),
                },
                []
            )
            : new ChainLogs(
                last,
                await contract.ReadAllEventsAsync(first, last.Number, cancellationToken),
                await contract.ReadDemandsAsync(operatorAddress: null, first, last.Number, cancellationToken)
            );
}
