using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Chain.Following;

/// <summary>
/// Whether the logs up to L1's head show as many anchors of an operator as the contract keeps there. Some endpoints
/// give out a block before its logs.
/// </summary>
/// <param name="contract">The contract.</param>
/// <param name="operatorAddress">The operator.</param>
internal sealed class AnchorCompleteness(MeedaVerifierContract contract, Address operatorAddress)
{
    // Logs that are late come within a block or two.
    private const int MaxLateReads = 10;

    private int _incomplete;

    /// <summary>Whether logs were missing more often than late logs explain.</summary>
    public bool IsPersistent => _incomplete > MaxLateReads;

    /// <summary>Compares.</summary>
    /// <param name="shown">How many anchors the logs show, all of them.</param>
    /// <param name="block">The last block of the logs.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What is missing, as a message; null where nothing is, or the endpoint cannot tell.</returns>
    public async Task<string?> MissingAsync(ulong shown, ulong block, CancellationToken cancellationToken)
    {
        ulong kept;
        try
        {
            kept = await contract.AnchorCountAsync(operatorAddress, block, cancellationToken);
        }
        catch (Exception unanswered) when (unanswered is JsonRpcException or L1UnreachableException or FormatException)
        {
            return null; // An endpoint without the state of that block cannot be asked.
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
