using Meeda.Chain.Contract;
using Meeda.L1.Rpc;
using Meeda.Operator.L1;

namespace Meeda.Operator.Batches;

/// <summary>
/// Decides which anchors fulfil a promise made now. A put promises a whole term from now, so an existing anchor counts
/// only if it is younger than the margin, a 64th of the contract's retention. A client that soon repeats a put
/// therefore causes no second anchor, and no batch is kept for less than its term minus the margin.
/// </summary>
internal sealed class Terms(L1Follower follower, SystemContract system)
{
    /// <summary>The margin is the retention divided by this.</summary>
    public const uint MarginPart = 64;

    private long? _retention;

    /// <summary>
    /// The first L1 block whose anchors fulfil a promise made now; null while L1's height is not known. Never waits for
    /// L1.
    /// </summary>
    public long? AnchorFrom => follower.Head is { } head ? From(head) : null;

    /// <summary>The first L1 block whose anchors fulfil a promise made at a height.</summary>
    /// <exception cref="L1UnreachableException">The retention could not be read from L1.</exception>
    public async Task<long> AnchorFromAsync(ulong head, CancellationToken cancellationToken)
    {
        _retention ??= (long)(await system.ParametersAsync(cancellationToken)).Retention;
        return From(head);
    }

    /// <summary>
    /// The last L1 block for which a promise made now holds; null while L1's height or the retention is not known.
    /// </summary>
    public async Task<ulong?> PromisedUntilAsync(CancellationToken cancellationToken)
    {
        if (follower.Head is not { } head)
        {
            return null;
        }

        try
        {
            // From the retention's first block on its blobs need not be held.
            long from = await AnchorFromAsync(head, cancellationToken);
            return (ulong)(from + _retention!.Value - 1);
        }
        catch (Exception unknown) when (unknown is L1UnreachableException or JsonRpcException)
        {
            return null;
        }
    }

    // While the retention is not known the margin is 0: the promise is then longer than necessary, never shorter.
    private long From(ulong head) => (long)head - ((_retention ?? 0) / MarginPart);
}
