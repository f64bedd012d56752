using Meeda.Chain.Contract;
using Meeda.L1.Rpc;
using Meeda.Operator.L1;

namespace Meeda.Operator.Batches;

/// <summary>
/// What a promise made now takes to be kept: an anchor in a recent enough block. A put means "for a whole term from
/// now", so an older anchor will do only where it is younger
/// than the margin, a 64th of the contract's retention: who repeats a put soon costs no second anchor, and no batch
/// lives shorter than that by more.
/// </summary>
internal sealed class Terms(L1Follower follower, MeedaVerifierContract contract)
{
    /// <summary>The margin is the retention divided by this.</summary>
    public const uint MarginPart = 64;

    private long? _retention;

    /// <summary>
    /// The L1 block from which on an anchor keeps a promise made now; null while L1's height is not known. Never
    /// waits for L1.
    /// </summary>
    public long? AnchorFrom => follower.Head is { } head ? From(head) : null;

    /// <summary>The L1 block from which on an anchor keeps a promise made at a height.</summary>
    /// <exception cref="L1UnreachableException">L1 did not say what the retention is.</exception>
    public async Task<long> AnchorFromAsync(ulong head, CancellationToken cancellationToken)
    {
        _retention ??= (long)await contract.RetentionAsync(cancellationToken);
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
        catch (L1UnreachableException)
        {
            return null;
        }
    }

    // While the retention is not known there is no margin: what is promised is then more than need be, never less.
    private long From(ulong head) => (long)head - ((_retention ?? 0) / MarginPart);
}
