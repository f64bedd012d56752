using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;

namespace Meeda.Chain.Following;

/// <summary>The contract's logs in a range of blocks, as the endpoint returned them.</summary>
/// <param name="Last">The last of the blocks.</param>
/// <param name="Operators">The events of each operator.</param>
/// <param name="Demands">All demands; empty where only one operator is followed.</param>
internal sealed record ChainLogs(
    BlockPoint Last,
    IReadOnlyDictionary<Address, OperatorEvents> Operators,
    IReadOnlyList<DemandEvent> Demands
)
{
    /// <summary>Reads the logs of a range of blocks that ends with <paramref name="last"/>.</summary>
    /// <param name="system">The contracts.</param>
    /// <param name="only">The operator whose logs to read, or null for all operators and the demands.</param>
    /// <param name="first">The first block.</param>
    /// <param name="last">The last block.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<ChainLogs> ReadAsync(
        SystemContract system,
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
                    [one] = await system.ReadEventsAsync(one, first, last.Number, cancellationToken),
                },
                []
            )
            : new ChainLogs(
                last,
                await system.ReadAllEventsAsync(first, last.Number, cancellationToken),
                await system.ReadDemandsAsync(operatorAddress: null, first, last.Number, cancellationToken)
            );
}
