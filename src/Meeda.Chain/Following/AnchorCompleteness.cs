using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Chain.Following;

/// <summary>
/// Checks that the logs up to L1's head contain as many anchors of an operator as the contract counts there. Some
/// endpoints return a block before its logs.
/// </summary>
/// <param name="system">The contracts.</param>
/// <param name="operatorAddress">The operator.</param>
internal sealed class AnchorCompleteness(SystemContract system, Address operatorAddress)
{
    // Late logs arrive within a block or two.
    private const int MaxLateReads = 10;

    private int _incomplete;

    /// <summary>Whether logs were missing more often than late logs explain.</summary>
    public bool IsPersistent => _incomplete > MaxLateReads;

    /// <summary>Compares the number of anchors.</summary>
    /// <param name="shown">The number of anchors in all logs up to the block.</param>
    /// <param name="block">The last block of the logs.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A message about missing anchors; null where none are, or the endpoint cannot answer.</returns>
    public async Task<string?> MissingAsync(ulong shown, ulong block, CancellationToken cancellationToken)
    {
        ulong kept;
        try
        {
            kept = await system.Anchors.AnchorCountAsync(operatorAddress, block, cancellationToken);
        }
        catch (Exception unanswered) when (unanswered is JsonRpcException or L1UnreachableException or FormatException)
        {
            return null; // The endpoint does not have the state of that block.
        }

        if (shown >= kept)
        {
            _incomplete = 0;
            return null;
        }

        _incomplete++;
        return $"the logs up to block {block} show {shown} anchors of this operator, and the contract keeps {kept}: "
            + "they are late or incomplete";
    }
}
